#include <tempa/data/data_loader.hpp>
#include <tempa/metrics/regression.hpp>
#include <tempa/models/bert/heads.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/train/predict.hpp>
#include <tempa/train/report.hpp>
#include <tempa/train/trainer.hpp>

#include "metrics/metrics_fixture.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

#include <cmath>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace evaluation_test {

using namespace tempa;

namespace {

using Classifier = BertForSequenceClassification<float>;
constexpr auto kSingle = ProblemType::kSingleLabelClassification;
constexpr auto kMulti = ProblemType::kMultiLabelClassification;
constexpr auto kRegression = ProblemType::kRegression;

/// What a model gives: any logits at all.
struct Output {
  Variable<float> loss, logits;
};

Output output_of(const Tensor<float>& logits) {
  return {Variable<float>(Tensor<float>::full({}, 0.5F)), Variable<float>(logits)};
}

Batch batch_of(const std::vector<std::int32_t>& labels) {
  Batch batch;
  batch.labels = Tensor<std::int32_t>::from(labels);
  return batch;
}

Batch batch_of(const Tensor<float>& targets) {
  Batch batch;
  batch.targets = targets;
  return batch;
}

/// Rows whose tokens 3 and 4 say whether labels 0 and 1 are set; the value is how often token 3 comes.
std::vector<TextExample> rows_with_targets(int count, ProblemType problem) {
  Generator generator(5);
  std::vector<TextExample> rows;
  for (int i = 0; i < count; ++i) {
    TextExample row{.encoding = {{1}, {}}};
    const auto first = static_cast<float>(generator.below(2)), second = static_cast<float>(generator.below(2));
    for (int t = 0; t < 3; ++t) row.encoding.ids.push_back(6 + static_cast<std::int32_t>(generator.below(4)));
    if (first > 0) row.encoding.ids.push_back(3);
    if (second > 0) row.encoding.ids.push_back(4);
    row.encoding.ids.push_back(2);
    row.targets = problem == kRegression ? std::vector<float>{first - second} : std::vector<float>{first, second};
    rows.push_back(row);
  }
  return rows;
}

Classifier small_model(ProblemType problem, std::vector<std::string> labels) {
  BertConfig config;
  config.vocab_size = 10;
  config.hidden_size = 16;
  config.num_hidden_layers = 1;
  config.num_attention_heads = 2;
  config.intermediate_size = 32;
  config.max_position_embeddings = 16;
  config.id2label = std::move(labels);
  config.problem_type = problem;
  manual_seed(3);
  return Classifier(config);
}

}  // namespace

TEST_CASE("ScoreKeeper: several labels are scored as scikit-learn scores them, batch by batch", "[train]") {
  int scored = 0;
  for (const auto& c : metrics_cases("multi")) {
    const Tensor<float> targets = indicators_of(c.at("y")), predictions = indicators_of(c.at("p"));
    if (number_of(c.at("zero_division")) != 0.0 || c.at("classes").size() != c.at("k").get<std::size_t>()) continue;
    ScoreKeeper keeper(kMulti);
    for (Index row = 0; row < targets.size(0); ++row) {
      Tensor<float> logits = predictions.rows(row, row + 1).clone();
      for (float& logit : logits.span()) logit = logit == 1.0F ? 0.25F : -3.0F;
      keeper.add(output_of(logits), batch_of(targets.rows(row, row + 1)), {.mean = static_cast<double>(row)});
    }
    const Metrics scores = keeper.scores();
    CHECK(scores["accuracy"] == c.at("accuracy").get<double>());
    CHECK(scores["precision_micro"] == number_of(c.at("micro")[0]));
    CHECK(scores["recall_micro"] == number_of(c.at("micro")[1]));
    CHECK(scores["f1_micro"] == number_of(c.at("micro")[2]));
    CHECK(scores["precision_macro"] == number_of(c.at("macro")[0]));
    CHECK(scores["recall_macro"] == number_of(c.at("macro")[1]));
    CHECK(scores["f1_macro"] == number_of(c.at("macro")[2]));
    CHECK(scores["loss"] == Approx(static_cast<double>(targets.size(0) - 1) / 2));
    ++scored;
  }
  CHECK(scored >= 9);
}

TEST_CASE("ScoreKeeper: a regression of several values has the means over the values", "[train]") {
  const auto targets = Tensor<float>::from({1, 5, 2, 5, 4, 6}, {3, 2}),
             values = Tensor<float>::from({1, 6, 3, 6, 4, 7}, {3, 2});
  const Metrics scores = regression_metrics(targets, values, 0.25);
  CHECK(scores["mse"] == Approx((1.0 / 3 + 1.0) / 2));
  CHECK(scores["mae"] == Approx((1.0 / 3 + 1.0) / 2));
  CHECK(scores["pearson"] ==
        Approx((pearson_correlation(std::vector<double>{1, 2, 4}, std::vector<double>{1, 3, 4}) + 1) / 2));
  CHECK(scores["spearman"] == Approx(1.0));
  CHECK(scores.line() == "LOSS:0.2500 MSE:0.6667 MAE:0.6667 PEARSON:0.9643 SPEARMAN:1.0000");
}

TEST_CASE("ScoreKeeper: the problem is found from the first batch where nobody names it", "[train]") {
  const auto one = Tensor<float>::from({0.5F, -0.5F}, {2, 1}), two = Tensor<float>::from({1, -1, -1, 1}, {2, 2});
  ScoreKeeper single, several, regression;
  single.add(output_of(two), batch_of(std::vector<std::int32_t>{0, 1}), BatchLoss{.mean = 1.0});
  CHECK(single.problem() == kSingle);
  CHECK(single.scores()["accuracy"] == 1.0);
  several.add(output_of(two), batch_of(Tensor<float>::from({1, 0, 0, 0}, {2, 2})), BatchLoss{.mean = 1.0});
  CHECK(several.problem() == kMulti);
  CHECK(several.scores()["accuracy"] == 0.5);
  CHECK(several.outputs().to_vector() == std::vector<float>{1, 0, 0, 1});
  regression.add(output_of(one), batch_of(Tensor<float>::from({0, 0}, {2, 1})), BatchLoss{.mean = 1.0});
  CHECK(regression.problem() == kRegression);
  CHECK(regression.scores()["mae"] == 0.5);
  CHECK_THROWS_AS(regression.add(output_of(one), batch_of(two), BatchLoss{.mean = 1.0}), ValueError);
  CHECK_THROWS_AS(single.add(output_of(two), batch_of(std::vector<std::int32_t>{0}), BatchLoss{.mean = 1.0}),
                  ValueError);
  CHECK_THROWS_AS(ScoreKeeper().scores(), ValueError);
}

TEST_CASE("metrics_of and default_metric agree for every problem", "[train]") {
  for (const auto problem : {kSingle, kMulti, kRegression}) {
    const Metrics metrics = metrics_of(problem);
    CHECK(metrics.contains(default_metric(problem)));
    CHECK_FALSE(metrics.at("loss").greater_is_better);
  }
  CHECK_FALSE(metrics_of(kRegression).at("mse").greater_is_better);
  CHECK(metrics_of(kRegression).at("pearson").greater_is_better);
}

TEST_CASE("Trainer: several labels and a regression learn, and the chosen metric keeps the best", "[train]") {
  const auto problem = GENERATE(kMulti, kRegression);
  const std::string metric = problem == kMulti ? "f1_micro" : "mse";
  const auto rows = rows_with_targets(96, problem);
  DataLoader loader(rows, {.batch_size = 16, .shuffle = true, .seed = 1}), valid(rows, {.batch_size = 96});
  Classifier model =
      small_model(problem, problem == kMulti ? std::vector<std::string>{"a", "b"} : std::vector<std::string>{"value"});
  AdamW optimizer(model.parameters(), {.lr = 1e-2});
  std::ostringstream log;
  Trainer trainer(model, optimizer, {.epochs = 40, .metric = metric, .log = &log, .progress = {.out = nullptr}});
  const auto history = trainer.fit(loader, valid);
  std::optional<double> best;
  for (const EpochRecord& record : history) {
    const double value = (*record.valid)[metric];
    const bool better = !best || (problem == kMulti ? value > *best : value < *best);
    CHECK(record.best == better);
    if (better) best = value;
  }
  const Evaluation evaluation = evaluate(model, valid);
  CHECK(evaluation.problem == problem);
  CHECK(evaluation.scores[metric] == *best);
  CHECK((problem == kMulti ? *best > 0.95 : *best < 0.05));
  CHECK_FALSE(evaluation.confusion.has_value());
  CHECK(evaluation.targets.shape() == Shape{96, problem == kMulti ? 2 : 1});
  CHECK(log.str().find(problem == kMulti ? " F1_MICRO:" : " SPEARMAN:") != std::string::npos);
}

TEST_CASE("Trainer: a metric that the problem does not have is refused before the first step", "[train]") {
  const auto message_of = [](auto&& f) -> std::string {
    try {
      f();
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "nothing was thrown";
  };
  const std::string expected = "[Metrics] metric must be loss, mse, mae, pearson or spearman but is 'accuracy'";
  const auto rows = rows_with_targets(4, kRegression);
  DataLoader loader(rows, {.batch_size = 4});
  Classifier model = small_model(kRegression, {"value"});
  AdamW optimizer(model.parameters(), {});
  CHECK(message_of([&] { Trainer(model, optimizer, {.metric = "accuracy"}); }) == expected);
  model.config().problem_type.reset();  // now only the batches say what it is
  const auto before = model.classifier.weight.value().to_vector();
  CHECK(message_of([&] {
          Trainer(model, optimizer, {.metric = "accuracy", .log = nullptr, .progress = {.out = nullptr}})
              .fit(loader, loader);
        }) == expected);
  CHECK(model.classifier.weight.value().to_vector() == before);
  CHECK(message_of([&] { Trainer(model, optimizer, {.metric = "auc"}); }).find("f1_micro") != std::string::npos);
}

TEST_CASE("predict_logits: the order of the examples, whatever their lengths", "[train]") {
  const auto rows = rows_with_targets(50, kMulti);
  Classifier model = small_model(kMulti, {"a", "b"});
  const Tensor<float> logits = predict_logits(model, rows, 8);
  REQUIRE(logits.shape() == Shape{50, 2});
  const NoGrad no_grad;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::vector<TextExample> one{rows[i]};
    const auto alone = model(PackedCollate{}(one)).logits.value();
    // One row in another batch: sums of at most 32 floats near 1 in another order.
    for (Index k = 0; k < 2; ++k)
      CHECK(logits.data()[static_cast<Index>(i) * 2 + k] == Approx(alone.data()[k]).margin(4e-6));
  }
  CHECK_THROWS_AS(predict_logits(model, std::vector<TextExample>{}), ValueError);
  CHECK_THROWS_AS(predict_logits(model, rows, 0), ConfigError);
}

TEST_CASE("predict_logits: logits that are not finite are an error that names the example, not a result", "[train]") {
  const auto rows = rows_with_targets(3, kMulti);
  Classifier model = small_model(kMulti, {"a", "b"});
  model.classifier.bias.mutable_value().data()[1] = std::numeric_limits<float>::infinity();
  CHECK(thrown<NumericalError>([&] {
          predict_logits(model, rows, 1);
        }).find("expected finite logits but those of row ") != std::string::npos);
}

TEST_CASE("probabilities_of: softmax, sigmoid, or the values themselves", "[train]") {
  const auto logits = Tensor<float>::from({0, std::log(3.0F)}, {1, 2});
  CHECK(probabilities_of(logits, kSingle).to_vector()[1] == Approx(0.75));
  CHECK(probabilities_of(logits, kMulti).to_vector()[0] == 0.5F);
  CHECK(probabilities_of(logits, kMulti).to_vector()[1] == Approx(0.75));
  CHECK(probabilities_of(logits, kRegression).to_vector() == logits.to_vector());
}

TEST_CASE("evaluation_report and metrics.json: each problem with what it has", "[train]") {
  Evaluation single{.problem = kSingle, .scores = metrics_of(kSingle)};
  single.confusion = confusion_matrix(std::vector<std::int32_t>{0, 1, 1}, std::vector<std::int32_t>{0, 1, 0}, 2);
  Evaluation several{.problem = kMulti, .scores = metrics_of(kMulti)};
  several.targets = several.outputs = Tensor<float>::from({1, 0}, {1, 2});
  Evaluation regression{.problem = kRegression, .scores = regression_metrics(several.targets, several.outputs, 0.5)};
  CHECK(evaluation_report(single, {"x", "y"}).find("true \\ predicted") != std::string::npos);
  CHECK(evaluation_report(several, {"x", "y"}).find("samples avg") != std::string::npos);
  CHECK(evaluation_report(regression, {"x"}).find("        loss  0.5000\n") == 0);
  CHECK_THROWS_AS(evaluation_report(single, {"x"}), ValueError);

  const TemporaryFolder dir;
  const auto path = dir.path() / "metrics.json";
  EpochRecord epoch{.epoch = 1, .train = single.scores, .valid = single.scores, .lr = 0.5};
  write_metrics(path, {.train = {epoch}, .valid = single, .test = regression}, {"x", "y"});
  const auto root = read_json(path.string()).root;
  CHECK(root.at("train").at(0).at("epoch") == 1);
  CHECK(root.at("train").at(0).at("lr") == 0.5);
  CHECK(root.at("train").at(0).at("f1") == root.at("train").at(0).at("f1_macro"));
  CHECK(root.at("train").at(0).at("valid").at("accuracy").is_number());
  CHECK(root.at("valid").at("confusion_matrix") == nlohmann::json{{1, 0}, {1, 1}});
  CHECK(root.at("valid").at("labels") == nlohmann::json{"x", "y"});
  CHECK(root.at("test").at("pearson").is_null());  // of one row
  CHECK_FALSE(root.at("test").contains("confusion_matrix"));
}

TEST_CASE("evaluate: logits that are not finite are an error, and no score", "[train]") {
  const std::vector<TextExample> rows = rows_with_targets(6, kMulti);
  Classifier model = small_model(kMulti, {"a", "b"});
  DataLoader loader(rows, {.batch_size = 2});
  CHECK(std::isfinite(evaluate(model, loader).scores["loss"]));
  model.classifier.bias.mutable_value().data()[1] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THAT(thrown<NumericalError>([&] { return evaluate(model, loader); }),
             Catch::Matchers::Contains("expected a finite loss but that of batch 1 is nan"));
}

}  // namespace evaluation_test
