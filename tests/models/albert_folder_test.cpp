// ALBERT's model folders and its configuration.
#include <tempa/models/albert/heads.hpp>
#include <tempa/models/bert/config.hpp>

#include "models/albert_fixture.hpp"
#include "support/catch.hpp"
#include "support/difference.hpp"
#include "support/fixtures.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace albert_folder_test {

using namespace tempa;
using Names = std::vector<std::string>;

namespace {

std::filesystem::path old_folder() { return fixture_path("models/albert_folder"); }

Batch batch_of(const StateDict& expected) {
  return pack_padded(expected.get<std::int32_t>("ids"), expected.get<std::int32_t>("attention_mask"),
                     expected.get<std::int32_t>("token_type_ids"));
}

/// An own head.
struct Grades : ModuleMembers<Grades, float>, PretrainedMembers<Grades> {
  static constexpr std::string_view kName = "Grades", kLabelHead = "scores";

  AlbertModel<float> albert;
  Linear<float> scores;

  explicit Grades(const AlbertConfig& configuration)
      : albert(configuration), scores(configuration.hidden_size, configuration.num_labels()) {}
  AlbertConfig& config() { return albert.config; }
  Variable<float> operator()(const Batch& batch) const {
    return scores(albert(batch, OutputRows::kFirstToken).pooler_output);
  }
  void visit(auto&& f) {
    f("albert", albert);
    f("scores", scores);
  }
};

}  // namespace

TEST_CASE("ALBERT: an own head on it takes a folder's encoder, and is saved and loaded", "[models]") {
  const Batch batch = batch_of(load_safetensors((old_folder() / "expected.safetensors").string()));
  LoadReport report;
  auto model = Grades::from_pretrained(old_folder(), {.num_labels = 2, .log = nullptr, .report = &report});
  CHECK(report.missing == Names{"scores.weight", "scores.bias"});
  const TemporaryFolder folder;
  model.save_pretrained(folder.path());
  const auto again = Grades::from_pretrained(folder.path());
  CHECK(again(batch).value().to_vector() == model(batch).value().to_vector());
  Grades other(model.config());
  load_pretrained_weights(other, folder.path(), {}, "Grades", AlbertConfig::checkpoint_names());
  CHECK(other(batch).value().to_vector() == model(batch).value().to_vector());
}

TEST_CASE("ALBERT: a folder of the kind of indobert-lite computes what transformers computes", "[models]") {
  const StateDict expected = load_safetensors((old_folder() / "expected.safetensors").string());
  LoadReport report;
  auto model =
      AlbertForSequenceClassification<double>::from_pretrained(old_folder(), {.log = nullptr, .report = &report});
  const auto output = model.albert(batch_of(expected));
  CHECK(difference(output.last_hidden_state.value(), expected.get<double>("last_hidden_state")) < 1e-11);
  CHECK(difference(output.pooler_output.value(), expected.get<double>("pooler_output")) < 1e-11);
  CHECK(report.missing == Names{"classifier.weight", "classifier.bias"});
  CHECK(report.ignored == Names{"albert.embeddings.position_ids"});
  CHECK(report.unexpected.size() == 9);  // predictions.*, sop_classifier.*
  CHECK(model.config().num_labels() == 5);
  CHECK(model.config().hidden_act == "gelu");

  const auto encoder = AlbertModel<double>::from_pretrained(old_folder(), {.log = nullptr, .report = &report});
  CHECK(report.missing.empty());
  CHECK(encoder(batch_of(expected)).pooler_output.value().to_vector() == output.pooler_output.value().to_vector());

  AlbertForMaskedLM<double>::from_pretrained(old_folder(), {.log = nullptr, .report = &report});
  CHECK(report.missing.empty());
  CHECK(report.ignored ==
        Names{"predictions.decoder.weight", "predictions.decoder.bias", "albert.embeddings.position_ids"});
  CHECK(report.unexpected == Names{"albert.pooler.weight", "albert.pooler.bias", "sop_classifier.classifier.weight",
                                   "sop_classifier.classifier.bias"});
}

TEMPLATE_TEST_CASE("ALBERT: a saved model comes back with the same bits, and other heads stand on it", "[models]",
                   AlbertForSequenceClassification<float>, AlbertForTokenClassification<float>,
                   AlbertForMaskedLM<float>, AlbertForLabelColumnsClassification<float>, AlbertModel<bfloat16>) {
  AlbertFixture fixture;
  if constexpr (requires(TestType model) { model.label_columns; }) fixture.config.id2label = {"x=a", "x=b", "y=c"};
  const TemporaryFolder folder;
  manual_seed(2);
  TestType model(fixture.config);
  model.save_pretrained(folder.path());
  LoadReport report;
  auto again = TestType::from_pretrained(folder.path(), {.report = &report});
  CHECK(report.complete());
  const auto before = model.named_parameters(), after = again.named_parameters();
  REQUIRE(before.size() == after.size());
  for (std::size_t i = 0; i < before.size(); ++i)
    CHECK(before[i].variable.value().template cast<float>().to_vector() ==
          after[i].variable.value().template cast<float>().to_vector());
  const auto config = read_config<AlbertConfig>((folder.path() / "config.json").string());
  CHECK(config.architectures == Names{std::string(TestType::kName)});
  CHECK(config.architectures.front().starts_with("Albert"));
  CHECK(config.num_hidden_groups == 2);
  CHECK(config.embedding_size == 4);

  AlbertForSequenceClassification<float>::from_pretrained(
      folder.path(), {.num_labels = 4, .ignore_mismatched_sizes = true, .log = nullptr, .report = &report});
  for (const std::string& name : report.missing) CHECK(name.find("encoder") == std::string::npos);
}

TEST_CASE("ALBERT: the names of its head", "[models]") {
  CHECK(AlbertForSequenceClassification<float>::kName == "AlbertForSequenceClassification");
  CHECK(AlbertForTokenClassification<float>::kName == "AlbertForTokenClassification");
  CHECK(AlbertForMaskedLM<float>::kName == "AlbertForMaskedLM");
}

TEST_CASE("ALBERT: rows of a trained head follow their labels", "[models]") {
  const AlbertFixture fixture;
  const TemporaryFolder folder;
  AlbertForSequenceClassification<float> model(fixture.config);
  model.save_pretrained(folder.path());
  std::ostringstream log;
  auto other = AlbertForSequenceClassification<float>::from_pretrained(folder.path(),
                                                                       {.labels = {"c", "new", "a"}, .log = &log});
  CHECK(log.str() == "labels: kept c, a; new new; dropped b\n");
  CHECK(other.classifier.weight.value().rows(0, 1).to_vector() ==
        model.classifier.weight.value().rows(2, 3).to_vector());
}

TEST_CASE("ALBERT: an empty config.json has transformers' defaults, and impossible values are refused", "[models]") {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "config.json").string();
  const auto read = [&](const std::string& text) {
    std::ofstream(path) << text;
    return read_config<AlbertConfig>(path);
  };
  const AlbertConfig config = read("{}");
  CHECK(config.vocab_size == 30000);
  CHECK(config.embedding_size == 128);
  CHECK(config.hidden_size == 4096);
  CHECK(config.num_hidden_layers == 12);
  CHECK(config.num_hidden_groups == 1);
  CHECK(config.num_attention_heads == 64);
  CHECK(config.intermediate_size == 16384);
  CHECK(config.inner_group_num == 1);
  CHECK(config.hidden_act == "gelu_new");
  CHECK(config.hidden_dropout_prob == 0);
  CHECK(config.attention_probs_dropout_prob == 0);
  CHECK(config.classifier_dropout_prob == 0.1);
  CHECK(config.num_labels() == 2);
  const std::string text = config_text(config);
  CHECK(config_text(read(text)) == text);
  CHECK(parse_json(text, "").root.at("model_type") == "albert");
  CHECK_FALSE(parse_json(text, "").root.contains("classifier_dropout"));

  const auto refuse = [&](const std::string& json) { return thrown<Error>([&] { read(json); }); };
  CHECK(refuse(R"({"model_type": "bert"})").find("model_type: expected 'albert' but got 'bert'") != std::string::npos);
  CHECK(refuse("{\n\"embedding_size\": 0}").find(":2: embedding_size") != std::string::npos);
  CHECK(refuse(R"({"num_hidden_groups": 0})").find("num_hidden_groups") != std::string::npos);
  CHECK(refuse(R"({"hidden_size": 10, "num_attention_heads": 3})")
            .find("[AlbertConfig] hidden_size must be a multiple of num_attention_heads but they are 10 and 3") !=
        std::string::npos);
  CHECK(refuse(R"({"classifier_dropout_prob": 1.5})")
            .find("[AlbertConfig] classifier_dropout_prob must be in [0,1) but is 1.5") != std::string::npos);
  CHECK_THROWS_AS(AlbertModel<float>({.hidden_size = 10, .num_attention_heads = 3}), ConfigError);
}

TEST_CASE("ALBERT: a config.json of another model is refused before memory is taken", "[models]") {
  const AlbertFixture fixture;
  const TemporaryFolder folder;
  AlbertModel<float> model(fixture.config);
  model.save_pretrained(folder.path());
  const auto refuse = [&](const auto& change) {
    AlbertConfig other = fixture.config;
    change(other);
    write_config(other, (folder.path() / "config.json").string());
    return thrown<ShapeError>([&] { AlbertModel<float>::from_pretrained(folder.path(), {.log = nullptr}); });
  };
  const std::string too_large = "config.json describes an encoder of ";
  CHECK(refuse([](AlbertConfig& c) { c.num_hidden_groups = 1 << 28; }).find(too_large) != std::string::npos);
  CHECK(refuse([](AlbertConfig& c) { c.inner_group_num = 1 << 28; }).find(too_large) != std::string::npos);
  CHECK(refuse([](AlbertConfig& c) { c.embedding_size = 1 << 28; }).find(too_large) != std::string::npos);
  CHECK(refuse([](AlbertConfig& c) { c.hidden_size = 1 << 28; }).find(too_large) != std::string::npos);
  CHECK(refuse([](AlbertConfig& c) { c.embedding_size = 5; }).find("does not fit the model") != std::string::npos);
  write_config(BertConfig{}, (folder.path() / "config.json").string());
  CHECK_THROWS_AS(AlbertModel<float>::from_pretrained(folder.path()), FormatError);
}

}  // namespace albert_folder_test
