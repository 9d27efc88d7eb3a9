// Files: read as a whole, replaced atomically.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/core/error.hpp>
#include <tempa/io/files/detail/descriptor.hpp>
#include <tempa/io/files/detail/output_target.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

TEMPA_COMPILED_FILE("io");

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// A regular file opened for reading, its size, and when it was written last.
struct OpenFile {
  Descriptor descriptor;
  std::uint64_t size_bytes;
  timespec written;
};

/// @throws IoError when the file is missing, unreadable, or no regular file (a folder, a pipe: which would block).
inline OpenFile open_for_reading(const std::string& path) {
  Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (descriptor.number() < 0) throw_system_error(path, "cannot open");
  struct stat status = {};
  if (::fstat(descriptor.number(), &status) != 0) throw_system_error(path, "cannot read the size");
  if (!S_ISREG(status.st_mode))
    throw IoError(path, concat("expected a regular file but it is ", S_ISDIR(status.st_mode) ? "a folder" : "none"));
  return {std::move(descriptor), static_cast<std::uint64_t>(status.st_size), status.st_mtim};
}

/// Reads the first `bytes.size()` bytes. It reads and does not map: a mapped file that somebody else shortens ends the
/// process (SIGBUS), and what somebody else writes to it appears in the middle of what has been checked.
/// @throws IoError when reading fails, or others write to the file meanwhile.
inline void read_bytes(const OpenFile& file, const std::string& path, std::span<std::byte> bytes) {
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

/// Gives memory of mmap back.
struct Unmap {
  std::size_t size = 0;
  void operator()(std::byte* memory) const { ::munmap(memory, size); }
};

/// How many bytes of the final name a temporary name repeats: file systems allow 255 bytes at most.
inline constexpr std::size_t kMaxTemporaryNameBytes = 200;

/// A name that no other call returns, ".<name>.<process>.<number>.tmp" in the folder of `path`.
inline std::string temporary_path(const std::string& path) {
  static std::atomic<unsigned> counter{0};
  const std::string name = path.substr(path.rfind('/') + 1, kMaxTemporaryNameBytes);  // npos + 1 is 0
  return concat(folder_of(path), '.', name, '.', ::getpid(), '.', counter++, ".tmp");
}

/// Gives a new file or folder the owner and the permissions of the one that it replaces, as far as this process may.
inline void adopt_owner(int descriptor, const struct stat& old) {
  [[maybe_unused]] const int refused = ::fchown(descriptor, old.st_uid, old.st_gid);
  ::fchmod(descriptor, old.st_mode & 07777u);
}

/// Flushes a folder's list of names to disk. @throws IoError when the disk fails.
inline void sync_folder(const std::string& folder) {
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.number() >= 0 && ::fsync(opened.number()) == 0) return;
  if (errno == EINVAL || errno == EACCES) return;  // some file systems, and folders without read permission, cannot
  throw_system_error(folder, "the folder could not be brought to the disk");
}

}  // namespace detail

/// The whole content of a file. One byte more than `max_bytes` is an error, so that a wrong file cannot fill the
/// memory.
/// @param path a regular file; @param max_bytes largest size that makes sense for this kind of file.
/// @return the bytes, whatever they are.
/// @throws IoError when the file cannot be read, is no regular file, is larger than `max_bytes`, or is changed by
/// others
///   meanwhile.
inline std::string read_text_file(const std::string& path, std::uint64_t max_bytes = std::uint64_t{256} << 20) {
  const detail::OpenFile file = detail::open_for_reading(path);
  if (file.size_bytes > max_bytes)
    throw IoError(path, concat("expected at most ", max_bytes, " bytes but has ", file.size_bytes));
  std::string text(static_cast<std::size_t>(file.size_bytes), '\0');
  detail::read_bytes(file, path, std::as_writable_bytes(std::span(text.data(), text.size())));
  return text;
}

/// The bytes of a file, in separate memory that begins at a page. Later changes of the file have no effect
/// here, and what is written here never reaches the file.
class FileBytes {
 public:
  /// @throws IoError when the file cannot be read, is no regular file, or is changed by others meanwhile;
  ///   OutOfMemoryError.
  explicit FileBytes(std::string path) : path_(std::move(path)) {
    const detail::OpenFile file = detail::open_for_reading(path_);
    if (file.size_bytes > SIZE_MAX / 2)
      throw IoError(path_, concat("is too large to read: ", file.size_bytes, " bytes"));
    const auto bytes = static_cast<std::size_t>(file.size_bytes);
    if (bytes == 0) return;  // an empty mapping does not exist
    void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
      throw OutOfMemoryError(concat("[FileBytes] could not allocate ", bytes, " bytes to read ", path_));
    memory_ = std::unique_ptr<std::byte[], detail::Unmap>(static_cast<std::byte*>(memory), detail::Unmap{bytes});
    detail::read_bytes(file, path_, {memory_.get(), bytes});
  }

  const std::string& path() const { return path_; }
  std::span<const std::byte> bytes() const { return {memory_.get(), memory_.get_deleter().size}; }

 private:
  std::string path_;
  std::unique_ptr<std::byte[], detail::Unmap> memory_;
};

/// A file that is written atomically: under a temporary name in the same folder, flushed to disk, then renamed.
/// Whatever fails before `commit` has returned (a full disk, an exception), the old file is unchanged. The new one has
/// its permissions and its owner, and a symbolic link to it stays one. Anything but a regular file (a device, a pipe, a
/// terminal, /dev/stdout) is never replaced: it is written to directly.
class AtomicFile {
 public:
  /// @throws IoError when the folder does not exist or may not be written, or the path is a folder or a file that may
  /// not be written.
  explicit AtomicFile(std::string path)
      : path_(std::move(path)), target_(detail::resolve_output(path_)), descriptor_(open()) {}
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  /// Without `commit`, removes what was written.
  ~AtomicFile() {
    if (!committed_ && !temporary_path_.empty()) ::unlink(temporary_path_.c_str());
  }

  /// Appends. @throws IoError when the disk is full or fails, or the file grows beyond the limit of file sizes;
  /// ClosedPipeError when the reader of a pipe has gone.
  void write(std::span<const std::byte> bytes) {
    const std::size_t written = detail::write_all(descriptor_.number(), bytes);
    const int reason = errno;
    written_bytes_ += written;
    if (written == bytes.size()) return;
    if (reason == EPIPE) throw ClosedPipeError(path_, "the reader of the pipe has gone");
    const std::string what = concat("cannot write after ", written_bytes_, " bytes");
    errno = reason;
    detail::throw_system_error(path_, what);
  }
  void write(std::string_view text) { write(std::as_bytes(std::span(text.data(), text.size()))); }

  /// Flushes the bytes to disk and replaces the old file. Call it once, last.
  /// @throws IoError when the disk or the folder fails.
  void commit() {
    const bool whole = !temporary_path_.empty();
    if (whole && ::fsync(descriptor_.number()) != 0)
      detail::throw_system_error(path_, "cannot bring the file to the disk");
    if (!descriptor_.close()) detail::throw_system_error(path_, "cannot close");
    if (whole && ::rename(temporary_path_.c_str(), target_.path.c_str()) != 0)
      detail::throw_system_error(path_, "cannot replace");
    committed_ = true;
    if (whole) detail::sync_folder(detail::folder_of(target_.path));
  }

 private:
  /// The path itself if it is no regular file, else a new file in the same folder, and so on the same file system.
  detail::Descriptor open() {
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

  std::string path_;
  detail::OutputTarget target_;
  std::string temporary_path_;  // empty when the path itself is written to
  detail::Descriptor descriptor_;
  std::uint64_t written_bytes_ = 0;
  bool committed_ = false;
};

/// Replaces the file by `text`, atomically.
/// @throws IoError as `AtomicFile`; the old file is unchanged then.
inline void atomic_write_text(const std::string& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

}  // namespace tempa::inline TEMPA_ABI
