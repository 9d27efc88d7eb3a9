#include <tempa/autograd/gradcheck.hpp>
#include <tempa/io/safetensors/safetensors.hpp>
#include <tempa/models/bert/heads.hpp>
#include <tempa/ops/reduction.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/optim/clip_grad_norm.hpp>

#include "models/small_bert.hpp"
#include "support/catch.hpp"
#include "support/difference.hpp"
#include "support/fixtures.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace bert_test {

using namespace tempa;

namespace {

/// A file of tests/fixtures/models/make_bert.py.
struct Fixture {
  StateDict tensors;
  BertConfig config;

  explicit Fixture(std::string_view name) {
    const SafetensorsFile file(fixture_path("models/bert_" + std::string(name) + ".safetensors").string());
    tensors = load_safetensors(file.path());
    const JsonFile sizes = parse_json(file.metadata().at("config"), file.path());
    config.vocab_size = require<Index>(sizes, "vocab_size");
    config.hidden_size = require<Index>(sizes, "hidden_size");
    config.num_hidden_layers = require<Index>(sizes, "num_hidden_layers");
    config.num_attention_heads = require<Index>(sizes, "num_attention_heads");
    config.intermediate_size = require<Index>(sizes, "intermediate_size");
    config.max_position_embeddings = require<Index>(sizes, "max_position_embeddings");
    config.type_vocab_size = require<Index>(sizes, "type_vocab_size");
    config.hidden_act = get_or<std::string>(sizes, "hidden_act", config.hidden_act);
    config.layer_norm_eps = get_or<double>(sizes, "layer_norm_eps", config.layer_norm_eps);
    config.id2label.assign(static_cast<std::size_t>(require<Index>(sizes, "num_labels")), "x");
  }

  template <Floating T>
  BertForSequenceClassification<T> model() const {
    BertForSequenceClassification<T> result(config);
    StateDict weights;
    for (const auto& entry : tensors)
      if (entry.name.starts_with("weights.")) weights.insert(entry.name.substr(8), entry.tensor);
    result.load_state_dict(weights).require_complete("the fixture", "the model");
    result.eval();
    return result;
  }

  template <Element T>
  Tensor<T> get(std::string_view name) const {
    return tensors.get<T>(name);
  }
  Batch batch() const {
    Batch packed =
        pack_padded(get<std::int32_t>("ids"), get<std::int32_t>("attention_mask"), get<std::int32_t>("token_type_ids"));
    packed.labels = get<std::int32_t>("labels");
    return packed;
  }
};

/// The real rows of a padded (B,T,C), one after the other.
Tensor<double> without_padding(const Tensor<double>& padded, const Tensor<std::int32_t>& mask) {
  std::vector<double> kept;
  const Index columns = padded.size(-1);
  for (Index i = 0; i < mask.numel(); ++i)
    if (mask.data()[i] == 1) kept.insert(kept.end(), padded.data() + i * columns, padded.data() + (i + 1) * columns);
  return Tensor<double>::from(kept);
}

// Two float64 computations of one formula differ by their roundings, 1.1e-16 each: some 100 terms in the longest sum
// times some 30 operations in a row, of which each LayerNorm may enlarge a relative error tenfold at most here.
constexpr double kDoubleBound = 1e-11;
// The gradients are stored as float32.
constexpr double kStoredBound = 0x1p-24 + kDoubleBound;

}  // namespace

TEMPLATE_TEST_CASE("BERT: logits, hidden states and losses equal transformers'", "[models]", float, double) {
  const double bound = std::is_same_v<TestType, double> ? kDoubleBound : 1e-5;
  for (const char* name : {"plain", "odd"}) {
    const Fixture fixture(name);
    auto model = fixture.model<TestType>();
    const auto output = model(fixture.batch());
    CHECK(difference(output.logits.value(), fixture.get<double>("logits")) < bound);
    CHECK(difference(output.loss.value(), fixture.get<double>("loss.single_label_classification")) < bound);

    const auto all = model.bert(fixture.batch());
    CHECK(difference(all.last_hidden_state.value(), without_padding(fixture.get<double>("last_hidden_state"),
                                                                    fixture.get<std::int32_t>("attention_mask"))) <
          bound);
    CHECK(difference(all.pooler_output.value(), fixture.get<double>("pooler_output")) < bound);

    Batch other = fixture.batch();
    other.labels = {};
    other.targets = fixture.get<float>("multi");
    CHECK(difference(model(other).loss.value(), fixture.get<double>("loss.multi_label_classification")) < bound);
    model.config().problem_type = ProblemType::kRegression;
    other.targets = fixture.get<float>("values");
    CHECK(difference(model(other).loss.value(), fixture.get<double>("loss.regression")) < bound);
  }
}

// The 16-bit model stores a rounded value this many times between the weights and the logits: three sums and a
// LayerNorm of the embeddings; query, attention, dense, sum, LayerNorm, intermediate, gelu, dense, sum, LayerNorm of
// each layer; dense and tanh of the pooler; the classifier. Each is a relative change of a tensor as rounding all
// weights is one, so that together they may change the logits as many times as much, and the gradients, on the way
// there and back, twice as many times.
TEMPLATE_TEST_CASE("BERT: 16-bit logits and gradients err by their roundings", "[models]", bfloat16, float16) {
  constexpr double kRoundoff = std::is_same_v<TestType, float16> ? 0x1p-11 : 0x1p-8;
  constexpr float kLossScale = 1024;  // no gradient is below float16's range
  for (const char* name : {"plain", "odd"}) {
    const Fixture fixture(name);
    const double roundings = static_cast<double>(4 + 10 * fixture.config.num_hidden_layers + 3);
    auto exact = fixture.model<double>(), rounded = fixture.model<double>();
    auto model = fixture.model<TestType>();
    for (auto& parameter : rounded.named_parameters())
      parameter.variable.mutable_value().copy_from(
          parameter.variable.value().template cast<TestType>().template cast<double>());
    const auto exact_output = exact(fixture.batch()), rounded_output = rounded(fixture.batch());
    const auto output = model(fixture.batch());
    static_assert(std::is_same_v<decltype(output.loss), Variable<float>>);
    for (const auto& loss : {exact_output.loss, rounded_output.loss})
      loss.backward(Tensor<double>::full({}, static_cast<double>(kLossScale)));
    output.loss.backward(Tensor<float>::full({}, kLossScale));

    const auto largest = [](const Tensor<double>& x) {
      double result = 0;
      for (const double value : x.span()) result = std::max(result, std::abs(value));
      return result;
    };
    const auto error = [&](const Tensor<double>& a, const Tensor<double>& b) { return difference(a, b) * largest(b); };
    const auto bound = [&](const Tensor<double>& with_rounded_weights, const Tensor<double>& expected) {
      return roundings * (error(with_rounded_weights, expected) + kRoundoff * largest(expected));
    };
    CHECK(error(output.logits.value().template cast<double>(), exact_output.logits.value()) <=
          bound(rounded_output.logits.value(), exact_output.logits.value()));
    const auto parameters = model.named_parameters();
    const auto exact_parameters = exact.named_parameters(), rounded_parameters = rounded.named_parameters();
    double key_bias = 0;  // a key's bias has a gradient of rounding errors only, of the size of its query's
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      INFO(name << " " << parameters[i].name);
      if (!exact_parameters[i].variable.has_grad()) continue;
      const auto& expected = exact_parameters[i].variable.grad();
      const auto actual = parameters[i].variable.grad().template cast<double>();
      if (parameters[i].name.ends_with("query.bias"))
        key_bias = 2 * bound(rounded_parameters[i].variable.grad(), expected);
      const double allowed = parameters[i].name.ends_with("key.bias")
                                 ? key_bias
                                 : 2 * bound(rounded_parameters[i].variable.grad(), expected);
      CHECK(error(actual, expected) <= allowed);
    }
  }
}

TEST_CASE("BERT: every gradient equals transformers'", "[models]") {
  for (const char* name : {"plain", "odd"}) {
    const Fixture fixture(name);
    auto model = fixture.model<double>();
    model(fixture.batch()).loss.backward();
    for (const auto& parameter : model.named_parameters()) {
      INFO(name << " " << parameter.name);
      const auto expected = fixture.get<double>("grad." + parameter.name);
      const auto actual =
          parameter.variable.has_grad() ? parameter.variable.grad() : Tensor<double>::zeros(expected.shape());
      if (std::all_of(expected.span().begin(), expected.span().end(), [](double g) { return std::abs(g) < 1e-14; })) {
        // A key's bias shifts all scores of a row alike: its gradient is zero but for rounding.
        CHECK(std::all_of(actual.span().begin(), actual.span().end(), [](double g) { return std::abs(g) < 1e-14; }));
      } else {
        CHECK(difference(actual, expected) < kStoredBound);
      }
    }
  }
}

TEST_CASE("BERT: the whole model passes gradcheck in double", "[models]") {
  const Fixture fixture("plain");
  auto model = fixture.model<double>();
  const Batch batch = fixture.batch();
  const auto loss = [&](const auto&) { return model(batch).loss; };
  const GradcheckResult result = gradcheck(loss, model.parameters(), {.max_elements = 12});
  INFO(result.message);
  CHECK(result.passed);
}

TEST_CASE("BERT: gradcheck holds with dropout, whose mask is the same in each pass", "[models]") {
  const Fixture fixture("odd");
  auto model = fixture.model<double>();
  model.train();
  const Batch batch = fixture.batch();
  const auto loss = [&](const auto&) {
    manual_seed(5);
    return model(batch).loss;
  };
  const GradcheckResult result = gradcheck(loss, model.parameters(), {.max_elements = 6});
  INFO(result.message);
  CHECK(result.passed);
}

TEST_CASE("BERT: packed, padded and one by one are the same", "[models]") {
  const Fixture fixture("plain");
  auto model = fixture.model<double>();
  const auto ids = fixture.get<std::int32_t>("ids"), mask = fixture.get<std::int32_t>("attention_mask"),
             types = fixture.get<std::int32_t>("token_type_ids");
  const Tensor<double> packed = model(fixture.batch()).logits.value();
  CHECK(model(ids, mask, types).logits.value().to_vector() == packed.to_vector());
  for (Index b = 0; b < ids.size(0); ++b) {
    const auto alone = model(ids.rows(b, b + 1), mask.rows(b, b + 1), types.rows(b, b + 1)).logits.value();
    CHECK(difference(alone, packed.rows(b, b + 1)) < kDoubleBound);
  }
}

TEST_CASE("BERT: only the [CLS] rows of the last layer give the same output and gradients", "[models]") {
  const Fixture fixture("plain");
  auto model = fixture.model<double>();
  const auto all = model.bert(fixture.batch(), OutputRows::kAll),
             first = model.bert(fixture.batch(), OutputRows::kFirstToken);
  CHECK(first.last_hidden_state.shape() == Shape{fixture.batch().size(), model.config().hidden_size});
  CHECK(difference(first.pooler_output.value(), all.pooler_output.value()) < kDoubleBound);
  const auto seed = Tensor<double>::full(all.pooler_output.shape(), 1.0);
  all.pooler_output.backward(seed);
  std::vector<Tensor<double>> gradients;
  for (const auto& parameter : model.bert.named_parameters()) {
    gradients.push_back(parameter.variable.grad());
    parameter.variable.clear_grad();
  }
  first.pooler_output.backward(seed);
  std::size_t i = 0;
  for (const auto& parameter : model.bert.named_parameters()) {
    INFO(parameter.name);
    const Tensor<double>& expected = gradients[i++];
    const double scale = std::abs(*std::max_element(expected.span().begin(), expected.span().end()));
    if (scale > 1e-12) CHECK(difference(parameter.variable.grad(), expected) < kDoubleBound);
  }
}

TEST_CASE("BERT: parameters are named and counted as in Hugging Face", "[models]") {
  BertConfig config;
  config.hidden_size = 12;
  config.num_attention_heads = 3;
  config.intermediate_size = 5;
  config.num_hidden_layers = 12;
  config.vocab_size = 7;
  BertForSequenceClassification<float> model(config);
  const auto parameters = model.named_parameters();
  CHECK(parameters.size() == 201);
  CHECK(parameters.front().name == "bert.embeddings.word_embeddings.weight");
  CHECK(parameters.back().name == "classifier.bias");
  const auto has = [&](std::string_view name) {
    return std::any_of(parameters.begin(), parameters.end(), [&](const auto& p) { return p.name == name; });
  };
  CHECK(has("bert.encoder.layer.11.attention.self.query.weight"));
  CHECK(has("bert.encoder.layer.0.attention.output.LayerNorm.bias"));
  CHECK(has("bert.encoder.layer.3.output.dense.bias"));
  CHECK(has("bert.pooler.dense.weight"));
}

TEST_CASE("BERT: starts as Hugging Face does", "[models]") {
  BertConfig config;
  config.hidden_size = 64;
  config.num_attention_heads = 4;
  config.intermediate_size = 256;
  config.num_hidden_layers = 1;
  config.vocab_size = 500;
  config.pad_token_id = 3;
  manual_seed(1);
  BertForSequenceClassification<float> model(config);
  for (const auto& [name, variable] : model.named_parameters()) {
    INFO(name);
    const auto values = variable.value().to_vector();
    if (name.ends_with("bias")) {
      CHECK(std::all_of(values.begin(), values.end(), [](float v) { return v == 0; }));
    } else if (name.find("LayerNorm") != std::string::npos) {
      CHECK(std::all_of(values.begin(), values.end(), [](float v) { return v == 1; }));
    } else {
      double squares = 0;
      for (const float v : values) squares += static_cast<double>(v) * static_cast<double>(v);
      const auto n = static_cast<double>(values.size());
      // the deviation of n normal numbers is off by 1/sqrt(2n) on average; five times that, and the zero padding row
      CHECK(std::abs(std::sqrt(squares / n) / 0.02 - 1) < 5 / std::sqrt(2 * n) + 0.002);
    }
  }
  const auto padding = model.bert.embeddings.word_embeddings.weight.value().rows(3, 4).to_vector();
  CHECK(std::all_of(padding.begin(), padding.end(), [](float v) { return v == 0; }));
}

TEST_CASE("BERT: bad batches are refused with the row", "[models]") {
  const Fixture fixture("odd");  // 9 positions, 23 words, 2 labels
  auto model = fixture.model<float>();
  const auto one = [](std::vector<std::int32_t> ids) {
    Batch batch;
    batch.token_type_ids = Tensor<std::int32_t>::zeros({static_cast<Index>(ids.size())});
    batch.cu_seqlens = Tensor<std::int32_t>::from(std::vector<std::int32_t>{0, static_cast<std::int32_t>(ids.size())});
    batch.ids = Tensor<std::int32_t>::from(ids);
    batch.rows = {77};
    return batch;
  };
  const auto message = [&](const Batch& batch) {
    try {
      static_cast<void>(model(batch));
    } catch (const ValueError& error) {
      return std::string(error.what());
    }
    return std::string("nothing was thrown");
  };
  CHECK(message(one(std::vector<std::int32_t>(10, 1)))
            .find("at most 9 tokens (max_position_embeddings) but row 77 has 10") != std::string::npos);
  CHECK(message(one({1, 23})).find("23") != std::string::npos);
  Batch labelled = one({1, 2});
  labelled.labels = Tensor<std::int32_t>::from(std::vector<std::int32_t>{2});
  CHECK(message(labelled).find("2") != std::string::npos);
  Batch torn = one({1, 2});
  torn.token_type_ids = Tensor<std::int32_t>::zeros({5});
  CHECK_THROWS_AS(model(torn), ShapeError);
}

TEST_CASE("BERT: a steady training step asks the system for no tensor", "[models]") {
  if (TEMPA_CACHE_MEMORY == 0) {
    WARN("skipped: under AddressSanitizer freed memory is not used again");
    return;
  }
  BertConfig config = small_bert_config();
  config.vocab_size = 20000;  // the gradient of this table is a large block, the rest are small ones
  BertForSequenceClassification<float> model(config);
  AdamW optimizer(model.parameters());
  const std::vector<Batch> batches = {small_bert_batch(1), small_bert_batch(2, {40, 39, 3}), small_bert_batch(3, {9})};
  const auto train_epoch = [&] {
    for (const Batch& batch : batches) {
      model(batch).loss.backward();
      clip_grad_norm(optimizer, 1.0);
      optimizer.step();
    }
  };
  const int threads = num_threads();
  set_num_threads(1);  // how many threads hold a scratch block at once is chance
  train_epoch();
  train_epoch();
  const MemoryStats before = memory_stats();
  train_epoch();
  CHECK(memory_stats().system_requests == before.system_requests);
  CHECK(memory_stats().allocated_bytes == before.allocated_bytes);
  set_num_threads(threads);
}

}  // namespace bert_test
