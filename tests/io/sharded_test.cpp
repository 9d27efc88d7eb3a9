// Checkpoints in several files.
#include <tempa/io/safetensors/sharded.hpp>

#include "io/safetensors_bytes.hpp"
#include "io/same_tensors.hpp"
#include "io/torch_bytes.hpp"
#include "support/catch.hpp"
#include "support/fixtures.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sharded_test {

using namespace tempa;

namespace {

/// A safetensors file with one byte under each name.
std::string shard(const std::vector<std::string>& names) {
  std::string header, data;
  for (const std::string& name : names) {
    header += concat(header.empty() ? "{" : ",", '"', name, R"(":{"dtype":"U8","shape":[1],"data_offsets":[)",
                     data.size(), ',', data.size() + 1, "]}");
    data += 'x';
  }
  return safetensors_bytes(header + "}", data);
}

struct Folder {
  TemporaryFolder folder;
  std::string path = folder.path().string() + "/";
  std::string index = path + "model.safetensors.index.json";

  std::string complaint(std::string_view json) const {
    folder.write("model.safetensors.index.json", json);
    return thrown<FormatError>([&] { load_sharded(index); });
  }
};

}  // namespace

TEST_CASE("Sharded: safetensors and PyTorch's shards of a model hold the same tensors", "[io]") {
  const StateDict safe = load_sharded(fixture_path("io/sharded/model.safetensors.index.json"));
  const StateDict bin = load_sharded(fixture_path("io/sharded/pytorch_model.bin.index.json"));
  CHECK(safe.size() == 9);
  CHECK(shape(safe.at("bert.embeddings.word_embeddings.weight")) == Shape{12, 8});
  CHECK(dtype(safe.at("classifier.weight")) == DType::kFloat16);
  check_same_tensors(bin, safe);
}

TEST_CASE("Sharded: tensors come in the order of the shards' names, with those that the index does not know", "[io]") {
  const Folder folder;
  folder.folder.write("b.safetensors", shard({"x"}));
  folder.folder.write("a.safetensors", shard({"z", "extra"}));
  folder.folder.write("model.safetensors.index.json",
                      R"({"metadata":{"total_size":"?"},"weight_map":{"x":"b.safetensors","z":"a.safetensors"}})");
  const StateDict state = load_sharded(folder.index);
  std::vector<std::string> names;
  for (const auto& entry : state) names.push_back(entry.name);
  CHECK(names == std::vector<std::string>{"z", "extra", "x"});

  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path);
  CHECK(load_sharded("model.safetensors.index.json").size() == 3);  // a path without a folder
  std::filesystem::current_path(before);
}

TEST_CASE("Sharded rule: the index has a weight_map of names", "[io]") {
  const Folder folder;
  const struct {
    std::string_view json, message;
  } cases[] = {
      {"{}", ": weight_map: is required but missing"},
      {R"({"weight_map":[]})", ":1: weight_map: expected an object of tensor names and shard names but got an array"},
      {R"({"weight_map":null})", ":1: weight_map: expected an object of tensor names and shard names but got null"},
      {R"({"weight_map":{}})",
       ":1: weight_map: expected an object of tensor names and shard names but got an empty one"},
      {"{\"weight_map\":\n{\"a/b\":1}}", ":2: /weight_map/a~1b: expected a string but got 1"},
      {"{\"weight_map\":\n{\"a\":\"s.bin\",\n\"a\":\"t.bin\"}}", ":3: duplicate key 'a'"},
      {"[]", ": weight_map: is required but missing"},
      {"", ":1: expected JSON: syntax error"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.json);
    const std::string expected = folder.index + std::string(one.message);
    CHECK(folder.complaint(one.json).substr(0, expected.size()) == expected);
  }
}

TEST_CASE("Sharded rule: a shard's name is a file of weights in the index's folder", "[io]") {
  const Folder folder;
  for (const std::string shard_name :
       {"", "../s.safetensors", "/etc/s.safetensors", "sub/s.safetensors", "..\\\\s.bin", ".safetensors", "..bin",
        "s.bin\\u0000.bin", "s.pkl", "s.safetensors.index.json", "s"}) {
    CAPTURE(shard_name);
    const std::string text = folder.complaint("{\"weight_map\":{\"w\":\"" + shard_name + "\"}}");
    CHECK(text.starts_with(folder.index +
                           ":1: /weight_map/w: expected the name of a .safetensors or .bin file in the index's folder "
                           "but got '"));
  }
}

TEST_CASE("Sharded rule: every shard is there and holds what the index says", "[io]") {
  const Folder folder;
  folder.folder.write("a.safetensors", shard({"x", "y"}));
  folder.folder.write("b.safetensors", shard({"y", "z"}));
  folder.folder.write("c.bin", torch_zip("}"));
  folder.folder.write("d.safetensors", "no weights");
  CHECK(folder.complaint(R"({"weight_map":{"w":"a.safetensors"}})") ==
        folder.path + "a.safetensors: expected tensor 'w', as " + folder.index + " says, but it is not there");
  CHECK(folder.complaint(R"({"weight_map":{"x":"c.bin"}})") ==
        folder.path + "c.bin: expected tensor 'x', as " + folder.index + " says, but it is not there");
  CHECK(folder.complaint(R"({"weight_map":{"x":"a.safetensors","z":"b.safetensors"}})") ==
        folder.path + "b.safetensors: expected every tensor in one shard but 'y' is in a.safetensors too");
  CHECK(folder.complaint(R"({"weight_map":{"x":"d.safetensors"}})")
            .starts_with(folder.path + "d.safetensors: expected a header"));
  folder.folder.write("model.safetensors.index.json", R"({"weight_map":{"x":"model-00002-of-00002.safetensors"}})");
  CHECK(thrown<IoError>([&] { load_sharded(folder.index); }) ==
        folder.path + "model-00002-of-00002.safetensors: cannot open: No such file or directory");
  CHECK(thrown<IoError>([&] { load_sharded(folder.path + "none.json"); }) ==
        folder.path + "none.json: cannot open: No such file or directory");
}

}  // namespace sharded_test
