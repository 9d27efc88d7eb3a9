#include <tempa/models/bert/config.hpp>
#include <tempa/models/pretrained/detail/config_json.hpp>

#include "support/catch.hpp"
#include "support/fixtures.hpp"
#include "support/temporary_folder.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace config_test {

using namespace tempa;

namespace {
std::string write(const TemporaryFolder& folder, const std::string& text) {
  const std::string path = (folder.path() / "config.json").string();
  std::ofstream(path) << text;
  return path;
}
}  // namespace

TEST_CASE("BertConfig: an empty object has BERT's defaults", "[models]") {
  const TemporaryFolder folder;
  const BertConfig config = read_config<BertConfig>(write(folder, "{}"));
  CHECK(config.vocab_size == 30522);
  CHECK(config.hidden_size == 768);
  CHECK(config.num_hidden_layers == 12);
  CHECK(config.num_attention_heads == 12);
  CHECK(config.intermediate_size == 3072);
  CHECK(config.hidden_act == "gelu");
  CHECK(config.hidden_dropout_prob == 0.1);
  CHECK(config.max_position_embeddings == 512);
  CHECK(config.layer_norm_eps == 1e-12);
  CHECK(config.num_labels() == 2);
  CHECK_FALSE(config.classifier_dropout);
}

TEST_CASE("BertConfig: what is written is read back, and unknown fields stay in their places to the last digit",
          "[models]") {
  const TemporaryFolder folder;
  const std::string path = write(folder, R"({
  "_name_or_path": "x/y",
  "pooler_type": "first_token_transform",
  "hidden_size": 24,
  "num_attention_heads": 3,
  "_num_labels": 7,
  "id2label": {"0": "a", "1": "b", "2": "c", "10": "k", "3": "d", "4": "e", "5": "f", "6": "g", "7": "h", "8": "i", "9": "j"},
  "classifier_dropout": 0.25,
  "torch_dtype": "float16",
  "directionality": {
    "deep": [
      1.10,
      123456789012345678901234567890
    ]
  },
  "problem_type": "multi_label_classification",
  "is_decoder": false
}
)");
  const BertConfig config = read_config<BertConfig>(path);
  CHECK(config.num_labels() == 11);  // a stale _num_labels does not beat id2label
  CHECK(config.dtype == DType::kFloat16);
  write_config(config, path);
  const BertConfig again = read_config<BertConfig>(path);
  CHECK(again.id2label == config.id2label);
  CHECK(again.id2label[10] == "k");
  CHECK(again.classifier_dropout == 0.25);
  CHECK(again.problem_type == ProblemType::kMultiLabelClassification);
  CHECK(again.dtype == DType::kFloat16);
  CHECK(read_text_file(path) == R"({
  "_name_or_path": "x/y",
  "architectures": [],
  "attention_probs_dropout_prob": 0.1,
  "hidden_act": "gelu",
  "hidden_dropout_prob": 0.1,
  "initializer_range": 0.02,
  "intermediate_size": 3072,
  "label2id": {
    "a": 0,
    "b": 1,
    "c": 2,
    "d": 3,
    "e": 4,
    "f": 5,
    "g": 6,
    "h": 7,
    "i": 8,
    "j": 9,
    "k": 10
  },
  "layer_norm_eps": 1e-12,
  "max_position_embeddings": 512,
  "model_type": "bert",
  "num_hidden_layers": 12,
  "pad_token_id": 0,
  "pooler_type": "first_token_transform",
  "hidden_size": 24,
  "num_attention_heads": 3,
  "_num_labels": 7,
  "id2label": {
    "0": "a",
    "1": "b",
    "2": "c",
    "3": "d",
    "4": "e",
    "5": "f",
    "6": "g",
    "7": "h",
    "8": "i",
    "9": "j",
    "10": "k"
  },
  "classifier_dropout": 0.25,
  "dtype": "float16",
  "directionality": {
    "deep": [
      1.10,
      123456789012345678901234567890
    ]
  },
  "problem_type": "multi_label_classification",
  "is_decoder": false,
  "type_vocab_size": 2,
  "vocab_size": 30522
}
)");
  const std::string first = read_text_file(path);
  write_config(again, path);
  CHECK(read_text_file(path) == first);
}

TEST_CASE("BertConfig: what transformers may leave out, set to null or leave behind is understood", "[models]") {
  const TemporaryFolder folder;
  const auto read = [&](const std::string& text) {
    INFO(text);
    return read_config<BertConfig>(write(folder, text));
  };
  using Labels = std::vector<std::string>;
  CHECK(read(R"({"id2label": null, "label2id": null, "num_labels": 3})").id2label ==
        Labels{"LABEL_0", "LABEL_1", "LABEL_2"});
  CHECK(read(R"({"num_labels": null})").num_labels() == 2);
  CHECK(read(R"({"id2label": {"0": "a"}, "num_labels": 1})").id2label == Labels{"a"});
  CHECK(read(R"({"_num_labels": 5})").num_labels() == 2);
  // transformers leaves the default label2id behind when only id2label is set, and old files have numbers in quotes.
  CHECK(
      read(R"({"id2label": {"0": "a", "1": "b", "2": "c"}, "label2id": {"LABEL_0": 0, "LABEL_1": 1}})").num_labels() ==
      3);
  CHECK(read(R"({"id2label": {"0": "a", "1": "b"}, "label2id": {"a": "0", "b": "1"}})").num_labels() == 2);
  // Names that are numbers, as pandas leaves them; a label2id in another case; keys in any order; a name of two.
  CHECK(read(R"({"id2label": {"1": 20, "0": -3, "2": "x"}, "label2id": {"-3": 0, "20": 1, "x": 2}})").id2label ==
        Labels{"-3", "20", "x"});
  CHECK(read(R"({"id2label": {"0": "Bad", "1": "good "}, "label2id": {"BAD": 0, "good": 1}})").id2label ==
        Labels{"Bad", "good "});
  CHECK(read(R"({"id2label": {"0": "same", "1": "same"}, "label2id": {"same": 1}})").id2label ==
        Labels{"same", "same"});
  CHECK(read(R"({"pad_token_id": null})").pad_token_id == std::nullopt);
  CHECK(read(R"({"pad_token_id": 3})").pad_token_id == 3);
  CHECK(read("{}").pad_token_id == 0);
  CHECK(read("{}").dtype == std::nullopt);
  CHECK(read(R"({"dtype": "bfloat16"})").dtype == DType::kBFloat16);
  CHECK(read(R"({"dtype": "float32", "torch_dtype": "float16"})").dtype == DType::kFloat32);
  CHECK(read(R"({"dtype": "float8_e4m3fn"})").dtype == std::nullopt);
  CHECK(read(R"({"problem_type": null, "classifier_dropout": null})").problem_type == std::nullopt);
  CHECK(read(R"({"hidden_dropout_prob": 0, "layer_norm_eps": 0})").hidden_dropout_prob == 0);

  BertConfig none;
  none.pad_token_id = std::nullopt;
  none.problem_type = ProblemType::kRegression;
  none.id2label = {"a \"b\" \n"};
  const std::string path = (folder.path() / "config.json").string();
  write_config(none, path);
  CHECK(read_config<BertConfig>(path).pad_token_id == std::nullopt);
  CHECK(read_config<BertConfig>(path).problem_type == ProblemType::kRegression);
  CHECK(read_config<BertConfig>(path).id2label == none.id2label);
  none.id2label = {"\xff"};
  CHECK_THROWS_AS(write_config(none, path), ValueError);
  CHECK(read_config<BertConfig>(path).num_labels() == 1);  // the old file is as it was
}

TEST_CASE("BertConfig: a name of two labels is written so that no key comes twice", "[models]") {
  BertConfig config;
  config.id2label = {"same", "other", "same"};
  const JsonFile file = parse_json(config_text(config), "config.json");  // which refuses a key that comes twice
  CHECK(file.root.at("label2id") == nlohmann::json{{"other", 1}, {"same", 2}});
  CHECK(file.root.at("id2label") == nlohmann::json{{"0", "same"}, {"1", "other"}, {"2", "same"}});
}

TEST_CASE("BertConfig: impossible values are refused with file, line and field", "[models]") {
  const TemporaryFolder folder;
  const std::vector<std::pair<std::string, std::string>> cases{
      {R"({"hidden_size": 10, "num_attention_heads": 3})",
       "hidden_size must be a multiple of num_attention_heads but they are 10 and 3"},
      {"{\n\"hidden_size\": 0}", ":2: hidden_size"},
      {"{\n\n\"vocab_size\": -5}", ":3: vocab_size"},
      {R"({"vocab_size": 1e99})", "vocab_size"},
      {R"({"vocab_size": 9999999999})", "vocab_size"},
      {R"({"hidden_act": "softplus2"})", "hidden_act must be gelu"},
      {R"({"hidden_dropout_prob": 1.5})", "hidden_dropout_prob must be in [0,1) but is 1.5"},
      {R"({"hidden_dropout_prob": "x"})", "hidden_dropout_prob"},
      {R"({"pad_token_id": 40000})", "pad_token_id must be in [0,vocab_size=30522) but is 40000"},
      {R"({"position_embedding_type": "relative_key"})", "position_embedding_type: expected 'absolute'"},
      {R"({"is_decoder": true})", "is_decoder"},
      {R"({"model_type": "albert"})", "model_type: expected 'bert' but got 'albert'"},
      {R"({"id2label": {}})", "id2label"},
      {R"({"id2label": {"0": "a", "2": "b"}})", "/id2label/1"},
      {R"({"problem_type": "ranking"})", "problem_type"},
      {R"({"problem_type": "single_label_classification", "num_labels": 1})", "must have at least 2 labels"},
      {R"({"add_cross_attention": true})", "add_cross_attention: expected false but got true"},
      {R"({"id2label": {"0": "a", "1": 5.5}})", "/id2label/1: expected a string but got 5.5"},
      {R"({"id2label": {"0": "a", "1": true}})", "/id2label/1: expected a string but got true"},
      {R"({"id2label": {"0": "a", "1": "A"}, "label2id": {"A": 0, "a": 1}})",
       "/label2id/A: expected the number that id2label gives this name but got 0, which is 'a' there"},
      {"{\n\"id2label\": {\"0\": \"a\", \"1\": \"b\"},\n\"num_labels\": 7}",
       ":3: num_labels: expected 2, the size of id2label, but got 7"},
      {R"({"id2label": {"0": "a", "1": "b"}, "label2id": {"a": 1, "b": 0}})",
       "/label2id/a: expected the number that id2label gives this name but got 1, which is 'b' there"},
      {R"({"id2label": {"0": "a", "1": "b"}, "label2id": {"c": 2}})",
       "/label2id/c: expected a number of id2label, below 2, but got 2"},
      {R"({"id2label": {"0": "a", "1": "b"}, "label2id": {"a": "x"}})", "/label2id/a: expected an integer but got 'x'"},
      {R"({"id2label": {"0": "a", "1": "b"}, "label2id": ["a"]})", "label2id: expected an object"},
      {R"({"num_hidden_layers": -1})", "num_hidden_layers"},
      {R"({"pad_token_id": -1})", "pad_token_id"},
      {"[1]", "expected a JSON object"},
      {"{\"hidden_size\": ", "expected JSON"}};
  for (const auto& [text, expected] : cases) {
    const std::string path = write(folder, text);
    INFO(text);
    try {
      static_cast<void>(read_config<BertConfig>(path));
      FAIL("nothing was thrown");
    } catch (const Error& error) {
      INFO(error.what());
      CHECK(std::string(error.what()).find(expected) != std::string::npos);
      CHECK(std::string(error.what()).find(path) != std::string::npos);
    }
  }
  CHECK_THROWS_AS(read_config<BertConfig>((folder.path() / "none.json").string()), IoError);
}

TEST_CASE("BertConfig: a damaged file is refused or read, and what was read can be written and read again",
          "[models]") {
  const std::string whole = read_text_file(fixture_path("models/old_folder/config.json").string());
  const TemporaryFolder folder;
  int refused = 0, read = 0;
  const auto check = [&](const std::string& damaged) {
    const std::string path = write(folder, damaged);
    try {
      const BertConfig config = read_config<BertConfig>(path);
      ++read;
      write(folder, config_text(config));
      REQUIRE(read_config<BertConfig>(path).id2label == config.id2label);
    } catch (const Error&) {
      ++refused;
    }
  };
  for (std::size_t length = 0; length < whole.size(); ++length) check(whole.substr(0, length));
  for (std::size_t byte = 0; byte < whole.size(); ++byte)
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = whole;
      damaged[byte] = static_cast<char>(damaged[byte] ^ (1 << bit));
      check(damaged);
    }
  CHECK(refused > 1000);
  CHECK(read > 1000);  // a flipped letter of an unknown field
}

}  // namespace config_test
