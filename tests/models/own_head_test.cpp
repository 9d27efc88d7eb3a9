// A model with an own head trains as PyTorch trains it: the example japanese_reviews for 50 steps.
#include "../../examples/japanese_reviews/model.hpp"

#include <tempa/io/detail/json/json.hpp>
#include <tempa/models/pretrained/pretrained.hpp>
#include <tempa/ops/reduction.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/optim/lr_scheduler/step_lr.hpp>

#include "support/catch.hpp"
#include "support/fixtures.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace own_head_test {

using namespace tempa;

namespace {

/// As in tests/fixtures/models/make_own_head.py.
std::uint32_t mixed(std::uint32_t a, std::uint32_t b) {
  std::uint32_t x = ((a + 1) * 2654435761U) ^ ((b + 1) * 2246822519U);
  x = (x ^ (x >> 15)) * 2246822519U;
  return x ^ (x >> 13);
}

Batch batch_of(std::uint32_t step) {
  Batch batch;
  std::vector<std::int32_t> ids, bounds{0}, labels;
  for (std::uint32_t row = 0; row < 6; ++row) {
    const std::uint32_t length = 3 + mixed(step, row) % 6;
    ids.push_back(2);
    for (std::uint32_t t = 0; t + 1 < length; ++t)
      ids.push_back(static_cast<std::int32_t>(3 + mixed(100 * step + row, 1000 + t) % 17));
    labels.push_back(ids[static_cast<std::size_t>(bounds.back()) + 1] % 2);
    bounds.push_back(static_cast<std::int32_t>(ids.size()));
    batch.max_seqlen = std::max<Index>(batch.max_seqlen, length);
  }
  batch.ids = Tensor<std::int32_t>::from(ids);
  batch.token_type_ids = Tensor<std::int32_t>::zeros(batch.ids.shape());
  batch.cu_seqlens = Tensor<std::int32_t>::from(bounds);
  batch.labels = Tensor<std::int32_t>::from(labels);
  return batch;
}

const BertConfig kConfig{.vocab_size = 20,
                         .hidden_size = 64,
                         .num_hidden_layers = 1,
                         .num_attention_heads = 2,
                         .intermediate_size = 32,
                         .hidden_dropout_prob = 0,
                         .attention_probs_dropout_prob = 0,
                         .max_position_embeddings = 12};

template <Real T>
ReviewClassifier<T> fixture_model() {
  ReviewClassifier<T> model(kConfig, 0.0);
  auto parameters = model.named_parameters();
  std::sort(parameters.begin(), parameters.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  for (std::uint32_t k = 0; k < parameters.size(); ++k) {
    const std::string& name = parameters[k].name;
    const bool scale = name.find("LayerNorm.weight") != std::string::npos || name == "head.2.weight";
    const bool before_relu = name == "head.3.bias" || name == "head.6.bias";
    std::uint32_t i = 0;
    for (T& element : parameters[k].variable.mutable_value().span())
      element = static_cast<T>(mixed(i++, k) * 0x1p-32 - 0.5 + (scale ? 1.0 : before_relu ? 0.8 : 0.0));
  }
  return model;
}

/// max |a - b| / max |b|, or the largest |a - b| / |b|.
double error(const std::vector<double>& a, const std::vector<double>& b, bool each) {
  REQUIRE(a.size() == b.size());
  double worst = 0, largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    worst = std::max(worst, std::abs(a[i] - b[i]) / (each ? std::abs(b[i]) : 1.0));
    largest = std::max(largest, std::abs(b[i]));
  }
  return each ? worst : worst / largest;
}

/// 50 steps. Losses and statistics may differ from PyTorch's by twice what PyTorch differs by from itself in another
/// rounding: rows in another order, weights moved by one unit in the last place.
template <Real T>
void train_like_the_fixture(const std::string& kind) {
  const JsonFile file = read_json(fixture_path("models/own_head.json").string());
  auto model = fixture_model<T>();
  AdamW optimizer(model.named_parameters(), {.lr = 1e-5});
  StepLR schedule(optimizer, {.step_size = 20, .gamma = 0.75});
  std::vector<double> losses;
  for (std::uint32_t step = 0; step < 50; ++step) {
    const auto output = model(batch_of(step));
    losses.push_back(static_cast<double>(output.loss.item()));
    output.loss.backward();
    optimizer.step();
    schedule.step();
  }
  const auto check = [&](const std::string& name, const std::vector<double>& actual) {
    const double worst = error(actual, require<std::vector<double>>(file, "/" + kind + "/" + name), name == "losses"),
                 spread = require<double>(file, "/" + kind + "/spread of " + name);
    INFO(name << ": " << worst << ", spread " << spread);
    CHECK(worst <= 2 * spread);
    if (name == "losses") CHECK(worst <= 1e-4);
  };
  const auto doubles = [](const Tensor<T>& tensor) { return tensor.template cast<double>().to_vector(); };
  const auto& norm = std::get<2>(model.head.layers);
  check("losses", losses);
  check("running_mean", doubles(norm.running_mean));
  check("running_var", doubles(norm.running_var));
  CHECK(norm.num_batches_tracked.item() == 50);
}

}  // namespace

TEST_CASE("own head: loss curve and running statistics of 50 steps are PyTorch's", "[models]") {
  SECTION("float") { train_like_the_fixture<float>("float"); }
  SECTION("double") { train_like_the_fixture<double>("double"); }
}

TEST_CASE("own head: the state dict has PyTorch's names, and a folder brings everything back", "[models]") {
  auto model = fixture_model<float>();
  std::vector<std::string> names;
  for (const auto& entry : state_dict(model.head)) names.push_back(entry.name);
  CHECK(names == std::vector<std::string>{"1.weight", "1.bias", "2.weight", "2.bias", "2.running_mean", "2.running_var",
                                          "2.num_batches_tracked", "3.weight", "3.bias", "6.weight", "6.bias",
                                          "9.weight", "9.bias"});
  model(batch_of(1));  // moves the running statistics
  const TemporaryFolder folder;
  save_pretrained(model, model.bert.config, ReviewClassifier<float>::kName, folder.path());
  auto loaded = load_pretrained<ReviewClassifier<float>>(folder.path());
  model.eval();
  CHECK(loaded(batch_of(2)).logits.value().to_vector() == model(batch_of(2)).logits.value().to_vector());
  CHECK(std::get<2>(loaded.head.layers).num_batches_tracked.item() == 1);

  // A folder of the encoder alone: the head starts anew.
  model.bert.save_pretrained(folder.path());
  LoadReport report;
  auto fresh = load_pretrained<ReviewClassifier<float>>(folder.path(), {.log = nullptr, .report = &report});
  CHECK(report.missing.size() == names.size());
  CHECK(fresh.bert.pooler.dense.weight.value().to_vector() == model.bert.pooler.dense.weight.value().to_vector());
  CHECK(std::get<2>(fresh.head.layers).running_var.to_vector() == std::vector<float>(32, 1.0F));
  CHECK(std::isfinite(fresh(batch_of(3)).loss.item()));
}

TEST_CASE("own head: sizes follow the model, and one too small is refused", "[models]") {
  BertConfig config = kConfig;
  config.hidden_size = 768;
  ReviewClassifier<float> model(config);
  const auto shape = [&]<std::size_t I>() { return std::get<I>(model.head.layers).weight.shape(); };
  CHECK(shape.operator()<1>() == Shape{384, 768});
  CHECK(shape.operator()<3>() == Shape{96, 384});
  CHECK(shape.operator()<6>() == Shape{24, 96});
  CHECK(shape.operator()<9>() == Shape{2, 24});
  config.hidden_size = 30;
  CHECK(thrown<ConfigError>([&] { ReviewClassifier<float> small(config); }) ==
        "[ReviewClassifier] hidden_size must be at least 32 but is 30");
}

}  // namespace own_head_test
