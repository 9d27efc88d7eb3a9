// Where what is written goes: regular files are replaced, everything else is written through.
#include <tempa/data/table/delimited_writer.hpp>
#include <tempa/io/detail/json/json.hpp>
#include <tempa/io/files/detail/append_file.hpp>
#include <tempa/io/files/detail/text_output.hpp>

#include "support/catch.hpp"
#include "support/file_size_limit.hpp"
#include "support/in_child.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

#include <array>
#include <csignal>
#include <filesystem>
#include <string>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

namespace output_target_test {

using namespace tempa;
namespace fs = std::filesystem;

namespace {

/// Every way to write "text" to a path.
template <typename F>
void for_each_writer(const F& f) {
  f([](const std::string& path) { atomic_write_text(path, "text"); });
  f([](const std::string& path) {
    TextOutput output(path);
    output.write("text");
    output.close();
  });
  f([](const std::string& path) { AppendFile(path).append("text"); });
  f([](const std::string& path) {
    DelimitedWriter writer(path, {}, "\n");
    writer.write({"text"});
    writer.close();
  });
}

mode_t mode_of(const fs::path& path) {
  struct stat status = {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status.st_mode;
}

/// A device of the test's own: the machine's are never touched. @return false where only root may make one.
bool make_device(const fs::path& path, unsigned number) {
  if (::mknod(path.c_str(), S_IFCHR | 0666, makedev(1, number)) != 0) return false;
  const detail::Descriptor opened(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return opened.number() >= 0;  // not on file systems without devices
}

std::ptrdiff_t files_in(const fs::path& folder) {
  return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

}  // namespace

TEST_CASE("Output: a pipe is written through and stays a pipe", "[io]") {
  const TemporaryFolder folder;
  const std::string pipe = folder.path() / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  for_each_writer([&](const auto& write) {
    const detail::Descriptor reader(::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    write(pipe);
    std::array<char, 16> bytes{};
    const ssize_t count = ::read(reader.number(), bytes.data(), bytes.size());
    REQUIRE(count >= 4);
    CHECK(std::string_view(bytes.data(), 4) == "text");
    CHECK(S_ISFIFO(mode_of(pipe)));
  });
  CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("Output: a device is written through and stays a device, and a full one is an IoError", "[io]") {
  const TemporaryFolder folder;
  const std::string null = folder.path() / "null", full = folder.path() / "full", link = folder.path() / "link";
  if (!make_device(null, 3) || !make_device(full, 7)) {
    WARN("skipped: only root may make devices");
    return;
  }
  fs::create_symlink("full", link);
  for_each_writer([&](const auto& write) {
    write(null);
    for (const std::string& path : {full, link})
      CHECK(thrown<IoError>([&] { write(path); }).find("No space left on device") != std::string::npos);
  });
  CHECK(S_ISCHR(mode_of(null)));
  CHECK(S_ISCHR(mode_of(full)));
  CHECK(S_ISLNK(mode_of(link)));
  CHECK(files_in(folder.path()) == 3);
}

TEST_CASE("Output: a symbolic link stays one, and the file that it leads to is written", "[io]") {
  const TemporaryFolder folder;
  fs::create_directories(folder.path() / "other" / "place");
  for_each_writer([&](const auto& write) {
    const std::string target = folder.write("other/place/target", ""), link = folder.path() / "link",
                      second = folder.path() / "other" / "second";
    fs::create_symlink("place/target", second);
    fs::create_symlink("other/second", link);
    write(link);
    CHECK(read_text_file(target).starts_with("text"));
    fs::remove(target);  // now it dangles
    write(link);
    CHECK(read_text_file(target).starts_with("text"));
    CHECK(S_ISLNK(mode_of(link)));
    CHECK(S_ISLNK(mode_of(second)));
    CHECK(files_in(folder.path() / "other" / "place") == 1);
    fs::remove(link);
    fs::remove(second);
  });
  fs::create_symlink("circle", folder.path() / "circle");
  for_each_writer([&](const auto& write) {
    CHECK(thrown<IoError>([&] { write(folder.path() / "circle"); }).find("symbolic links") != std::string::npos);
  });
}

TEST_CASE("Output: a link like /dev/stdout goes on where the open file is, and replaces nothing", "[io]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("file", "old\n"), link = folder.path() / "stdout";
  for (const int flags : {O_WRONLY, O_WRONLY | O_APPEND}) {
    folder.write("file", "old\n");
    const detail::Descriptor opened(::open(path.c_str(), flags | O_CLOEXEC));
    REQUIRE(::lseek(opened.number(), 4, SEEK_SET) == 4);
    fs::create_symlink(concat("/proc/self/fd/", opened.number()), link);
    std::string expected = "old\n";
    for_each_writer([&](const auto& write) {
      write(link);
      expected += "text";
      const std::string now = read_text_file(path);
      if (now.size() > expected.size()) expected += '\n';  // a row of a table
      CHECK(now == expected);
    });
    REQUIRE(detail::write_all(opened.number(), "last") == 4);
    CHECK(read_text_file(path) == expected + "last");
    CHECK(S_ISLNK(mode_of(link)));
    fs::remove(link);
  }
  fs::create_symlink("/proc/self/fd/999999", link);
  CHECK_THROWS_AS(atomic_write_text(link, "text"), IoError);
}

TEST_CASE("Output: a folder, a file that may not be written and no name at all are IoErrors before anything is written",
          "[io]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("file", "old");
  for_each_writer([&](const auto& write) {
    CHECK(thrown<IoError>([&] { write(folder.path()); }).find("Is a directory") != std::string::npos);
    CHECK_THROWS_AS(write(""), IoError);
    CHECK_THROWS_AS(write(folder.path() / "missing" / ""), IoError);
    CHECK_THROWS_AS(write(path + "/below"), IoError);
  });
  fs::permissions(folder.path(), fs::perms(0777));
  fs::permissions(path, fs::perms(0444));
  for_each_writer([&](const auto& write) { CHECK(in_child_of_nobody([&] { write(path); }) == kChildIoError); });
  CHECK(read_text_file(path) == "old");
  CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("Output: a file that is replaced keeps its permissions and owner, and who has the old one open still has it",
          "[io]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("file", "old");
  fs::permissions(path, fs::perms(0604));
  const bool root = ::geteuid() == 0;
  if (root) REQUIRE(::chown(path.c_str(), 1234, 4321) == 0);
  const detail::OpenFile old = detail::open_for_reading(path);
  atomic_write_text(path, "new");
  std::array<std::byte, 3> bytes{};
  detail::read_bytes(old, path, bytes);
  CHECK(bytes[0] == std::byte{'o'});
  struct stat status = {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777u) == 0604u);
  if (root) CHECK((status.st_uid == 1234 && status.st_gid == 4321));
  CHECK(read_text_file(path) == "new");
}

TEST_CASE("Output: a name as long as the file system takes is replaced too", "[io]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() / std::string(255, 'n');
  for (const char* text : {"one", "two"}) {
    atomic_write_text(path, text);
    CHECK(read_text_file(path) == text);
  }
}

TEST_CASE("Output: beyond the limit of file sizes is an IoError, and the signal of the process stays as it was",
          "[io]") {
  const TemporaryFolder folder;
  static volatile std::sig_atomic_t handled = 0;
  const std::string path = folder.write("file", "old"), large(300'000, 'x');
  for (void (*const handler)(int) : {SIG_DFL, SIG_IGN, static_cast<void (*)(int)>([](int) { handled = 1; })}) {
    const FileSizeLimit limit(100'000);
    std::signal(SIGXFSZ, handler);
    CHECK(thrown<IoError>([&] { atomic_write_text(path, large); }) ==
          path + ": cannot write after 100000 bytes: File too large");
    CHECK(thrown<IoError>([&] { AppendFile(path).append(large); }).find("File too large") != std::string::npos);
    CHECK(thrown<IoError>([&] {
            TextOutput output(folder.path() / "text");
            output.write(large);
          }).find("File too large") != std::string::npos);
    CHECK(std::signal(SIGXFSZ, handler) == handler);
    sigset_t signals;
    REQUIRE(::sigpending(&signals) == 0);
    CHECK(::sigismember(&signals, SIGXFSZ) == 0);
    REQUIRE(::pthread_sigmask(SIG_SETMASK, nullptr, &signals) == 0);
    CHECK(::sigismember(&signals, SIGXFSZ) == 0);
  }
  CHECK(handled == 0);
  CHECK(read_text_file(path) == "old");
  fs::remove(folder.path() / "text");
  CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("Output: a signal of file sizes that came before, held back by its process, is not taken away", "[io]") {
  const TemporaryFolder folder;
  const FileSizeLimit limit(100'000);
  std::signal(SIGXFSZ, SIG_DFL);
  sigset_t signal, before;
  ::sigemptyset(&signal);
  ::sigaddset(&signal, SIGXFSZ);
  REQUIRE(::pthread_sigmask(SIG_BLOCK, &signal, &before) == 0);
  ::raise(SIGXFSZ);
  CHECK_THROWS_AS(atomic_write_text(folder.path() / "file", std::string(300'000, 'x')), IoError);
  constexpr timespec kAtOnce = {};
  CHECK(::sigtimedwait(&signal, nullptr, &kAtOnce) == SIGXFSZ);
  REQUIRE(::pthread_sigmask(SIG_SETMASK, &before, nullptr) == 0);
}

TEST_CASE("Output: a pipe that takes nothing for now is waited for", "[io]") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  const detail::Descriptor reader(ends[0]);
  detail::Descriptor writer(ends[1]);
  REQUIRE(::fcntl(writer.number(), F_SETFL, O_NONBLOCK) == 0);
  const std::string large(300'000, 'x');  // more than a pipe holds
  const pid_t child = ::fork();
  if (child == 0) ::_exit(detail::write_all(writer.number(), large) == large.size() ? 0 : 1);
  writer.close();
  std::size_t bytes = 0;
  std::array<char, 4096> piece{};
  for (ssize_t count = 0; (count = ::read(reader.number(), piece.data(), piece.size())) > 0;)
    bytes += static_cast<std::size_t>(count);
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(bytes == large.size());
}

TEST_CASE("AppendFile: a pipe takes records, and cannot give one back", "[io]") {
  const TemporaryFolder folder;
  const std::string pipe = folder.path() / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const detail::Descriptor reader(::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  AppendFile file(pipe);
  CHECK_FALSE(file.is_regular());
  file.append("one\n");
  CHECK(file.lines() == 1);
  CHECK_NOTHROW(file.keep_lines(0));
  CHECK(AppendFile(folder.path() / "file").is_regular());
  CHECK(thrown<IoError>([&] {
          AppendFile(folder.path() / "file", AppendFile::Existing::kRefuse);
        }).find("File exists") != std::string::npos);
}

}  // namespace output_target_test
