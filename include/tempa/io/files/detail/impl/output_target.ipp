// The bodies of <tempa/io/files/detail/output_target.hpp>.
#pragma once

#include <tempa/io/files/detail/output_target.hpp>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <utility>

namespace tempa::inline TEMPA_ABI::detail {

TEMPA_INLINE std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "./" : path.substr(0, slash + 1);
}

TEMPA_INLINE std::optional<std::string> canonical_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> found(::realpath(path.c_str(), nullptr), &std::free);
  return found ? std::optional<std::string>(found.get()) : std::nullopt;
}

/// Opens a name of /proc/self/fd, which /dev/stdout links to: the same open file, with the position that others who
/// write to it see, as `>` and `>>` of a shell have set it up.
/// @param folder of the name, with a slash. @return nothing when `path` is no such name.
inline std::optional<Descriptor> open_descriptor_link(const std::string& path, const std::string& folder) {
  struct statfs system = {};
  if (::statfs(folder.c_str(), &system) != 0 || system.f_type != PROC_SUPER_MAGIC) return std::nullopt;
  const std::string name = path.substr(path.rfind('/') + 1);
  const bool number = !name.empty() && name.size() < 10 && name.find_first_not_of("0123456789") == std::string::npos;
  if (!number) return std::nullopt;
  const std::string of_process = canonical_path(folder).value_or("");
  const bool own = of_process.starts_with(concat("/proc/", ::getpid(), "/")) && of_process.ends_with("/fd");
  Descriptor opened(own ? ::fcntl(std::stoi(name), F_DUPFD_CLOEXEC, 0)
                        : ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY));
  if (opened.number() < 0) throw_system_error(path, "cannot write the file");
  return opened;
}

TEMPA_INLINE OutputTarget resolve_output(const std::string& path, std::string_view what) {
  constexpr int kMaxLinks = 40;  // as many links as Linux follows
  std::string place = path;
  for (int links = 0;; ++links) {
    struct stat status = {};
    if (place.empty() || ::lstat(place.c_str(), &status) != 0) {
      if (place.empty()) errno = ENOENT;
      if (errno != ENOENT || place.empty() || place.back() == '/') throw_system_error(path, what);
      return {std::move(place), std::nullopt, std::nullopt};
    }
    if (S_ISREG(status.st_mode)) {
      if (::faccessat(AT_FDCWD, place.c_str(), W_OK, AT_EACCESS) != 0) throw_system_error(path, what);
      return {std::move(place), status, std::nullopt};
    }
    if (!S_ISLNK(status.st_mode)) {
      Descriptor opened(::open(place.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
      if (opened.number() < 0) throw_system_error(path, what);
      return {std::move(place), std::nullopt, std::move(opened)};
    }
    if (links == kMaxLinks) {
      errno = ELOOP;
      throw_system_error(path, what);
    }
    const std::string folder = folder_of(place);
    if (auto opened = open_descriptor_link(place, folder)) return {std::move(place), std::nullopt, std::move(*opened)};
    std::array<char, PATH_MAX> link{};
    const ssize_t length = ::readlink(place.c_str(), link.data(), link.size());
    if (length < 0) throw_system_error(path, what);
    const std::string_view next(link.data(), static_cast<std::size_t>(length));
    place = next.starts_with('/') ? std::string(next) : concat(folder, next);
  }
}

TEMPA_INLINE GrowingFile open_growing(const std::string& path, int flags, std::string_view what) {
  OutputTarget target = resolve_output(path, what);
  if (target.through) return {std::move(*target.through), false};
  Descriptor opened(::open(target.path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666));
  if (opened.number() < 0) throw_system_error(path, what);
  return {std::move(opened), true};
}

}  // namespace tempa::inline TEMPA_ABI::detail
