// Checkpoint folders: complete or not there.
#include <tempa/io/checkpoint.hpp>
#include <tempa/io/files/detail/atomic_folder.hpp>

#include "support/catch.hpp"
#include "support/file_size_limit.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <sys/wait.h>

namespace checkpoint_test {

using namespace tempa;
namespace fs = std::filesystem;

namespace {

Checkpoint example(double number) {
  Checkpoint checkpoint;
  checkpoint.parts["model"].insert("weight", Tensor<float>::from({1.5f, -0.0f, static_cast<float>(number)}));
  checkpoint.parts["optimizer"].insert("state.weight.exp_avg", Tensor<double>::from({0.1, number}));
  checkpoint.state = {{"step", 7}, {"lr", number}, {"name", "ä"}};
  return checkpoint;
}

std::vector<Index> steps(const std::string& folder) {
  std::vector<Index> result;
  for (const CheckpointEntry& entry : list_checkpoints(folder)) result.push_back(entry.step);
  return result;
}

std::ptrdiff_t names_in(const fs::path& folder) {
  return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

}  // namespace

TEST_CASE("Checkpoint: what is written is read back, to the last bit", "[io]") {
  const TemporaryFolder folder;
  const std::string path = checkpoint_path(folder.path().string(), 12);
  CHECK(path.ends_with("/checkpoint-12"));
  save_checkpoint(path, example(0.1 + 0.2));
  const CheckpointFile file(path);
  CHECK(require<double>(file.state(), "lr") == 0.1 + 0.2);
  CHECK(require<std::string>(file.state(), "name") == "ä");
  CHECK(file.has_part("model"));
  CHECK_FALSE(file.has_part("average"));
  CHECK(file.part("optimizer").get<double>("state.weight.exp_avg").to_vector() == std::vector<double>{0.1, 0.1 + 0.2});
  CHECK(file.part("model").get<float>("weight").to_vector() ==
        std::vector<float>{1.5f, -0.0f, static_cast<float>(0.1 + 0.2)});
  CHECK(thrown<FormatError>([&] {
          return file.part("average");
        }).ends_with("expected a part 'average' but there is none"));
  CHECK(names_in(folder.path()) == 1);
}

TEST_CASE("Checkpoint: one of the same step is replaced in one step", "[io]") {
  const TemporaryFolder folder;
  const std::string path = checkpoint_path(folder.path().string(), 3);
  save_checkpoint(path, example(1));
  save_checkpoint(path, example(2));
  CHECK(require<double>(CheckpointFile(path).state(), "lr") == 2);
  CHECK(names_in(folder.path()) == 1);
}

TEST_CASE("Checkpoint: a full disk leaves the old one as it was", "[io]") {
  const TemporaryFolder folder;
  const std::string path = checkpoint_path(folder.path().string(), 3);
  save_checkpoint(path, example(1));
  Checkpoint large = example(2);
  large.parts["zero"].insert("zeros", Tensor<float>::zeros({1 << 16}));
  {
    const FileSizeLimit limit(4096);
    CHECK_THROWS_AS(save_checkpoint(path, large), IoError);
    CHECK_THROWS_AS(save_checkpoint(checkpoint_path(folder.path().string(), 4), large), IoError);
  }
  CHECK(require<double>(CheckpointFile(path).state(), "lr") == 1);
  CHECK(names_in(folder.path()) == 1);
}

TEST_CASE("Checkpoint: a folder that is missing or may not be written is named", "[io]") {
  const TemporaryFolder folder;
  const std::string path = checkpoint_path((folder.path() / "absent").string(), 1);
  CHECK(thrown<IoError>([&] { save_checkpoint(path, example(1)); }).find(path) != std::string::npos);
  CHECK(list_checkpoints((folder.path() / "absent").string()).empty());
  CHECK_FALSE(newest_checkpoint((folder.path() / "absent").string()));
}

TEST_CASE("Checkpoint: the newest complete one is found, a damaged one told", "[io]") {
  const TemporaryFolder folder;
  const std::string root = folder.path().string();
  for (const Index step : {9, 10, 200})
    save_checkpoint(checkpoint_path(root, step), example(static_cast<double>(step)));
  fs::create_directory(folder.path() / "checkpoint-x");
  fs::create_directory(folder.path() / "checkpoint-201");  // made by hand: it has no state.json
  CHECK(steps(root) == std::vector<Index>{9, 10, 200, 201});
  fs::resize_file(folder.path() / "checkpoint-200/model.safetensors", 10);
  std::vector<std::string> told;
  const auto newest = newest_checkpoint(root, [&](const Error& error) { told.emplace_back(error.what()); });
  REQUIRE(newest.has_value());
  CHECK(require<double>(newest->state(), "lr") == 10);
  REQUIRE(told.size() == 2);
  CHECK(told[0].find("checkpoint-201/state.json") != std::string::npos);
  CHECK(told[1].find("checkpoint-200/model.safetensors: expected ") != std::string::npos);
}

TEST_CASE("Checkpoint: each damage of state.json is an error that names it", "[io]") {
  const TemporaryFolder folder;
  const std::string path = checkpoint_path(folder.path().string(), 1);
  save_checkpoint(path, example(1));
  for (const auto& [text, complaint] : std::vector<std::pair<std::string, std::string>>{
           {"{", "state.json"},
           {"{}", "checkpoint_version"},
           {R"({"checkpoint_version": 2, "part_bytes": {}, "state": {}})", "expected 1 but got 2"},
           {R"({"checkpoint_version": 1, "part_bytes": [], "state": {}})", "part_bytes: expected an object"},
           {R"({"checkpoint_version": 1, "part_bytes": {"model": -1}, "state": {}})", "part_bytes"},
           {R"({"checkpoint_version": 1, "part_bytes": {"absent": 1}, "state": {}})", "absent.safetensors"},
           {R"({"checkpoint_version": 1, "part_bytes": {}})", "state: expected an object"}}) {
    folder.write("checkpoint-1/state.json", text);
    INFO(text);
    CHECK(thrown<Error>([&] { return CheckpointFile(path); }).find(complaint) != std::string::npos);
  }
}

TEST_CASE("Checkpoint: the oldest go, the best and the newest stay", "[io]") {
  const TemporaryFolder folder;
  const std::string root = folder.path().string();
  for (Index step = 1; step <= 6; ++step) save_checkpoint(checkpoint_path(root, step), example(1));
  prune_checkpoints(root, 4);
  CHECK(steps(root) == std::vector<Index>{3, 4, 5, 6});
  prune_checkpoints(root, 2, Index{3});
  CHECK(steps(root) == std::vector<Index>{3, 6});
  prune_checkpoints(root, 1, Index{3});
  CHECK(steps(root) == std::vector<Index>{3, 6});  // neither the best nor the newest may go
  CHECK_THROWS_AS(prune_checkpoints(root, 0), ConfigError);
}

TEST_CASE("Checkpoint: what a killed process left is removed, what a living one writes is not", "[io]") {
  const TemporaryFolder folder;
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(0);
  REQUIRE(::waitpid(child, nullptr, 0) == child);  // its number is free again
  const std::string dead = concat(".checkpoint-5.", child, ".0.tmp");
  fs::create_directory(folder.path() / dead);
  folder.write(dead + "/model.safetensors", "half");
  const AtomicFolder alive((folder.path() / "checkpoint-6").string());
  folder.write(".bashrc.tmp", "not ours");
  CHECK(remove_unfinished(folder.path().string()) == std::vector<std::string>{dead});
  CHECK(names_in(folder.path()) == 2);
  CHECK_THROWS_AS(remove_unfinished((folder.path() / "absent").string()), IoError);
}

}  // namespace checkpoint_test
