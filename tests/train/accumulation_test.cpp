// The gradient of an optimizer step does not depend on how its rows are cut into batches.
#include <tempa/data/label_columns.hpp>
#include <tempa/data/masked_tokens.hpp>
#include <tempa/data/token_classification.hpp>
#include <tempa/models/bert/heads.hpp>

#include "support/catch.hpp"
#include "train/step_gradient.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <vector>

namespace accumulation_test {

using namespace tempa;

namespace {

constexpr auto kSingle = ProblemType::kSingleLabelClassification;
constexpr auto kMulti = ProblemType::kMultiLabelClassification;
constexpr auto kRegression = ProblemType::kRegression;

BertConfig small_config(std::optional<ProblemType> problem = std::nullopt) {
  return {.vocab_size = 13,
          .hidden_size = 8,
          .num_hidden_layers = 1,
          .num_attention_heads = 2,
          .intermediate_size = 12,
          .hidden_dropout_prob = 0,
          .attention_probs_dropout_prob = 0,
          .max_position_embeddings = 10,
          .initializer_range = 0.3,
          .id2label = {"a", "b", "c"},
          .problem_type = problem};
}

/// 1 to 9 tokens.
Encoding random_text(Generator& random) {
  Encoding text;
  for (Index t = 1 + random.below(9); t > 0; --t) text.ids.push_back(static_cast<std::int32_t>(random.below(13)));
  text.token_type_ids.assign(text.ids.size(), 0);
  return text;
}

/// Random examples: 3 to 14 of them.
template <typename Make>
auto random_rows(Generator& random, const Make& make) {
  std::vector<decltype(make(random_text(random)))> rows;
  for (Index n = 3 + random.below(12); n > 0; --n) rows.push_back(make(random_text(random)));
  return rows;
}

/// Checks random cuts of random rows, as a trainer takes them, or a loop of one's own.
/// @param make a row of a text.
template <bool by_hand = false, typename Model, typename Make, typename Collate>
void check_cuts(Model model, const Make& make, const Collate& collate) {
  constexpr double kBound = 1e-13;  // some roundings of the weights, which are below 2
  const auto step = [&](const auto& batches) {
    if constexpr (by_hand) {
      return step_by_hand(model, batches);
    } else {
      return step_on(model, batches);
    }
  };
  Generator random(17);
  bool any = false;
  for (int round = 0; round < 12; ++round) {
    const auto rows = random_rows(random, [&](const Encoding& text) { return make(random, text); });
    const auto parts = 2 + random.below(std::min<Index>(5, static_cast<Index>(rows.size()) - 1));
    INFO("round " << round << ", " << rows.size() << " rows in " << parts << " batches");
    const Step whole = step(std::vector{collate(std::span(rows))});
    const Step cut = step(random_cut(random, rows, static_cast<std::size_t>(parts), collate));
    CHECK(distance(whole.gradient, cut.gradient) < kBound);
    CHECK(std::abs(whole.loss - cut.loss) < kBound);
    any = any || whole.loss != 0;
  }
  CHECK(any);
}

}  // namespace

TEST_CASE("Accumulation: one label a row, by class weights and smoothing, also of weight zero", "[train]") {
  manual_seed(1);
  BertForSequenceClassification<double> model(small_config(kSingle));
  const auto row = [](Generator& random, const Encoding& text) {
    return TextExample{.encoding = text, .label = static_cast<std::int32_t>(random.below(3))};
  };
  const auto some = [&](Generator& random, const Encoding& text) {
    TextExample example = row(random, text);
    if (random.below(3) == 0) example.label = kNoLabel;
    return example;
  };
  SECTION("plain") { check_cuts(model, row, PackedCollate{}); }
  SECTION("rows without a label") { check_cuts<true>(model, some, PackedCollate{}); }
  SECTION("smoothing") {
    model.loss_options = {.label_smoothing = 0.3};
    check_cuts(model, row, PackedCollate{});
  }
  SECTION("class weights") {
    model.loss_options = {.class_weights = {0.1, 1, 7}};
    check_cuts(model, row, PackedCollate{});
  }
  SECTION("all of it, and a class that does not count") {
    model.loss_options = {.class_weights = {0, 1, 7}, .label_smoothing = 0.3};
    check_cuts(model, row, PackedCollate{});
    check_cuts<true>(model, some, PackedCollate{});
  }
}

TEST_CASE("Accumulation: probabilities as targets, several labels, regression", "[train]") {
  manual_seed(2);
  const auto row = [](Generator& random, const Encoding& text) {
    TextExample example{.encoding = text, .label = static_cast<std::int32_t>(random.below(3))};
    for (int k = 0; k < 3; ++k) example.targets.push_back(static_cast<float>(random.below(2)));
    return example;
  };
  for (const ProblemType problem : {kSingle, kMulti, kRegression}) {
    BertForSequenceClassification<double> model(small_config(problem));
    model.loss_options = {.class_weights = {0.5, 1, 7}, .label_smoothing = 0.3};
    check_cuts(model, row, PackedCollate{});
  }
}

TEST_CASE("Accumulation: labels of tokens, of which a batch may have none", "[train]") {
  manual_seed(3);
  BertForTokenClassification<double> model(small_config());
  int count = 0;  // every third sentence has a label on its first token, every third one has none
  const auto row = [&](Generator& random, const Encoding& text) {
    TokenExample example{.encoding = text, .word_ids = {}, .labels = {}};
    const bool some = ++count % 3 == 0, none = count % 3 == 1;
    for (std::size_t t = 0; t < text.ids.size(); ++t)
      example.labels.push_back(
          none || (random.below(2) == 0 && !(some && t == 0)) ? kNoLabel : static_cast<std::int32_t>(random.below(3)));
    return example;
  };
  SECTION("plain") { check_cuts(model, row, TokenCollate{}); }
  SECTION("class weights and smoothing") {
    model.loss_options = {.class_weights = {0.5, 0, 7}, .label_smoothing = 0.3};
    check_cuts(model, row, TokenCollate{});
  }
}

TEST_CASE("Accumulation: label columns, also with labels missing", "[train]") {
  manual_seed(4);
  const std::vector<LabelColumn> columns{{"fuel", {"a", "b"}}, {"price", {"x", "y", "z"}}};
  const BertForLabelColumnsClassification<double> model(small_config(), columns);
  const auto row = [&](bool missing) {
    return [&columns, missing](Generator& random, const Encoding& text) {
      LabelColumnsExample example{.encoding = text, .labels = {}};
      for (const LabelColumn& column : columns)
        example.labels.push_back(missing && random.below(3) == 0 ? kNoLabel
                                                                 : static_cast<std::int32_t>(random.below(
                                                                       static_cast<Index>(column.labels.size()))));
      return example;
    };
  };
  check_cuts(model, row(false), LabelColumnsCollate{});
  check_cuts<true>(model, row(true), LabelColumnsCollate{});
}

TEST_CASE("Accumulation: masked tokens, of which a batch may have none", "[train]") {
  manual_seed(5);
  const BertForMaskedLM<double> model(small_config());
  // The tokens of which `labels` tells the word are to be predicted.
  const auto collate = [](std::span<const TokenExample> rows) {
    MaskedLMBatch batch{.input = TokenCollate{}(rows), .positions = {}, .targets = {}};
    std::vector<std::int32_t> positions, targets;
    for (Index n = 0; n < batch.input.tokens(); ++n)
      if (const std::int32_t word = std::as_const(batch.input.labels).data()[n]; word != kNoLabel) {
        positions.push_back(static_cast<std::int32_t>(n));
        targets.push_back(word);
      }
    batch.input.labels = {};
    batch.positions = Tensor<std::int32_t>::from(positions);
    batch.targets = Tensor<std::int32_t>::from(targets);
    return batch;
  };
  check_cuts<true>(
      model,
      [](Generator& random, const Encoding& text) {
        TokenExample example{.encoding = text, .word_ids = {}, .labels = {}};
        const bool none = random.below(2) == 0;
        for (std::size_t t = 0; t < text.ids.size(); ++t)
          example.labels.push_back(none || random.below(2) == 0 ? kNoLabel
                                                                : static_cast<std::int32_t>(random.below(13)));
        return example;
      },
      collate);
}

namespace {

/// A head of a user's own, whose module says nothing about weights: its loss is the mean over the rows.
struct OwnHead : ModuleMembers<OwnHead, double> {
  BertModel<double> bert{small_config()};
  Linear<double> classifier{8, 3};
  ClassifierOutput<double> operator()(const Batch& batch) const {
    const auto logits = classifier(bert(batch, OutputRows::kFirstToken).pooler_output);
    return {cross_entropy(logits, batch.labels, {.class_weights = weights}), logits};
  }
  void visit(auto&& f) {
    f("bert", bert);
    f("classifier", classifier);
  }
  std::vector<double> weights{};
};

/// One with class weights, which says what its loss weighs.
struct WeighedHead : OwnHead {
  WeighedHead() { weights = {0.5, 1, 9}; }
  double loss_weight(const Batch& batch) const {
    return cross_entropy_weight(batch.labels, 3, {.class_weights = weights});
  }
};

}  // namespace

TEST_CASE("Accumulation: a head of one's own counts rows, or has a member loss_weight", "[train]") {
  const auto row = [](Generator& random, const Encoding& text) {
    return TextExample{.encoding = text, .label = static_cast<std::int32_t>(random.below(3))};
  };
  manual_seed(7);
  check_cuts(OwnHead{}, row, PackedCollate{});
  check_cuts(WeighedHead{}, row, PackedCollate{});
}

TEST_CASE("Accumulation: steps that end in a short group and a short batch are those of large batches", "[train]") {
  Generator random(9);
  std::vector<TextExample> rows;
  for (int i = 0; i < 11; ++i)
    rows.push_back({.encoding = random_text(random), .label = static_cast<std::int32_t>(random.below(3))});
  const auto trained = [&](Index batch_size, Index accumulation) {
    manual_seed(8);
    BertForSequenceClassification<double> model(small_config(kSingle));
    model.loss_options = {.class_weights = {0.5, 1, 9}};
    DataLoader loader(rows, {.batch_size = batch_size});
    SGD optimizer(model.parameters(), {.lr = 0.5});
    Trainer trainer(
        model, optimizer,
        {.epochs = 2, .gradient_accumulation_steps = accumulation, .log = nullptr, .progress = {.out = nullptr}});
    trainer.fit(loader);
    CHECK(trainer.steps() == 4);
    return model.bert.embeddings.word_embeddings.weight.value().to_vector();
  };
  // 6 and 5 rows: batches of 2, 2, 2 and 2, 2, 1.
  CHECK(distance(trained(6, 1), trained(2, 3)) < 1e-13);
}

TEST_CASE("Accumulation: a batch whose rows weigh nothing adds nothing, alone, among others and in an evaluation",
          "[train]") {
  manual_seed(11);
  BertForSequenceClassification<double> model(small_config(kSingle));
  model.loss_options = {.class_weights = {0, 1, 2}, .label_smoothing = 0.1};
  Generator random(12);
  const auto batch = [&](std::int32_t label) {
    const std::vector<TextExample> rows{{.encoding = random_text(random), .label = label},
                                        {.encoding = random_text(random), .label = label}};
    return PackedCollate{}(rows);
  };
  const Batch counts = batch(1);
  const Step alone = step_on(model, std::vector{batch(0)});
  CHECK(alone.loss == 0);
  CHECK(alone.gradient == std::vector<double>(alone.gradient.size(), 0.0));
  const Step both = step_on(model, std::vector{batch(0), counts}), one = step_on(model, std::vector{counts});
  CHECK(both.loss == one.loss);
  CHECK(both.gradient == one.gradient);
  const Step ignored = step_by_hand(model, std::vector{batch(kNoLabel), counts, batch(kNoLabel)});
  CHECK(distance(ignored.gradient, one.gradient) < 1e-15);
  std::vector<Batch> skipped{batch(0)};
  model.loss_options = {};
  const double plain = evaluate(model, skipped).scores["loss"];
  model.loss_options = {.class_weights = {0, 1, 2}};
  CHECK(evaluate(model, skipped).scores["loss"] == plain);
  CHECK(plain > 0);
}

}  // namespace accumulation_test
