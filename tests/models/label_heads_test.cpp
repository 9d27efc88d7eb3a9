// A trained head that goes on with other labels, and models without a head.
#include <tempa/io/safetensors/safetensors.hpp>
#include <tempa/models/bert/heads.hpp>

#include "models/small_bert.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

#include <filesystem>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace label_heads_test {

using namespace tempa;
using Classifier = BertForSequenceClassification<float>;
using Columns = BertForLabelColumnsClassification<float>;
using Names = std::vector<std::string>;
using Values = std::vector<float>;

namespace {

BertConfig config_with(Names labels) {
  BertConfig config = small_bert_config();
  config.hidden_size = config.intermediate_size = 8;
  config.num_hidden_layers = 1;
  config.id2label = std::move(labels);
  return config;
}

/// A folder with a random model whose biases are not 0.
template <typename Model>
struct Saved {
  TemporaryFolder folder;
  Model model;

  explicit Saved(const Names& labels) : model(config_with(labels)) {
    for (auto& [name, parameter] : model.named_parameters())
      if (name.ends_with("bias"))
        for (float& value : parameter.mutable_value().span()) value = static_cast<float>(default_generator().normal());
    model.save_pretrained(folder.path());
  }
};

/// Row `k` of a head: its weights, then its bias.
Values row(Linear<float>& head, Index k) {
  Values values = head.weight.value().rows(k, k + 1).to_vector();
  values.push_back(head.bias.value().to_vector()[static_cast<std::size_t>(k)]);
  return values;
}

template <typename Model>
std::pair<Model, std::string> load(const std::filesystem::path& folder, PretrainedOptions options) {
  std::ostringstream log;
  options.log = &log;
  auto model = Model::from_pretrained(folder, options);
  return {std::move(model), log.str()};
}

}  // namespace

TEMPLATE_TEST_CASE("Label heads: rows follow their labels into another order, and new ones are drawn as a new head's",
                   "[models]", BertForSequenceClassification<float>, BertForTokenClassification<float>) {
  Saved<TestType> saved({"good", "bad", "plain"});
  auto& old = saved.model.classifier;
  const auto folder = saved.folder.path();
  LoadReport report;
  manual_seed(5);
  auto [model, log] = load<TestType>(folder, {.labels = {"bad", "mixed", "Good"}, .report = &report});
  CHECK(model.config().id2label == Names{"bad", "mixed", "Good"});
  CHECK(row(model.classifier, 0) == row(old, 1));
  CHECK(row(model.classifier, 2) == row(old, 0));
  CHECK(log == "labels: kept bad, Good (good before); new mixed; dropped plain\n");
  CHECK(report.extended == Names{"classifier.weight", "classifier.bias"});
  CHECK(report.missing.empty());
  CHECK_FALSE(report.complete());
  manual_seed(5);
  Linear<float> fresh(8, 3, {.initializer_range = 0.02});
  CHECK(row(model.classifier, 1) == row(fresh, 1));
  CHECK(model.classifier.bias.value().to_vector()[1] == 0.0F);

  auto [in_order, line] = load<TestType>(
      folder, {.labels = {"bad", "mixed", "Good"}, .label_order = LabelOrder::kModel, .keep_labels = true});
  CHECK(in_order.config().id2label == Names{"good", "bad", "plain", "mixed"});
  for (const Index k : {0, 1, 2}) CHECK(row(in_order.classifier, k) == row(old, k));
  CHECK(line == "labels: kept good (Good in the data), bad, plain (not in the data); new mixed\n");

  auto [other, said] = load<TestType>(folder, {.labels = {"x", "y"}, .report = &report});
  CHECK(said.find("labels: kept none; new x, y; dropped good, bad, plain\n") == 0);
  CHECK(report.missing == Names{"classifier.weight", "classifier.bias"});
  CHECK(other.classifier.bias.value().to_vector() == Values{0, 0});

  auto [same, nothing_new] = load<TestType>(folder, {.labels = {"plain", "good", "bad"}, .report = &report});
  CHECK(report.complete());
  CHECK(nothing_new == "labels: kept plain, good, bad\n");
  CHECK(row(same.classifier, 0) == row(old, 2));
}

TEST_CASE("Label heads: the same in all storage forms, names and types", "[models]") {
  Saved<Classifier> saved({"POSITIVE", "NEGATIVE"});
  const auto folder = saved.folder.path();
  const std::string path = (folder / "model.safetensors").string();
  const StateDict whole = load_safetensors(path);
  const auto check = [&](bool exact) {
    auto [model, log] = load<Classifier>(folder, {.labels = {"negative", "new", "positive"}});
    const std::vector<std::pair<Index, Index>> same{{0, 1}, {2, 0}};
    for (const auto& [now, before] : same) {
      const Values a = row(model.classifier, now), b = row(saved.model.classifier, before);
      for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == Approx(b[i]).epsilon(exact ? 0 : 0.01).margin(0));
    }
    CHECK(log.find("labels: kept negative (NEGATIVE before), positive (POSITIVE before); new new\n") == 0);
  };
  check(true);
  for (const DType type : {DType::kFloat64, DType::kFloat16, DType::kBFloat16}) {
    saved.model.save_pretrained(folder, {.dtype = type});
    check(type == DType::kFloat64);
  }
  StateDict parallel;  // of torch.nn.DataParallel
  for (const auto& entry : whole) parallel.insert("module." + entry.name, entry.tensor);
  save_safetensors(path, parallel);
  check(true);
  StateDict first, second;  // two shards, the head in the second
  for (const auto& entry : whole)
    (entry.name.starts_with("classifier") ? second : first).insert(entry.name, entry.tensor);
  save_safetensors((folder / "a.safetensors").string(), first);
  save_safetensors((folder / "b.safetensors").string(), second);
  nlohmann::json index{{"metadata", nlohmann::json::object()}};
  for (const auto& entry : whole)
    index["weight_map"][entry.name] = entry.name.starts_with("classifier") ? "b.safetensors" : "a.safetensors";
  std::filesystem::remove(path);
  saved.folder.write("model.safetensors.index.json", index.dump());
  check(true);
}

TEST_CASE("Label heads: a model in 16 bits keeps the rows in float as well", "[models]") {
  Saved<Classifier> saved({"a", "b"});
  auto model = BertForSequenceClassification<bfloat16>::from_pretrained(saved.folder.path(),
                                                                        {.labels = {"b", "c"}, .log = nullptr});
  const auto exact = model.classifier.weight.unrounded();
  CHECK(exact.rows(0, 1).to_vector() == saved.model.classifier.weight.value().rows(1, 2).to_vector());
  CHECK(exact.rows(1, 2).to_vector() != Values(8, 0.0F));
}

TEST_CASE("Label heads: labels without names, another problem, and names that are there twice", "[models]") {
  Saved<Classifier> saved({"LABEL_0", "LABEL_1"});
  const auto folder = saved.folder.path();
  auto [named, log] = load<Classifier>(folder, {.labels = {"no", "yes"}});
  CHECK(row(named.classifier, 1) == row(saved.model.classifier, 1));
  CHECK(log == "labels: kept no (LABEL_0 before), yes (LABEL_1 before)\n");
  auto [more, line] = load<Classifier>(folder, {.labels = {"no", "yes", "so"}});
  CHECK(line.find("labels: kept none; new no, yes, so\n") == 0);
  CHECK(more.classifier.bias.value().to_vector() == Values{0, 0, 0});

  Saved<Classifier> regression({"stars"});
  auto [graded, said] = load<Classifier>(regression.folder.path(), {.labels = {"grade"}});
  CHECK(row(graded.classifier, 0) == row(regression.model.classifier, 0));
  CHECK(said == "labels: kept grade (stars before)\n");
  auto [tagged, anew] = load<Classifier>(regression.folder.path(),
                                         {.labels = {"grade"}, .problem_type = ProblemType::kMultiLabelClassification});
  CHECK(anew.find("labels: kept none; new grade; dropped stars\n") == 0);

  saved.model.config().id2label = {"same", "same"};
  saved.model.save_pretrained(folder);
  CHECK(Classifier::from_pretrained(folder).config().id2label == Names{"same", "same"});
  CHECK(thrown<ConfigError>([&] {
          load<Classifier>(folder, {.labels = {"same", "other"}});
        }) == "[match_labels] the model's labels must differ but 'same' is there twice");
}

TEST_CASE("Label heads: label columns go on column by column", "[models]") {
  const std::vector<LabelColumn> known{{"fuel", {"neg", "pos"}}, {"part", {"a", "b"}}, {"price", {"x", "y", "z"}}};
  Saved<Columns> saved(flat_labels(known));
  auto& old = saved.model.classifiers;
  const std::vector<LabelColumn> given{{"Price", {"y", "w", "x"}}, {"wifi", {"no", "yes"}}, {"fuel", {"neg", "pos"}}};
  std::ostringstream log;
  LoadReport report;
  auto model = Columns::from_pretrained(saved.folder.path(), given, {.log = &log, .report = &report});
  CHECK(model.label_columns == given);
  CHECK(row(model.classifiers[0], 0) == row(old[2], 1));
  CHECK(row(model.classifiers[0], 2) == row(old[2], 0));
  CHECK(row(model.classifiers[0], 1).back() == 0.0F);
  for (const Index k : {0, 1}) CHECK(row(model.classifiers[2], k) == row(old[0], k));
  CHECK(model.classifiers[1].bias.value().to_vector() == Values{0, 0});  // not part's, which stood in its place
  CHECK(report.missing == Names{"classifiers.1.weight", "classifiers.1.bias"});
  CHECK(report.extended == Names{"classifiers.0.weight", "classifiers.0.bias"});
  CHECK(log.str().find("labels: kept Price=y, Price=x, fuel=neg, fuel=pos; new Price=w, wifi=no, wifi=yes; dropped "
                       "Price=z, the column part\n") == 0);

  auto in_order =
      Columns::from_pretrained(saved.folder.path(), given, {.label_order = LabelOrder::kModel, .log = nullptr});
  CHECK(in_order.label_columns ==
        std::vector<LabelColumn>{{"fuel", {"neg", "pos"}}, {"price", {"x", "y", "w"}}, {"wifi", {"no", "yes"}}});
  for (const Index k : {0, 1}) CHECK(row(in_order.classifiers[1], k) == row(old[2], k));

  // A folder whose config.json names no labels: in order, where they are as many.
  BertConfig unnamed = saved.model.config();
  unnamed.id2label = default_labels(7);
  write_config(unnamed, (saved.folder.path() / "config.json").string());
  auto by_place = Columns::from_pretrained(saved.folder.path(), known, {.log = &log});
  for (std::size_t a = 0; a < 3; ++a)
    CHECK(by_place.classifiers[a].weight.value().to_vector() == old[a].weight.value().to_vector());
  CHECK_THROWS_AS(Columns::from_pretrained(saved.folder.path(), given, {.log = nullptr}), ShapeError);
}

TEST_CASE("Label heads: a model without a head is refused where new weights are not allowed", "[models]") {
  Saved<Classifier> saved({"a", "b"});
  const auto folder = saved.folder.path();
  CHECK(load<Classifier>(folder, {.allow_new_weights = false}).second.empty());
  saved.model.bert.save_pretrained(folder);
  const std::string text = thrown<ValueError>([&] { load<Classifier>(folder, {.allow_new_weights = false}); });
  CHECK(text.find("[from_pretrained] the checkpoint has no 'classifier.weight', 'classifier.bias': with random") == 0);
  auto [trained, log] = load<Classifier>(folder, {.labels = {"no", "yes", "so"}});
  CHECK(log.find("labels: the checkpoint has no classifier of labels; a new one begins with no, yes, so\n") == 0);
  CHECK(log.find("classifier.weight | MISSING") != std::string::npos);
  CHECK(load<BertModel<float>>(folder, {.labels = {"no", "yes"}}).second.empty());  // has no head, and says nothing
  CHECK_THROWS_AS(load<Classifier>(folder, {.ignore_mismatched_sizes = true, .allow_new_weights = false}), ValueError);

  Saved<Columns> columns({"fuel=neg", "fuel=pos"});
  columns.model.bert.save_pretrained(columns.folder.path());
  CHECK(thrown<ValueError>([&] {
          load<Columns>(columns.folder.path(), {.allow_new_weights = false});
        }).find("has no 'classifiers.0.weight', 'classifiers.0.bias'") != std::string::npos);
  Saved<Classifier> other({"a", "b"});
  CHECK_THROWS_AS(load<Classifier>(other.folder.path(), {.labels = {"a", "c"}, .allow_new_weights = false}),
                  ValueError);
}

}  // namespace label_heads_test
