// The bodies of <tempa/io/files/file.hpp>.
#pragma once

#include <tempa/io/files/file.hpp>

#include <fcntl.h>
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <utility>

namespace tempa::inline TEMPA_ABI {

namespace detail {

TEMPA_INLINE OpenFile open_for_reading(const std::string& path) {
  Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (descriptor.number() < 0) throw_system_error(path, "cannot open");
  struct stat status = {};
  if (::fstat(descriptor.number(), &status) != 0) throw_system_error(path, "cannot read the size");
  if (!S_ISREG(status.st_mode))
    throw IoError(path, concat("expected a regular file but it is ", S_ISDIR(status.st_mode) ? "a folder" : "none"));
  return {std::move(descriptor), static_cast<std::uint64_t>(status.st_size), status.st_mtim};
}

TEMPA_INLINE void read_bytes(const OpenFile& file, const std::string& path, std::span<std::byte> bytes) {
  constexpr std::size_t kChunkBytes = std::size_t{1} << 30;  // one call reads less than 2 GiB
  for (std::size_t used = 0; used < bytes.size();) {
    const std::size_t wanted = std::min(bytes.size() - used, kChunkBytes);
    const ssize_t count = ::read(file.descriptor.number(), bytes.data() + used, wanted);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_system_error(path, "cannot read");
    if (count == 0)
      throw IoError(path, concat("became shorter while it was read: ", used, " of ", bytes.size(), " bytes"));
    used += static_cast<std::size_t>(count);
  }
  struct stat now = {};
  if (::fstat(file.descriptor.number(), &now) != 0) throw_system_error(path, "cannot read the size");
  if (static_cast<std::uint64_t>(now.st_size) != file.size_bytes || now.st_mtim.tv_sec != file.written.tv_sec ||
      now.st_mtim.tv_nsec != file.written.tv_nsec)
    throw IoError(path, "was changed while it was read");
}

TEMPA_INLINE std::string temporary_path(const std::string& path) {
  static std::atomic<unsigned> counter{0};
  const std::string name = path.substr(path.rfind('/') + 1, kMaxTemporaryNameBytes);  // npos + 1 is 0
  return concat(folder_of(path), '.', name, '.', ::getpid(), '.', counter++, ".tmp");
}

TEMPA_INLINE void adopt_owner(int descriptor, const struct stat& old) {
  [[maybe_unused]] const int refused = ::fchown(descriptor, old.st_uid, old.st_gid);
  ::fchmod(descriptor, old.st_mode & 07777u);
}

TEMPA_INLINE void sync_folder(const std::string& folder) {
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.number() >= 0 && ::fsync(opened.number()) == 0) return;
  if (errno == EINVAL || errno == EACCES) return;  // some file systems, and folders without read permission, cannot
  throw_system_error(folder, "the folder could not be brought to the disk");
}

}  // namespace detail

TEMPA_INLINE std::string read_text_file(const std::string& path, std::uint64_t max_bytes) {
  const detail::OpenFile file = detail::open_for_reading(path);
  if (file.size_bytes > max_bytes)
    throw IoError(path, concat("expected at most ", max_bytes, " bytes but has ", file.size_bytes));
  std::string text(static_cast<std::size_t>(file.size_bytes), '\0');
  detail::read_bytes(file, path, std::as_writable_bytes(std::span(text.data(), text.size())));
  return text;
}

TEMPA_INLINE FileBytes::FileBytes(std::string path) : path_(std::move(path)) {
  const detail::OpenFile file = detail::open_for_reading(path_);
  if (file.size_bytes > SIZE_MAX / 2) throw IoError(path_, concat("is too large to read: ", file.size_bytes, " bytes"));
  const auto bytes = static_cast<std::size_t>(file.size_bytes);
  if (bytes == 0) return;  // an empty mapping does not exist
  void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    throw OutOfMemoryError(concat("[FileBytes] could not allocate ", bytes, " bytes to read ", path_));
  memory_ = std::unique_ptr<std::byte[], detail::Unmap>(static_cast<std::byte*>(memory), detail::Unmap{bytes});
  detail::read_bytes(file, path_, {memory_.get(), bytes});
}

TEMPA_INLINE AtomicFile::AtomicFile(std::string path)
    : path_(std::move(path)), target_(detail::resolve_output(path_)), descriptor_(open()) {}

TEMPA_INLINE AtomicFile::~AtomicFile() {
  if (!committed_ && !temporary_path_.empty()) ::unlink(temporary_path_.c_str());
}

TEMPA_INLINE void AtomicFile::write(std::span<const std::byte> bytes) {
  const std::size_t written = detail::write_all(descriptor_.number(), bytes);
  const int reason = errno;
  written_bytes_ += written;
  if (written == bytes.size()) return;
  if (reason == EPIPE) throw ClosedPipeError(path_, "the reader of the pipe has gone");
  const std::string what = concat("cannot write after ", written_bytes_, " bytes");
  errno = reason;
  detail::throw_system_error(path_, what);
}

TEMPA_INLINE void AtomicFile::commit() {
  const bool whole = !temporary_path_.empty();
  if (whole && ::fsync(descriptor_.number()) != 0)
    detail::throw_system_error(path_, "cannot bring the file to the disk");
  if (!descriptor_.close()) detail::throw_system_error(path_, "cannot close");
  if (whole && ::rename(temporary_path_.c_str(), target_.path.c_str()) != 0)
    detail::throw_system_error(path_, "cannot replace");
  committed_ = true;
  if (whole) detail::sync_folder(detail::folder_of(target_.path));
}

TEMPA_INLINE detail::Descriptor AtomicFile::open() {
  if (target_.through) return std::move(*target_.through);
  while (true) {
    temporary_path_ = detail::temporary_path(target_.path);
    detail::Descriptor file(::open(temporary_path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (file.number() >= 0) {
      if (target_.existing) detail::adopt_owner(file.number(), *target_.existing);
      return file;
    }
    if (errno != EEXIST) detail::throw_system_error(path_, "cannot create a file in this folder");
  }
}

TEMPA_INLINE void atomic_write_text(const std::string& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

}  // namespace tempa::inline TEMPA_ABI
