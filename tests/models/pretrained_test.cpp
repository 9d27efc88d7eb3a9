// Model folders: every file, name and type that weights come in, and what is written.
#include <tempa/autograd/no_grad.hpp>
#include <tempa/io/safetensors/safetensors.hpp>
#include <tempa/models/bert/heads.hpp>
#include <tempa/ops/reduction.hpp>

#include "support/catch.hpp"
#include "support/fixtures.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace pretrained_test {

using namespace tempa;
using Classifier = BertForSequenceClassification<float>;

namespace {

BertConfig small() {
  BertConfig config;
  config.vocab_size = 11;
  config.hidden_size = 8;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 2;
  config.intermediate_size = 12;
  config.max_position_embeddings = 6;
  config.id2label = {"positive", "neutral", "negative"};
  return config;
}

Batch batch() {
  return pack_padded(Tensor<std::int32_t>::from({1, 2, 3, 4, 5, 6}, {2, 3}),
                     Tensor<std::int32_t>::from({1, 1, 1, 1, 1, 0}, {2, 3}));
}

/// A folder with a random classifier and its logits.
struct Saved {
  TemporaryFolder folder;
  std::vector<float> logits;
  StateDict weights;

  Saved() {
    manual_seed(3);
    Classifier model(small());
    model.eval();
    logits = model(batch()).logits.value().to_vector();
    model.save_pretrained(folder.path());
    weights = load_safetensors((folder.path() / "model.safetensors").string());
  }
  /// Writes the weights anew, under names that `rename` gives; "" leaves one out.
  template <typename Rename>
  void write_weights(const Rename& rename) const {
    StateDict renamed;
    for (const auto& entry : weights)
      if (const std::string name = rename(entry.name); !name.empty()) renamed.insert(name, entry.tensor);
    save_safetensors((folder.path() / "model.safetensors").string(), renamed);
  }
  /// Loads, and returns what was said in the log.
  std::string load(PretrainedOptions options = {}) const {
    std::ostringstream log;
    options.log = &log;
    static_cast<void>(Classifier::from_pretrained(folder.path(), options));
    return log.str();
  }
};

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  if (const std::size_t at = text.find(from); at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

/// An own head around the encoder.
struct Head : ModuleMembers<Head, float> {
  BertModel<float> bert{small()};
  Linear<float> scores{8, 4};
  void visit(auto&& f) {
    f("bert", bert);
    f("scores", scores);
  }
};

std::vector<float> logits_of(const std::filesystem::path& folder, const PretrainedOptions& options = {}) {
  return Classifier::from_pretrained(folder, options)(batch()).logits.value().to_vector();
}

}  // namespace

TEST_CASE("save_pretrained: a saved model comes back with the same bits, ready to evaluate", "[models]") {
  const Saved saved;
  auto again = Classifier::from_pretrained(saved.folder.path());
  CHECK(again.config().id2label == small().id2label);
  CHECK(again.config().architectures == std::vector<std::string>{"BertForSequenceClassification"});
  CHECK(again.config().dtype == DType::kFloat32);
  CHECK_FALSE(again.dropout.mode);
  for (const auto& [name, variable] : again.named_parameters()) {
    INFO(name);
    CHECK(variable.value().to_vector() == saved.weights.get<float>(name).to_vector());
    CHECK(variable.requires_grad());
  }
  CHECK(again(batch()).logits.value().to_vector() == saved.logits);
  CHECK(saved.load().empty());
}

TEST_CASE("save_pretrained: a model in double, and storage in 16 bits", "[models]") {
  const Saved saved;
  const auto path = saved.folder.path();
  auto wide = BertForSequenceClassification<double>::from_pretrained(path);
  wide.save_pretrained(path / "double");
  CHECK(read_config<BertConfig>((path / "double/config.json").string()).dtype == DType::kFloat64);
  CHECK(logits_of(path / "double") == saved.logits);
  for (const DType type : {DType::kFloat16, DType::kBFloat16, DType::kFloat32}) {
    wide.save_pretrained(path / "other", {.dtype = type});
    CHECK(read_config<BertConfig>((path / "other/config.json").string()).dtype == type);
    const StateDict stored = load_safetensors((path / "other/model.safetensors").string());
    for (const auto& entry : stored) CHECK(dtype(entry.tensor) == type);
    auto narrow = BertForSequenceClassification<double>::from_pretrained(path / "other");
    for (const auto& [name, variable] : narrow.named_parameters())
      CHECK(variable.value().to_vector() == stored.get<double>(name).to_vector());
  }
  CHECK_THROWS_AS(wide.save_pretrained(path / "other", {.dtype = DType::kInt32}), ConfigError);
  wide.classifier.weight.mutable_value().fill(1e6);
  const std::string before = read_text_file((path / "other/model.safetensors").string());
  CHECK(thrown<NumericalError>([&] { wide.save_pretrained(path / "other", {.dtype = DType::kFloat16}); }) ==
        "[save_pretrained] 'classifier.weight' must fit into float16 but element 0 is 1e+06");
  CHECK(read_text_file((path / "other/model.safetensors").string()) == before);
}

TEST_CASE("from_pretrained: a 16-bit model to be trained knows its weights in float, one for inference does not",
          "[models]") {
  const Saved saved;
  const auto load = [&] { return BertForSequenceClassification<bfloat16>::from_pretrained(saved.folder.path()); };
  auto trained = load();
  for (const auto& [name, parameter] : trained.named_parameters())
    CHECK(parameter.unrounded().to_vector() == saved.weights.get<float>(name).to_vector());
  const NoGrad no_grad;
  auto used = load();
  for (const auto& parameter : used.parameters()) CHECK(parameter.unrounded().empty());
}

TEST_CASE("save_pretrained: a folder that cannot take both files keeps the old ones", "[models]") {
  const Saved saved;
  const auto path = saved.folder.path();
  const std::string config = read_text_file((path / "config.json").string());
  auto model = Classifier::from_pretrained(path);
  model.config().id2label = {"a", "b", "\xff"};
  CHECK_THROWS_AS(model.save_pretrained(path), ValueError);
  CHECK(read_text_file((path / "config.json").string()) == config);
  std::filesystem::remove(path / "model.safetensors");
  std::filesystem::create_directories(path / "model.safetensors" / "in the way");
  model.config().id2label = {"a", "b", "c"};
  CHECK_THROWS_AS(model.save_pretrained(path), IoError);
  CHECK(read_text_file((path / "config.json").string()) == config);
  const auto is_temporary = [](const auto& file) { return file.path().extension() == ".tmp"; };
  const std::filesystem::directory_iterator files(path);
  CHECK(std::none_of(begin(files), end(files), is_temporary));
}

TEST_CASE("from_pretrained: names of every age load the same model", "[models]") {
  const Saved saved;
  const auto old_norms = [](std::string name) {
    if (name.ends_with("LayerNorm.weight")) name = replaced(name, "LayerNorm.weight", "LayerNorm.gamma");
    return replaced(name, "LayerNorm.bias", "LayerNorm.beta");
  };
  using Rename = std::string (*)(std::string);
  const std::vector<Rename> ages{
      [](std::string name) { return replaced(name, "bert.", ""); },
      [](std::string name) { return "module." + name; },
      [](std::string name) { return "module." + replaced(name, "bert.", ""); },
      old_norms,
  };
  for (const Rename rename : ages) {
    saved.write_weights(rename);
    CHECK(logits_of(saved.folder.path()) == saved.logits);
    CHECK(saved.load().empty());
    std::ostringstream log;
    LoadReport report;
    auto encoder = BertModel<float>::from_pretrained(saved.folder.path(), {.log = &log, .report = &report});
    CHECK(report.unexpected == std::vector<std::string>{"classifier.bias", "classifier.weight"});
    CHECK(report.missing.empty());
    CHECK(log.str().find("BertModel LOAD REPORT from: ") == 0);
    CHECK(encoder.pooler.dense.weight.value().to_vector() ==
          saved.weights.get<float>("bert.pooler.dense.weight").to_vector());
  }
}

TEST_CASE("from_pretrained: a head that the file does not have is new, drawn by the seed, and reported", "[models]") {
  const Saved saved;
  saved.write_weights([](const std::string& name) { return name.starts_with("classifier") ? "" : name; });
  LoadReport report;
  const std::string log = saved.load({.report = &report});
  CHECK(report.missing == std::vector<std::string>{"classifier.weight", "classifier.bias"});
  CHECK(report.loaded.size() == saved.weights.size() - 2);
  CHECK(log.find("classifier.weight | MISSING") != std::string::npos);

  std::vector<std::vector<float>> heads;
  for (const int seed : {1, 1, 2}) {
    manual_seed(static_cast<std::uint64_t>(seed));
    auto model = Classifier::from_pretrained(saved.folder.path(), {.log = nullptr});
    heads.push_back(model.classifier.weight.value().to_vector());
    CHECK(model.classifier.bias.value().to_vector() == std::vector<float>(3, 0.0F));
  }
  CHECK(heads[0] == heads[1]);
  CHECK(heads[0] != heads[2]);
  const auto largest = *std::max_element(heads[0].begin(), heads[0].end());
  CHECK(largest > 0);
  CHECK(largest < 6 * 0.02F);  // of 24 normal numbers of deviation initializer_range
  manual_seed(1);
  Linear<float> alone(8, 3, {.initializer_range = 0.02});
  CHECK(heads[0] == alone.weight.value().to_vector());  // nothing was drawn for weights that were loaded
}

TEST_CASE("from_pretrained: a pooler may be missing, a hole in the encoder is an error unless it is asked for",
          "[models]") {
  const Saved saved;
  saved.write_weights([](const std::string& name) { return name.find("pooler") == std::string::npos ? name : ""; });
  CHECK(saved.load().find("bert.pooler.dense.weight | MISSING") != std::string::npos);
  for (const std::string hole :
       {"bert.encoder.layer.1.output.dense.weight", "bert.embeddings.word_embeddings.weight"}) {
    saved.write_weights([&](const std::string& name) { return name == hole ? "" : name; });
    const std::string text = thrown<ValueError>([&] { saved.load(); });
    CHECK(text.find("[from_pretrained] the checkpoint has no '" + hole + "'; allow_missing_weights") == 0);
    CHECK(text.find("| MISSING") != std::string::npos);
    const std::string log = saved.load({.allow_missing_weights = true});
    CHECK(log.find("MISSING") != std::string::npos);
  }
  auto model = Classifier::from_pretrained(saved.folder.path(), {.allow_missing_weights = true, .log = nullptr});
  const auto words = model.bert.embeddings.word_embeddings.weight.value();
  CHECK(words.rows(0, 1).to_vector() == std::vector<float>(8, 0.0F));  // the padding row of a new table
  CHECK(words.rows(1, 2).to_vector() != std::vector<float>(8, 0.0F));
}

TEST_CASE("from_pretrained: another number of labels", "[models]") {
  const Saved saved;
  CHECK(thrown<ShapeError>([&] {
          saved.load({.num_labels = 5});
        }).find("[from_pretrained] 'classifier.weight' does not fit the model; ignore_mismatched_sizes") == 0);
  const std::string log = saved.load({.num_labels = 5, .ignore_mismatched_sizes = true});
  CHECK(log.find("classifier.weight | MISMATCH | checkpoint (3,8) float32, model (5,8) float32") != std::string::npos);
  const auto labels = [&](PretrainedOptions options) {
    options.log = nullptr;
    options.ignore_mismatched_sizes = true;
    return Classifier::from_pretrained(saved.folder.path(), options).config().id2label;
  };
  using Names = std::vector<std::string>;
  CHECK(labels({}) == small().id2label);
  CHECK(labels({.num_labels = 3}) == small().id2label);
  CHECK(labels({.num_labels = 2}) == Names{"LABEL_0", "LABEL_1"});
  CHECK(labels({.labels = {"a", "b"}}) == Names{"a", "b"});
  CHECK(labels({.num_labels = 2, .labels = {"a", "b"}}) == Names{"a", "b"});
  CHECK_THROWS_AS(labels({.num_labels = 3, .labels = {"a", "b"}}), ConfigError);
  CHECK_THROWS_AS(labels({.num_labels = 0}), ConfigError);
  CHECK(thrown<ConfigError>([&] {
          labels({.labels = {"a", "a"}});
        }) == "[from_pretrained] labels must differ but 'a' is there twice");
  CHECK_THROWS_AS(labels({.num_labels = 1, .problem_type = ProblemType::kSingleLabelClassification}), ConfigError);
  auto regression = Classifier::from_pretrained(
      saved.folder.path(),
      {.num_labels = 1, .problem_type = ProblemType::kRegression, .ignore_mismatched_sizes = true, .log = nullptr});
  CHECK(regression.config().problem_type == ProblemType::kRegression);
  CHECK(regression(batch()).logits.shape() == Shape{2, 1});
}

TEST_CASE("from_pretrained: weights that are no numbers, or integers", "[models]") {
  const Saved saved;
  StateDict odd;
  for (const auto& entry : saved.weights)
    odd.insert(entry.name, entry.name == "classifier.bias"
                               ? AnyTensor(Tensor<float>::from({1, std::numeric_limits<float>::infinity(), 2}))
                               : entry.tensor);
  save_safetensors((saved.folder.path() / "model.safetensors").string(), odd);
  CHECK(saved.load().empty());
  CHECK(thrown<NumericalError>([&] { saved.load({.check_finite = true}); }).find("'classifier.bias' must be finite") !=
        std::string::npos);
  StateDict integers;
  for (const auto& entry : saved.weights)
    integers.insert(entry.name,
                    entry.name == "classifier.bias" ? AnyTensor(Tensor<std::int32_t>::from({1, 2, 3})) : entry.tensor);
  save_safetensors((saved.folder.path() / "model.safetensors").string(), integers);
  CHECK(thrown<ValueError>([&] {
          saved.load({.ignore_mismatched_sizes = true});
        }).find("classifier.bias | MISMATCH | checkpoint (3) int32, model (3) float32") != std::string::npos);
}

TEST_CASE("from_pretrained: the files are tried in transformers' order", "[models]") {
  const Saved saved;
  const auto path = saved.folder.path();
  const auto chosen = [&] {
    try {
      return load_folder_weights(path).path;
    } catch (const FormatError& error) {
      return std::string(error.what());
    }
  };
  for (const std::string name : {"pytorch_model.bin.index.json", "pytorch_model.bin", "model.safetensors.index.json"}) {
    std::filesystem::rename(path / "model.safetensors", path / "kept");
    saved.folder.write(name, "x");
    CHECK(chosen().find(name) != std::string::npos);  // and refused, not passed over
    std::filesystem::rename(path / "kept", path / "model.safetensors");
    CHECK(chosen() == (path / "model.safetensors").string());
  }
  const TemporaryFolder empty;
  write_config(small(), (empty.path() / "config.json").string());
  CHECK(thrown<IoError>([&] { Classifier::from_pretrained(empty.path()); })
            .find("expected one of model.safetensors, model.safetensors.index.json, pytorch_model.bin and "
                  "pytorch_model.bin.index.json but there is none") != std::string::npos);
  CHECK(thrown<IoError>([&] { Classifier::from_pretrained(empty.path() / "none"); }).find("config.json") !=
        std::string::npos);
}

TEST_CASE("from_pretrained: a config.json of another model is refused before memory is taken", "[models]") {
  const Saved saved;
  const auto refuse = [&](const auto& change) {
    BertConfig other = small();
    change(other);
    write_config(other, (saved.folder.path() / "config.json").string());
    return thrown<Error>([&] { saved.load(); });
  };
  CHECK(refuse([](BertConfig& c) { c.hidden_size = 16; }).find("does not fit the model") != std::string::npos);
  CHECK(refuse([](BertConfig& c) { c.num_hidden_layers = 3; }).find("has no 'bert.encoder.layer.2") !=
        std::string::npos);
  const std::string small_file = "config.json describes an encoder of ";
  CHECK(refuse([](BertConfig& c) { c.num_hidden_layers = 1 << 28; }).find(small_file) != std::string::npos);
  CHECK(refuse([](BertConfig& c) { c.vocab_size = 1 << 28; }).find(small_file) != std::string::npos);
  CHECK(refuse([](BertConfig& c) { c.hidden_size = 1 << 28; }).find(small_file) != std::string::npos);
}

TEST_CASE("from_pretrained: a folder of 2019 and one of transformers 5 compute what transformers computes",
          "[models]") {
  // Two float64 computations of one formula; see bert_test.cpp.
  constexpr double kDoubleBound = 1e-11;
  const auto worst = [](const Tensor<double>& a, const Tensor<double>& b) {
    REQUIRE(a.numel() == b.numel());
    double difference = 0;
    for (Index i = 0; i < a.numel(); ++i) difference = std::max(difference, std::abs(a.data()[i] - b.data()[i]));
    return difference;
  };
  for (const std::string name : {"old_folder", "sharded_folder"}) {
    INFO(name);
    const std::filesystem::path folder = fixture_path("models/" + name);
    const StateDict expected = load_safetensors((folder / "expected.safetensors").string());
    const Batch input = pack_padded(expected.get<std::int32_t>("ids"), expected.get<std::int32_t>("attention_mask"),
                                    expected.get<std::int32_t>("token_type_ids"));
    LoadReport report;
    auto model = BertForSequenceClassification<double>::from_pretrained(folder, {.log = nullptr, .report = &report});
    const auto hidden = model.bert(input);
    // The real tokens of a (2,5,4) table: all of row 0, three of row 1.
    const auto padded = expected.get<double>("last_hidden_state").reshape({10, 4});
    CHECK(worst(hidden.last_hidden_state.value(), padded.rows(0, 8)) < kDoubleBound);
    CHECK(worst(hidden.pooler_output.value(), expected.get<double>("pooler_output")) < kDoubleBound);
    using Names = std::vector<std::string>;
    if (name == "old_folder") {
      CHECK(report.missing == Names{"classifier.weight", "classifier.bias"});
      CHECK(report.ignored == Names{"bert.embeddings.position_ids"});
      CHECK(report.unexpected.size() == 9);  // cls.predictions.*, cls.seq_relationship.*
      CHECK(model.config().num_labels() == 2);
    } else {
      CHECK(report.complete());
      CHECK(model.config().dtype == DType::kBFloat16);
      CHECK(worst(model(input).logits.value(), expected.get<double>("logits")) < kDoubleBound);
    }
    // What is written back says the same of everything that tempa does not know.
    const TemporaryFolder out;
    model.save_pretrained(out.path());
    const JsonFile before = read_json((folder / "config.json").string()),
                   after = read_json((out.path() / "config.json").string());
    for (const auto& item : before.root.items())
      if (item.key() != "architectures" && item.key() != "dtype") CHECK(after.root.at(item.key()) == item.value());
  }
}

TEST_CASE("load_pretrained_weights: an own head around the encoder keeps its values", "[models]") {
  const Saved saved;
  Head head;
  const auto before = head.scores.weight.value().to_vector();
  std::ostringstream log;
  load_pretrained_weights(head, saved.folder.path(), {.log = &log}, "Head");
  CHECK(head.scores.weight.value().to_vector() == before);
  CHECK(head.bert.pooler.dense.weight.value().to_vector() ==
        saved.weights.get<float>("bert.pooler.dense.weight").to_vector());
  CHECK(log.str().find("Head LOAD REPORT") == 0);
}

TEST_CASE("from_pretrained: between a masked language model and a classifier only the heads change", "[models]") {
  const Saved saved;
  const auto path = saved.folder.path();
  LoadReport report;
  auto language_model = BertForMaskedLM<float>::from_pretrained(path, {.log = nullptr, .report = &report});
  CHECK(report.missing.size() == 5);
  CHECK(report.unexpected.size() == 4);  // pooler and classifier
  language_model.save_pretrained(path / "language");
  auto classifier = Classifier::from_pretrained(path / "language", {.log = nullptr, .report = &report});
  CHECK(report.missing == std::vector<std::string>{"bert.pooler.dense.weight", "bert.pooler.dense.bias",
                                                   "classifier.weight", "classifier.bias"});
  CHECK(classifier.config().id2label == small().id2label);
  CHECK(classifier.bert.embeddings.word_embeddings.weight.value().to_vector() ==
        saved.weights.get<float>("bert.embeddings.word_embeddings.weight").to_vector());
}

}  // namespace pretrained_test
