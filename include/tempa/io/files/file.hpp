// Files: read as a whole, replaced atomically.
#pragma once

#include <tempa/io/files/detail/descriptor.hpp>
#include <tempa/io/files/detail/output_target.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// A regular file opened for reading, its size, and when it was written last.
struct OpenFile {
  Descriptor descriptor;
  std::uint64_t size_bytes;
  timespec written;
};

/// @throws IoError when the file is missing, unreadable, or no regular file (a folder, a pipe: which would block).
OpenFile open_for_reading(const std::string& path);

/// Reads the first `bytes.size()` bytes. It reads and does not map: a mapped file that somebody else shortens ends the
/// process (SIGBUS), and what somebody else writes to it appears in the middle of what has been checked.
/// @throws IoError when reading fails, or others write to the file meanwhile.
void read_bytes(const OpenFile& file, const std::string& path, std::span<std::byte> bytes);

/// Gives memory of mmap back.
struct Unmap {
  std::size_t size = 0;
  void operator()(std::byte* memory) const { ::munmap(memory, size); }
};

/// How many bytes of the final name a temporary name repeats: file systems allow 255 bytes at most.
inline constexpr std::size_t kMaxTemporaryNameBytes = 200;

/// A name that no other call returns, ".<name>.<process>.<number>.tmp" in the folder of `path`.
std::string temporary_path(const std::string& path);

/// Gives a new file or folder the owner and the permissions of the one that it replaces, as far as this process may.
void adopt_owner(int descriptor, const struct stat& old);

/// Flushes a folder's list of names to disk. @throws IoError when the disk fails.
void sync_folder(const std::string& folder);

}  // namespace detail

/// The whole content of a file. One byte more than `max_bytes` is an error, so that a wrong file cannot fill the
/// memory.
/// @param path a regular file; @param max_bytes largest size that makes sense for this kind of file.
/// @return the bytes, whatever they are.
/// @throws IoError when the file cannot be read, is no regular file, is larger than `max_bytes`, or is changed by
///   others meanwhile.
std::string read_text_file(const std::string& path, std::uint64_t max_bytes = std::uint64_t{256} << 20);

/// The bytes of a file, in separate memory that begins at a page. Later changes of the file have no effect
/// here, and what is written here never reaches the file.
class FileBytes {
 public:
  /// @throws IoError when the file cannot be read, is no regular file, or is changed by others meanwhile;
  ///   OutOfMemoryError.
  explicit FileBytes(std::string path);

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
  explicit AtomicFile(std::string path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  /// Without `commit`, removes what was written.
  ~AtomicFile();

  /// Appends. @throws IoError when the disk is full or fails, or the file grows beyond the limit of file sizes;
  /// ClosedPipeError when the reader of a pipe has gone.
  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text.data(), text.size()))); }

  /// Flushes the bytes to disk and replaces the old file. Call it once, last.
  /// @throws IoError when the disk or the folder fails.
  void commit();

 private:
  /// The path itself if it is no regular file, else a new file in the same folder, and so on the same file system.
  detail::Descriptor open();

  std::string path_;
  detail::OutputTarget target_;
  std::string temporary_path_;  // empty when the path itself is written to
  detail::Descriptor descriptor_;
  std::uint64_t written_bytes_ = 0;
  bool committed_ = false;
};

/// Replaces the file by `text`, atomically.
/// @throws IoError as `AtomicFile`; the old file is unchanged then.
void atomic_write_text(const std::string& path, std::string_view text);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/io/files/impl/file.ipp>
#endif
