// A file that is only appended to, by whole records.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/io/files/detail/output_target.hpp>
#include <tempa/io/files/file.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

TEMPA_COMPILED_FILE("io");

namespace tempa::inline TEMPA_ABI {

/// Appends to a file, each time by one call of the system, so that what was written stays when the process dies.
class AppendFile {
 public:
  /// What to do when the file exists already.
  enum class Existing { kContinue, kRefuse };

  /// @throws IoError when the file cannot be created or opened, or exists and must not.
  explicit AppendFile(std::string path, Existing existing = Existing::kContinue)
      : path_(std::move(path)),
        opened_(detail::open_growing(path_, O_APPEND | (existing == Existing::kRefuse ? O_EXCL : 0),
                                     "cannot open for appending")),
        lines_(lines_there()) {}

  const std::string& path() const { return path_; }
  bool is_open() const { return opened_.descriptor.number() >= 0; }
  /// Whether it is a file that can be read and truncated: no pipe, device, terminal or /dev/stdout.
  bool is_regular() const { return opened_.regular; }

  /// Appends all of `bytes`. When the disk is full, what fit is removed again, and the same bytes may be tried later.
  /// @throws IoError.
  void append(std::string_view bytes) {
    if (!is_open()) throw IoError(path_, "cannot write: the file has been closed");
    struct stat before = {};
    const bool regular = is_regular() && ::fstat(opened_.descriptor.number(), &before) == 0;
    if (detail::write_all(opened_.descriptor.number(), bytes) == bytes.size()) {
      lines_ += std::count(bytes.begin(), bytes.end(), '\n');
      return;
    }
    const int reason = errno;
    // Should this fail as well, a torn record stays at the end, as after a crash.
    [[maybe_unused]] const int ignored = regular ? ::ftruncate(opened_.descriptor.number(), before.st_size) : 0;
    const std::string what = concat("cannot append ", bytes.size(), " bytes");
    errno = reason;
    detail::throw_system_error(path_, what);
  }

  /// Lines of the file, each ended by '\n': those that it had, and those that were appended.
  std::int64_t lines() const { return lines_; }
  /// Cuts the file after its first `lines` lines, a torn line at its end included; a file that has fewer stays as it
  /// is. Anything but a regular file cannot be cut and is not changed.
  /// @throws IoError.
  void keep_lines(std::int64_t lines) {
    if (lines > lines_ || lines_ == 0 || !is_regular()) return;
    const FileBytes file(path_);
    auto end = file.bytes().begin();
    for (std::int64_t left = lines; left > 0 && end != file.bytes().end(); ++end)
      if (*end == std::byte{'\n'}) --left;
    if (::ftruncate(opened_.descriptor.number(), static_cast<off_t>(end - file.bytes().begin())) != 0)
      detail::throw_system_error(path_, "cannot take back what was appended");
    lines_ = lines;
  }

  /// Closes; later calls do nothing. @throws IoError when the system reports a failure.
  void close() {
    if (is_open() && !opened_.descriptor.close()) detail::throw_system_error(path_, "cannot close");
  }

 private:
  std::int64_t lines_there() const {
    if (!is_regular()) return 0;
    const FileBytes file(path_);
    return std::count(file.bytes().begin(), file.bytes().end(), std::byte{'\n'});
  }

  std::string path_;
  detail::GrowingFile opened_;
  std::int64_t lines_ = 0;
};

}  // namespace tempa::inline TEMPA_ABI
