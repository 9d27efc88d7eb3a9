// JSON: any text; a model's config.json, which is then written and read back; an index of shards.
#include "fuzz/fuzz_target.hpp"

#include <tempa/io/detail/json/json_members.hpp>
#include <tempa/io/safetensors/sharded.hpp>
#include <tempa/models/bert/config.hpp>
#include <tempa/models/pretrained/detail/config_json.hpp>

static const RegisterFuzzTarget json_target(
    "json",
    [](std::string_view bytes) {
      const tempa::JsonFile file = tempa::parse_json(std::string(bytes), "json");
      fuzz_check(tempa::parse_json(file.root.dump(), "json").root == file.root);
      if (!file.root.is_object()) return;
      const std::string text = tempa::json_object_text(tempa::json_members(file));
      fuzz_check(tempa::parse_json(text, "json").root == file.root);
    },
    []() -> std::vector<std::string> {
      return {R"({"hidden_size": 768, "eps": 1e-12, "a": ["\u00e9", null, true, -1, {}], "id2label": {"0": "größe"}})",
              "[]", "\"\\ud83d\\ude00\"", "18446744073709551615"};
    });

static const RegisterFuzzTarget config_target(
    "config",
    [](std::string_view bytes) {
      const std::string text = tempa::config_text(tempa::read_config<tempa::BertConfig>(fuzz_file(bytes)));
      fuzz_check(tempa::config_text(tempa::read_config<tempa::BertConfig>(fuzz_file(text))) == text);
    },
    [] {
      return fixtures({"models/old_folder/config.json", "models/sharded_folder/config.json"});
    });

static const RegisterFuzzTarget sharded_target(
    "sharded",
    [](std::string_view bytes) {
      static const TemporaryFolder folder;
      static const bool copied = [] {
        for (const char* shard : {"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"})
          std::filesystem::copy(fixture_path("io/sharded") / shard, folder.path() / shard);
        return true;
      }();
      if (copied) tempa::load_sharded(folder.write("index.json", bytes).string());
    },
    [] { return fixtures({"io/sharded/model.safetensors.index.json"}); });
