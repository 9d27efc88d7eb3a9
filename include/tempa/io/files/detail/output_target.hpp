// Decides what writing to a path means (a regular file, a device, a pipe); every writer calls this one function.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/core/error.hpp>
#include <tempa/io/files/detail/descriptor.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

TEMPA_COMPILED_FILE("io");

namespace tempa::inline TEMPA_ABI::detail {

/// "folder/" of a path, "./" where it has none.
inline std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "./" : path.substr(0, slash + 1);
}

/// The path without symbolic links, "." and ".."; nothing, with the reason in errno, when it does not exist.
inline std::optional<std::string> canonical_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> found(::realpath(path.c_str(), nullptr), &std::free);
  return found ? std::optional<std::string>(found.get()) : std::nullopt;
}

/// Where output to a path goes.
struct OutputTarget {
  std::string path;                     ///< of the regular file: symbolic links are followed, the last one may dangle
  std::optional<struct stat> existing;  ///< that file, if it exists
  std::optional<Descriptor>
      through;  ///< instead of them: something other than a regular file, open for writing and never replaced
};

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

/// Follows symbolic links, and opens anything but a regular file; that may block, as for the reader of a named pipe.
/// @param what begins the message of an error.
/// @throws IoError for a folder, a file that may not be written, a circle of links, and what cannot be opened.
inline OutputTarget resolve_output(const std::string& path, std::string_view what = "cannot write the file") {
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

/// A file that is written in its place while others read it.
struct GrowingFile {
  Descriptor descriptor;
  bool regular;  ///< it can be read and truncated
};

/// Opens a file in its place, or creates it; anything but a regular file as `resolve_output` does.
/// @param flags further flags of `open`: O_TRUNC, O_APPEND, O_EXCL. @param what as `resolve_output`.
/// @throws IoError.
inline GrowingFile open_growing(const std::string& path, int flags, std::string_view what) {
  OutputTarget target = resolve_output(path, what);
  if (target.through) return {std::move(*target.through), false};
  Descriptor opened(::open(target.path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666));
  if (opened.number() < 0) throw_system_error(path, what);
  return {std::move(opened), true};
}

}  // namespace tempa::inline TEMPA_ABI::detail
