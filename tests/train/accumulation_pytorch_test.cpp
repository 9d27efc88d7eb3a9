// The gradient of an optimizer step that is cut into batches, against PyTorch's of the one large batch.
#include <tempa/data/token_classification.hpp>
#include <tempa/models/bert/heads.hpp>

#include "models/head_fixture.hpp"
#include "support/catch.hpp"
#include "train/step_gradient.hpp"

#include <string>
#include <vector>

namespace accumulation_pytorch_test {

using namespace tempa;

namespace {

struct Fixture : HeadFixture {
  Fixture() : HeadFixture{.tensors = load_safetensors(fixture_path("train/accumulation.safetensors").string())} {
    config.id2label = {"a", "b", "c"};
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0;
  }

  std::vector<double> class_weights() const { return tensors.get<double>("weights").to_vector(); }
  /// Row b of a table (B,T) or (B,K), without what is padding where `padded`.
  template <typename T>
  std::vector<T> row(const std::string& name, Index b, bool padded = false) const {
    const auto table = tensors.get<T>(name);
    const auto mask = tensors.get<std::int32_t>("attention_mask");
    std::vector<T> values;
    for (Index t = 0; t < table.size(1); ++t)
      if (!padded || mask.at({b, t}) == 1) values.push_back(table.at({b, t}));
    return values;
  }
  Index rows() const { return tensors.get<std::int32_t>("ids").size(0); }
  Encoding text(Index b) const { return {.ids = row<std::int32_t>("ids", b, true), .token_type_ids = {}}; }

  template <typename Model, typename Row, typename Collate>
  void check(Model& model, const std::vector<Row>& examples, const Collate& collate, const std::string& name) const {
    Generator random(10);
    for (std::size_t parts = 1; parts <= examples.size(); ++parts) {
      INFO(name << " in " << parts << " batches");
      const Step step = step_on(model, random_cut(random, examples, parts, collate));
      CHECK(std::abs(step.loss - tensors.get<double>(name + ".loss").item()) < 1e-7);
      CHECK(distance(step.gradient, tensors.get<float>(name + ".grad").to_vector()) < 1e-6);
    }
  }
};

}  // namespace

TEST_CASE("Accumulation: cut as it may be, a step of a classifier has PyTorch's gradient of the large batch",
          "[train]") {
  const Fixture fixture;
  const std::string name = GENERATE("plain", "single", "multi", "regression");
  BertConfig config = fixture.config;
  config.problem_type = name == "multi"        ? ProblemType::kMultiLabelClassification
                        : name == "regression" ? ProblemType::kRegression
                                               : ProblemType::kSingleLabelClassification;
  auto model = fixture.prepared<double>(BertForSequenceClassification<double>(config), "sequence");
  if (name == "single") model.loss_options = {.class_weights = fixture.class_weights(), .label_smoothing = 0.2};
  std::vector<TextExample> rows;
  for (Index b = 0; b < fixture.rows(); ++b) {
    rows.push_back({.encoding = fixture.text(b)});
    if (config.problem_type == ProblemType::kSingleLabelClassification) {
      rows.back().label = fixture.tensors.get<std::int32_t>("labels").at({b});
    } else {
      rows.back().targets = fixture.row<float>(name == "multi" ? "indicators" : "values", b);
    }
  }
  fixture.check(model, rows, PackedCollate{}, name);
}

TEST_CASE("Accumulation: cut as it may be, a step of a tagger has PyTorch's gradient of the large batch", "[train]") {
  const Fixture fixture;
  auto tagger = fixture.prepared<double>(BertForTokenClassification<double>(fixture.config), "token");
  tagger.loss_options = {.class_weights = fixture.class_weights(), .label_smoothing = 0.1};
  std::vector<TokenExample> rows;
  for (Index b = 0; b < fixture.rows(); ++b)
    rows.push_back(
        {.encoding = fixture.text(b), .word_ids = {}, .labels = fixture.row<std::int32_t>("token.labels", b, true)});
  fixture.check(tagger, rows, TokenCollate{}, "token");
}

}  // namespace accumulation_pytorch_test
