// The folder of a model is replaced as one, whatever happens.
#include <tempa/io/files/detail/append_file.hpp>
#include <tempa/io/files/model_folder.hpp>

#include "support/catch.hpp"
#include "support/file_size_limit.hpp"
#include "support/in_child.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <random>
#include <string>

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace model_folder_test {

using namespace tempa;
namespace fs = std::filesystem;

namespace {

using Files = std::map<std::string, std::string>;

/// All files of a folder by their names, and what is in them; links by "-> target".
Files files_of(const fs::path& folder) {
  Files files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().lexically_relative(folder);
    if (entry.is_symlink()) {
      files[name] = "-> " + fs::read_symlink(entry.path()).string();
    } else if (!entry.is_directory()) {
      files[name] = read_text_file(entry.path());
    }
  }
  return files;
}

void write_model(const fs::path& folder, const std::string& text) {
  for (const char* name : {"config.json", "model.safetensors", "vocab.txt", "settings.json"})
    atomic_write_text(folder / name, text);
}

void save(const fs::path& path, const std::string& text) {
  ModelFolder::require_writable(path);
  ModelFolder folder(path, {"settings.json"});
  write_model(folder.path(), text);
  folder.commit();
}

const Files kNew{{"config.json", "new"}, {"model.safetensors", "new"}, {"vocab.txt", "new"}, {"settings.json", "new"}};

Files with(Files files, const Files& more) {
  files.insert(more.begin(), more.end());
  return files;
}

std::ptrdiff_t entries_in(const fs::path& folder) {
  return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

/// A folder in which a model of "old" is, and what a user keeps there.
struct Kept {
  TemporaryFolder around;
  fs::path path = around.path() / "out";
  Files own{{"notes.txt", "mine"}, {"checkpoints/deep/state", "s"}, {"link", "-> notes.txt"}, {"config.json.bak", "b"}};

  Kept() {
    fs::create_directories(path / "checkpoints" / "deep");
    write_model(path, "old");
    for (const auto& [name, text] : own)
      if (name != "link") around.write("out/" + name, text);
    fs::create_symlink("notes.txt", path / "link");
  }
};

}  // namespace

TEST_CASE("ModelFolder: a folder that is not there is made, with those around it, when it is complete", "[io]") {
  const TemporaryFolder around;
  const fs::path path = around.path() / "a" / "b" / "out";
  {
    ModelFolder folder(path);
    write_model(folder.path(), "new");
    CHECK_FALSE(fs::exists(path));
    folder.commit();
  }
  CHECK(files_of(path) == kNew);
  CHECK(entries_in(path.parent_path()) == 1);
  for (const char* name : {"with_slash/", "many///"}) {
    save(around.path() / name, "new");
    CHECK(files_of(around.path() / name) == kNew);
  }
}

TEST_CASE("ModelFolder: the model is replaced, what has no successor goes, and what a user keeps stays", "[io]") {
  const Kept kept;
  for (const char* name : {"pytorch_model.bin", "model-00001-of-00002.safetensors", "tokenizer.json", "metrics.json"})
    kept.around.write(concat("out/", name), "old");
  const detail::Descriptor other(::open((kept.path / "settings.json").c_str(), O_RDONLY | O_CLOEXEC));
  AppendFile log(kept.path / "log.jsonl");
  log.append("one\n");
  fs::permissions(kept.path, fs::perms(0750));
  fs::permissions(kept.path / "vocab.txt", fs::perms(0600));
  save(kept.path, "new");
  log.append("two\n");
  CHECK(files_of(kept.path) == with(with(kNew, kept.own), {{"log.jsonl", "one\ntwo\n"}}));
  CHECK(entries_in(kept.around.path()) == 1);
  struct stat status = {};
  REQUIRE(::stat(kept.path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777u) == 0750u);
  REQUIRE(::stat((kept.path / "vocab.txt").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777u) == 0600u);
}

TEST_CASE("ModelFolder: without commit, and before it, nothing has changed and nothing is left", "[io]") {
  const Kept kept;
  const Files before = files_of(kept.path);
  ModelFolder::require_writable(kept.path);
  {
    ModelFolder folder(kept.path);
    write_model(folder.path(), "new");
    CHECK(files_of(kept.path) == before);
  }
  CHECK(files_of(kept.path) == before);
  {
    const FileSizeLimit full(100);
    ModelFolder folder(kept.path);
    write_model(folder.path(), "new");
    CHECK_THROWS_AS(atomic_write_text(folder.path() / "model.safetensors", std::string(1000, 'x')), IoError);
  }
  CHECK(files_of(kept.path) == before);
  CHECK(entries_in(kept.around.path()) == 1);
}

TEST_CASE("ModelFolder: a link to a folder stays a link, also one whose folder is not there yet", "[io]") {
  const Kept kept;
  const fs::path link = kept.around.path() / "link", dangling = kept.around.path() / "dangling";
  fs::create_directory_symlink("out", link);
  fs::create_directory_symlink("later", dangling);
  for (const fs::path& path : {link, dangling}) {
    save(path, "new");
    CHECK(fs::is_symlink(path));
  }
  CHECK(files_of(kept.path) == with(kNew, kept.own));
  CHECK(files_of(kept.around.path() / "later") == kNew);
}

TEST_CASE("ModelFolder: a folder that cannot be renamed gets the new files one by one", "[io]") {
  Kept kept;
  kept.around.write("out/pytorch_model.bin", "old");
  const auto check = [&](const fs::path& path) {
    struct stat before = {}, after = {};
    REQUIRE(::stat(path.c_str(), &before) == 0);
    save(path, "new");
    REQUIRE(::stat(path.c_str(), &after) == 0);
    CHECK(before.st_ino == after.st_ino);
    CHECK(files_of(path) == with(kNew, kept.own));
  };
  SECTION("the folder that this process works in, or one in it") {
    const fs::path here = fs::current_path();
    for (const fs::path& inside : {kept.path, kept.path / "checkpoints"}) {
      fs::current_path(inside);
      check(inside == kept.path ? "." : "..");
      fs::current_path(here);
    }
  }
  SECTION("a mount point") {
    if (::mount(kept.path.c_str(), kept.path.c_str(), nullptr, MS_BIND, nullptr) != 0) {
      WARN("skipped: only root may mount");
      return;
    }
    check(kept.path);
    REQUIRE(::umount(kept.path.c_str()) == 0);
  }
  SECTION("a folder whose parent may not be written") {
    fs::permissions(kept.around.path(), fs::perms(0555));
    if (::geteuid() == 0)
      for (const auto& entry : fs::recursive_directory_iterator(kept.path))
        REQUIRE(::lchown(entry.path().c_str(), kNobody, kNobody) == 0);
    if (::geteuid() == 0) REQUIRE(::chown(kept.path.c_str(), kNobody, kNobody) == 0);
    CHECK(in_child_of_nobody([&] { save(kept.path, "new"); }) == kChildDone);
    fs::permissions(kept.around.path(), fs::perms(0755));
    CHECK(files_of(kept.path) == with(kNew, kept.own));
  }
}

TEST_CASE("ModelFolder: when one of the files cannot be put in its place, all are as they were", "[io]") {
  const Kept kept;
  kept.around.write("out/pictures", "a file where the new folder has a folder");
  const Files before = files_of(kept.path);
  const fs::path here = fs::current_path();
  fs::current_path(kept.path);
  {
    ModelFolder folder(".");
    write_model(folder.path(), "new");
    fs::create_directory(folder.path() / "pictures");
    atomic_write_text(folder.path() / "pictures" / "one.png", "new");
    CHECK_THROWS_AS(folder.commit(), IoError);
  }
  fs::current_path(here);
  CHECK(files_of(kept.path) == before);
}

TEST_CASE("ModelFolder: what is no folder or may not be written is an IoError at once", "[io]") {
  const TemporaryFolder around;
  const std::string file = around.write("file", "text"), below = file + "/out", locked = around.path() / "locked";
  CHECK(thrown<IoError>([&] { ModelFolder::require_writable(file); }) == file + ": expected a folder but it is a file");
  CHECK(thrown<IoError>([&] { ModelFolder::require_writable(below); }) ==
        below + ": cannot make the folder: Not a directory");
  CHECK_THROWS_AS(ModelFolder::require_writable(""), IoError);
  fs::create_directory(locked);
  fs::permissions(locked, fs::perms(0555));
  for (const std::string& path : {locked, locked + "/out", locked + "/out/deep"})
    CHECK(in_child_of_nobody([&] { ModelFolder::require_writable(path); }) == kChildIoError);
  CHECK(entries_in(locked) == 0);
}

TEST_CASE("ModelFolder: killed at any moment, the folder is of one training, and what was left is removed", "[io]") {
  const Kept kept;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 1; i <= 4; ++i) save(kept.path, std::to_string(i));
  const auto a_while = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
  std::mt19937 random(7);
  int killed = 0, last = 4;
  for (int round = 0; round < 150; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (int i = last + 1;; ++i) save(kept.path, std::to_string(i));
    }
    ::usleep(std::uniform_int_distribution<useconds_t>(0, static_cast<useconds_t>(a_while.count()))(random));
    ::kill(child, SIGKILL);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    killed += WIFSIGNALED(status) ? 1 : 0;
    const Files files = files_of(kept.path);
    const std::string text = files.at("config.json");
    last = std::max(last, std::stoi(text));
    Files expected = kept.own;
    for (const auto& [name, ignored] : kNew) expected[name] = text;
    REQUIRE(files == expected);
  }
  CHECK(killed == 150);
  CHECK(last > 4);
  save(kept.path, "new");
  CHECK(entries_in(kept.around.path()) == 1);
  CHECK(files_of(kept.path) == with(kNew, kept.own));
}

}  // namespace model_folder_test
