// A library for LD_PRELOAD in which one of the calls that write files fails, as on a disk that is full or broken.
//
//   FAIL_CALL   open write fsync close rename renameat2 mkdir unlinkat
//   FAIL_AT     the number of the call that fails, from 1; 0: none
//   FAIL_ERRNO  the error, a number
//   FAIL_ALL    1: and all later ones too
//   FAIL_COUNT  a file that gets the number of calls there were
//
// Of open and close only those of regular files count that are written, so that programs start.
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

namespace {

std::atomic<long> calls{0};

const char* setting(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool fails(const char* call) {
  if (std::strcmp(setting("FAIL_CALL"), call) != 0) return false;
  const long number = ++calls, at = std::atol(setting("FAIL_AT"));
  if (at == 0 || number < at || (number > at && *setting("FAIL_ALL") != '1')) return false;
  errno = std::atoi(setting("FAIL_ERRNO"));
  return true;
}

template <typename F>
F next(const char* name, F) {
  return reinterpret_cast<F>(::dlsym(RTLD_NEXT, name));
}

bool is_written_file(int file) {
  struct stat status = {};
  return ::fstat(file, &status) == 0 && S_ISREG(status.st_mode) && (::fcntl(file, F_GETFL) & O_ACCMODE) != O_RDONLY;
}

struct CountAtExit {
  ~CountAtExit() {
    if (*setting("FAIL_COUNT") == '\0') return;
    if (std::FILE* file = std::fopen(setting("FAIL_COUNT"), "w")) {
      std::fprintf(file, "%ld\n", calls.load());
      std::fclose(file);
    }
  }
} count_at_exit;

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  std::va_list list;
  va_start(list, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(list, mode_t) : 0;
  va_end(list);
  if ((flags & O_ACCMODE) != O_RDONLY && fails("open")) return -1;
  static const auto real = next("open", &open);
  return real(path, flags, mode);
}
ssize_t write(int file, const void* bytes, size_t count) {
  if (file > 2 && fails("write")) return -1;
  static const auto real = next("write", &write);
  return real(file, bytes, count);
}
int fsync(int file) {
  if (fails("fsync")) return -1;
  static const auto real = next("fsync", &fsync);
  return real(file);
}
int close(int file) {
  static const auto real = next("close", &close);
  const bool failing = is_written_file(file) && fails("close");
  const int reason = errno, result = real(file);
  if (failing) errno = reason;
  return failing ? -1 : result;
}
int rename(const char* from, const char* to) noexcept {
  if (fails("rename")) return -1;
  static const auto real = next("rename", &rename);
  return real(from, to);
}
int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) noexcept {
  if (fails("renameat2")) return -1;
  static const auto real = next("renameat2", &renameat2);
  return real(from_folder, from, to_folder, to, flags);
}
int mkdir(const char* path, mode_t mode) noexcept {
  if (fails("mkdir")) return -1;
  static const auto real = next("mkdir", &mkdir);
  return real(path, mode);
}
int unlinkat(int folder, const char* path, int flags) noexcept {
  if (fails("unlinkat")) return -1;
  static const auto real = next("unlinkat", &unlinkat);
  return real(folder, path, flags);
}

}  // extern "C"
