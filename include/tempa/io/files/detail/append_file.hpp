// A file that is only appended to, by whole records.
#pragma once

#include <tempa/io/files/detail/output_target.hpp>

#include <cstdint>

namespace tempa::inline TEMPA_ABI {

/// Appends to a file, each time by one call of the system, so that what was written stays when the process dies.
class AppendFile {
 public:
  /// What to do when the file exists already.
  enum class Existing { kContinue, kRefuse };

  /// @throws IoError when the file cannot be created or opened, or exists and must not.
  explicit AppendFile(std::string path, Existing existing = Existing::kContinue);

  const std::string& path() const { return path_; }
  bool is_open() const;
  /// Whether it is a file that can be read and truncated: no pipe, device, terminal or /dev/stdout.
  bool is_regular() const { return opened_.regular; }

  /// Appends all of `bytes`. When the disk is full, what fit is removed again, and the same bytes may be tried later.
  /// @throws IoError.
  void append(std::string_view bytes);

  /// Lines of the file, each ended by '\n': those that it had, and those that were appended.
  std::int64_t lines() const { return lines_; }
  /// Cuts the file after its first `lines` lines, a torn line at its end included; a file that has fewer stays as it
  /// is. Anything but a regular file cannot be cut and is not changed.
  /// @throws IoError.
  void keep_lines(std::int64_t lines);

  /// Closes; later calls do nothing. @throws IoError when the system reports a failure.
  void close();

 private:
  std::int64_t lines_there() const;

  std::string path_;
  detail::GrowingFile opened_;
  std::int64_t lines_ = 0;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/io/files/detail/impl/append_file.ipp>
#endif
