#include <tempa/models/bert/config_file.hpp>
#include <tempa/models/bert/sequence_classification.hpp>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

using namespace tempa;

namespace {
std::string write(const TemporaryFolder& folder, const std::string& text) {
  const std::string path = (folder.path() / "config.json").string();
  std::ofstream(path) << text;
  return path;
}

BertConfig small() {
  BertConfig config;
  config.vocab_size = 11;
  config.hidden_size = 8;
  config.num_hidden_layers = 1;
  config.num_attention_heads = 2;
  config.intermediate_size = 12;
  config.max_position_embeddings = 6;
  config.id2label = {"positive", "neutral", "negative"};
  return config;
}
}  // namespace

TEST_CASE("BertConfig: an empty object has BERT's defaults", "[models]") {
  const TemporaryFolder folder;
  const BertConfig config = read_bert_config(write(folder, "{}"));
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

TEST_CASE("BertConfig: what is written is read back, unknown fields included", "[models]") {
  const TemporaryFolder folder;
  const std::string path =
      write(folder, R"({"hidden_size": 24, "num_attention_heads": 3, "num_labels": 7, "pooler_type": "x",
      "id2label": {"0": "a", "1": "b", "2": "c"}, "classifier_dropout": 0.25, "directionality": {"deep": [1, 2]},
      "problem_type": "multi_label_classification"})");
  const BertConfig config = read_bert_config(path);
  CHECK(config.id2label == std::vector<std::string>{"a", "b", "c"});  // a stale num_labels does not beat id2label
  write_bert_config(config, path);
  const BertConfig again = read_bert_config(path);
  CHECK(again.id2label == config.id2label);
  CHECK(again.classifier_dropout == 0.25);
  CHECK(again.problem_type == ProblemType::kMultiLabelClassification);
  const JsonFile file = read_json(path);
  CHECK(file.root.at("pooler_type") == "x");
  CHECK(file.root.at("directionality").at("deep").at(1) == 2);
  CHECK(file.root.at("label2id").at("c") == 2);
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
      {"[1]", "expected a JSON object"},
      {"{\"hidden_size\": ", "expected JSON"}};
  for (const auto& [text, expected] : cases) {
    const std::string path = write(folder, text);
    INFO(text);
    try {
      static_cast<void>(read_bert_config(path));
      FAIL("nothing was thrown");
    } catch (const Error& error) {
      INFO(error.what());
      CHECK(std::string(error.what()).find(expected) != std::string::npos);
      CHECK(std::string(error.what()).find(path) != std::string::npos);
    }
  }
  CHECK_THROWS_AS(read_bert_config((folder.path() / "none.json").string()), IoError);
}

TEST_CASE("save_pretrained: a saved model comes back with the same bits", "[models]") {
  const TemporaryFolder folder;
  manual_seed(3);
  BertForSequenceClassification<float> model(small());
  model.save_pretrained(folder.path() / "new" / "model");
  auto again = BertForSequenceClassification<float>::from_pretrained(folder.path() / "new" / "model");
  CHECK(again.config().id2label == model.config().id2label);
  const auto before = model.named_parameters(), after = again.named_parameters();
  REQUIRE(before.size() == after.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    CHECK(before[i].name == after[i].name);
    CHECK(before[i].variable.value().to_vector() == after[i].variable.value().to_vector());
  }
}

TEST_CASE("from_pretrained: a folder that does not fit says what is wrong", "[models]") {
  const TemporaryFolder folder;
  BertForSequenceClassification<float> model(small());
  model.save_pretrained(folder.path());
  BertConfig larger = small();
  larger.hidden_size = 16;
  write_bert_config(larger, (folder.path() / "config.json").string());
  CHECK_THROWS_AS(BertForSequenceClassification<float>::from_pretrained(folder.path()), ShapeError);
  larger = small();
  larger.num_hidden_layers = 2;
  write_bert_config(larger, (folder.path() / "config.json").string());
  CHECK_THROWS_AS(BertForSequenceClassification<float>::from_pretrained(folder.path()), ValueError);
  std::filesystem::remove(folder.path() / "model.safetensors");
  CHECK_THROWS_AS(BertForSequenceClassification<float>::from_pretrained(folder.path()), IoError);
}
