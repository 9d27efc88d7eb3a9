// The bodies of <tempa/io/files/detail/append_file.hpp>.
#pragma once

#include <tempa/io/detail/protobuf.hpp>
#include <tempa/io/files/detail/append_file.hpp>
#include <tempa/io/files/file.hpp>

#include <fcntl.h>
#include <algorithm>
#include <cerrno>
#include <cstddef>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE AppendFile::AppendFile(std::string path, Existing existing)
    : path_(std::move(path)),
      opened_(detail::open_growing(path_, O_APPEND | (existing == Existing::kRefuse ? O_EXCL : 0),
                                   "cannot open for appending")),
      lines_(lines_there()) {}

TEMPA_INLINE bool AppendFile::is_open() const { return opened_.descriptor.number() >= 0; }

TEMPA_INLINE void AppendFile::append(std::string_view bytes) {
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

TEMPA_INLINE void AppendFile::keep_lines(std::int64_t lines) {
  if (lines > lines_ || lines_ == 0 || !is_regular()) return;
  const FileBytes file(path_);
  auto end = file.bytes().begin();
  for (std::int64_t left = lines; left > 0 && end != file.bytes().end(); ++end)
    if (*end == std::byte{'\n'}) --left;
  if (::ftruncate(opened_.descriptor.number(), static_cast<off_t>(end - file.bytes().begin())) != 0)
    detail::throw_system_error(path_, "cannot take back what was appended");
  lines_ = lines;
}

TEMPA_INLINE void AppendFile::close() {
  if (is_open() && !opened_.descriptor.close()) detail::throw_system_error(path_, "cannot close");
}

TEMPA_INLINE std::int64_t AppendFile::lines_there() const {
  if (!is_regular()) return 0;
  const FileBytes file(path_);
  return std::count(file.bytes().begin(), file.bytes().end(), std::byte{'\n'});
}

}  // namespace tempa::inline TEMPA_ABI
