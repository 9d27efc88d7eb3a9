// A folder that is written atomically: it appears under its name with all its files, or not at all.
#pragma once

#include <tempa/core/config.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// Flushes a folder and everything in it to disk. @throws IoError.
void sync_tree(const std::string& folder);

}  // namespace detail

/// A folder that is filled beside its place, made durable, and renamed. Whatever fails before `commit` has returned (a
/// full disk, an exception, the end of the process), whatever had its name before is unchanged.
class AtomicFolder {
 public:
  /// @throws IoError when the folder around it does not exist or may not be written.
  explicit AtomicFolder(std::string path);
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;
  /// Removes what was written without `commit`, or what the new folder has replaced.
  ~AtomicFolder();

  /// Where the file `name` of the folder is to be written.
  std::string file(std::string_view name) const;

  /// Flushes all files to disk and moves the folder to its place; an existing folder of that name is
  /// replaced in one step. Call once, last.
  /// @throws IoError when the disk fails, or the file system cannot exchange two folders.
  void commit();

 private:
  std::string path_;
  std::string temporary_path_;
};

/// Removes a folder in such a way that nobody ever sees a part of it under its name. @throws IoError.
void remove_folder(const std::string& path);

/// Removes from `folder` what processes that have ended left unfinished there: files of `AtomicFile`, folders of
/// `AtomicFolder` and `ModelFolder`. @param name only what was to get this name; all when empty.
/// @return the names of what was removed; none for a folder that may not be listed. @throws IoError when the folder
/// cannot be read.
std::vector<std::string> remove_unfinished(const std::string& folder, std::string_view name = {});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/io/files/detail/impl/atomic_folder.ipp>
#endif
