// Reading and replacing files.
#include <tempa/io/files/detail/printable.hpp>
#include <tempa/io/files/file.hpp>

#include "support/catch.hpp"
#include "support/file_size_limit.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>

#include <sys/stat.h>

namespace file_test {

using namespace tempa;
namespace fs = std::filesystem;

namespace {

std::ptrdiff_t files_in(const fs::path& folder) {
  return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

}  // namespace

TEST_CASE("File: bytes are read as they are", "[io]") {
  const TemporaryFolder folder;
  using namespace std::string_view_literals;
  for (const std::string_view bytes : {""sv, "a"sv, "line\r\n\0\xff\n"sv}) {
    const std::string path = folder.write("file", bytes);
    CHECK(read_text_file(path) == bytes);
    const FileBytes whole(path);
    CHECK(std::string(reinterpret_cast<const char*>(whole.bytes().data()), whole.bytes().size()) == bytes);
    CHECK(whole.path() == path);
  }
}

TEST_CASE("File: what is no readable regular file is an IoError that names it", "[io]") {
  const TemporaryFolder folder;
  const std::string missing = folder.path() / "missing", pipe = folder.path() / "pipe", below = missing + "/file";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const struct {
    std::string path, message;
  } cases[] = {{missing, "cannot open: No such file or directory"},
               {below, "cannot open: No such file or directory"},
               {"", "cannot open: No such file or directory"},
               {folder.path(), "expected a regular file but it is a folder"},
               {pipe, "expected a regular file but it is none"}};
  for (const auto& one : cases) {
    CHECK(thrown<IoError>([&] { read_text_file(one.path); }) == one.path + ": " + one.message);
    CHECK(thrown<IoError>([&] { FileBytes file(one.path); }) == one.path + ": " + one.message);
  }
}

TEST_CASE("File: a text larger than its cap is refused before it is read", "[io]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("file", "12345");
  CHECK(read_text_file(path, 5) == "12345");
  CHECK(thrown<IoError>([&] { read_text_file(path, 4); }) == path + ": expected at most 4 bytes but has 5");
  fs::resize_file(path, std::uintmax_t{1} << 40);  // sparse: takes no room on the disk
  CHECK(thrown<IoError>([&] { read_text_file(path); }) ==
        path + ": expected at most 268435456 bytes but has 1099511627776");
}

TEST_CASE("File: writing to its bytes in memory does not reach the file", "[io]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("file", "old");
  const FileBytes whole(path);
  *const_cast<std::byte*>(whole.bytes().data()) = std::byte{'X'};
  CHECK(whole.bytes()[0] == std::byte{'X'});
  CHECK(read_text_file(path) == "old");
}

TEST_CASE("File: one that others change while it is read is an IoError, and never a part of two versions", "[io]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("file", "0123456789");
  std::array<std::byte, 10> bytes{};
  {
    const detail::OpenFile file = detail::open_for_reading(path);
    fs::resize_file(path, 3);
    CHECK(thrown<IoError>([&] { detail::read_bytes(file, path, bytes); }) ==
          path + ": became shorter while it was read: 3 of 10 bytes");
  }
  {
    folder.write("file", "0123456789");
    ::usleep(20'000);  // the clock of file systems ticks every few milliseconds
    const detail::OpenFile file = detail::open_for_reading(path);
    folder.write("file", "9876543210");
    CHECK(thrown<IoError>([&] { detail::read_bytes(file, path, bytes); }) == path + ": was changed while it was read");
  }
  {
    const detail::OpenFile file = detail::open_for_reading(path);
    fs::remove(path);  // whoever has it open still has it
    detail::read_bytes(file, path, bytes);
    CHECK(bytes[0] == std::byte{'9'});
  }
}

TEST_CASE("File: bytes that were read stay when the file is cut, changed or removed", "[io]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("file", std::string(100'000, 'a'));
  const FileBytes whole(path);
  fs::resize_file(path, 0);
  CHECK(std::count(whole.bytes().begin(), whole.bytes().end(), std::byte{'a'}) == 100'000);
  fs::remove(path);
  CHECK(whole.bytes()[99'999] == std::byte{'a'});
}

TEST_CASE("File: one for which there is no memory is an OutOfMemoryError that names it", "[io]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("file", "1");
  fs::resize_file(path, std::uintmax_t{1} << 43);  // sparse: takes no room on the disk
  CHECK(thrown<OutOfMemoryError>([&] { FileBytes file(path); }) ==
        "[FileBytes] could not allocate 8796093022208 bytes to read " + path);
}

TEST_CASE("Atomic write: the file is new or replaced, and nothing else is left in the folder", "[io]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "file";
  atomic_write_text(path, "first");
  CHECK(read_text_file(path) == "first");
  const FileBytes whole(path);
  const std::string second(std::size_t{3} << 20, 'x');
  atomic_write_text(path, second);
  CHECK(read_text_file(path) == second);
  CHECK(whole.bytes().size() == 5);  // who had the old file open still has it
  CHECK(whole.bytes()[4] == std::byte{'t'});
  atomic_write_text(path, "");
  CHECK(read_text_file(path).empty());
  CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("Atomic write: a name without a folder is written in the current one", "[io]") {
  const TemporaryFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  atomic_write_text("file", "here");
  fs::current_path(before);
  CHECK(read_text_file(folder.path() / "file") == "here");
}

TEST_CASE("Atomic write: the new file has the permissions of any new file", "[io]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "file";
  const mode_t mask = ::umask(027);
  atomic_write_text(path, "text");
  ::umask(mask);
  struct stat status = {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777u) == 0640u);
}

TEST_CASE("Atomic write: a full disk leaves the old file and no other", "[io]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("file", "old");
  std::string message;
  {
    const FileSizeLimit limit(100'000);
    message = thrown<IoError>([&] { atomic_write_text(path, std::string(300'000, 'x')); });
  }
  CHECK(message == path + ": cannot write after 100000 bytes: File too large");
  CHECK(read_text_file(path) == "old");
  CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("Atomic write: without commit the old file stays and the new one goes", "[io]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("file", "old");
  {
    AtomicFile file(path);
    file.write("new");
    CHECK(files_in(folder.path()) == 2);
  }
  CHECK(read_text_file(path) == "old");
  CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("Atomic write: a place where no file can be is an IoError that names it", "[io]") {
  const TemporaryFolder folder;
  const std::string missing = folder.path() / "missing" / "file", taken = folder.path() / "taken";
  CHECK(thrown<IoError>([&] { atomic_write_text(missing, ""); }) ==
        missing + ": cannot create a file in this folder: No such file or directory");
  REQUIRE(fs::create_directory(taken));
  CHECK(thrown<IoError>([&] { atomic_write_text(taken, "text"); }) ==
        taken + ": cannot write the file: Is a directory");
  CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("Printable: text of a file cannot control the terminal or fill the message", "[io]") {
  using namespace std::string_view_literals;
  CHECK(printable("weight") == "'weight'");
  CHECK(printable("a\x1b[31m\n\0\x7f"sv) == "'a\\x1b[31m\\x0a\\x00\\x7f'");
  CHECK(printable("größe") == "'größe'");
  CHECK(printable("größe", 3) == "'gr…'");  // not inside of the two bytes of ö
  CHECK(printable(std::string(1000, 'x')).size() == 120 + 2 + std::string_view("…").size());
}

}  // namespace file_test
