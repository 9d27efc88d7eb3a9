// The bodies of <tempa/io/files/detail/atomic_folder.hpp>.
#pragma once

#include <tempa/io/files/detail/atomic_folder.hpp>
#include <tempa/io/files/file.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// Flushes a file to disk (fsync). @throws IoError.
inline void sync_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0 || ::fsync(file.number()) != 0) throw_system_error(path, "cannot bring the file to the disk");
}

TEMPA_INLINE void sync_tree(const std::string& folder) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_symlink()) continue;
    if (entry.is_directory()) {
      sync_folder(entry.path().string());
    } else if (entry.is_regular_file()) {
      sync_file(entry.path().string());
    }
  }
  sync_folder(folder);
}

/// The process id in a name that `temporary_path` made; nothing for another name.
inline std::optional<pid_t> process_of_temporary(std::string_view name) {
  constexpr std::string_view kEnd = ".tmp";
  if (!name.starts_with('.') || !name.ends_with(kEnd)) return std::nullopt;
  name.remove_suffix(kEnd.size());
  const std::size_t number = name.rfind('.');
  if (number == 0 || number == std::string_view::npos) return std::nullopt;
  name = name.substr(0, number);
  name = name.substr(name.rfind('.') + 1);
  pid_t process = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), process);
  if (error != std::errc() || end != name.data() + name.size() || process <= 0) return std::nullopt;
  return process;
}

}  // namespace detail

TEMPA_INLINE AtomicFolder::AtomicFolder(std::string path) : path_(std::move(path)) {
  do {
    temporary_path_ = detail::temporary_path(path_);
    if (::mkdir(temporary_path_.c_str(), 0777) == 0) return;
  } while (errno == EEXIST);
  detail::throw_system_error(path_, "cannot make a folder here");
}

TEMPA_INLINE AtomicFolder::~AtomicFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(temporary_path_, ignored);
}

TEMPA_INLINE std::string AtomicFolder::file(std::string_view name) const { return concat(temporary_path_, '/', name); }

TEMPA_INLINE void AtomicFolder::commit() {
  detail::sync_tree(temporary_path_);
  if (::rename(temporary_path_.c_str(), path_.c_str()) != 0) {
    if (errno != ENOTEMPTY && errno != EEXIST) detail::throw_system_error(path_, "cannot put the folder in its place");
    if (::renameat2(AT_FDCWD, temporary_path_.c_str(), AT_FDCWD, path_.c_str(), RENAME_EXCHANGE) != 0)
      detail::throw_system_error(path_, "cannot replace the folder that is there");
  }
  detail::sync_folder(detail::folder_of(path_));
}

TEMPA_INLINE void remove_folder(const std::string& path) {
  const std::string away = detail::temporary_path(path);
  if (::rename(path.c_str(), away.c_str()) != 0) detail::throw_system_error(path, "cannot remove");
  std::error_code error;
  std::filesystem::remove_all(away, error);
  if (error) throw IoError(away, "cannot remove: " + error.message());
}

TEMPA_INLINE std::vector<std::string> remove_unfinished(const std::string& folder, std::string_view name) {
  const std::string begin = name.empty() ? "." : concat('.', name.substr(0, detail::kMaxTemporaryNameBytes), '.');
  std::vector<std::string> removed;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string found = entry->path().filename().string();
    const auto process = found.starts_with(begin) ? detail::process_of_temporary(found) : std::nullopt;
    if (!process || ::kill(*process, 0) == 0 || errno != ESRCH) continue;
    std::error_code ignored;
    if (std::filesystem::remove_all(entry->path(), ignored) > 0 && !ignored) removed.push_back(found);
  }
  if (error && error != std::errc::permission_denied)
    throw IoError(folder, "cannot read the folder: " + error.message());
  return removed;
}

}  // namespace tempa::inline TEMPA_ABI
