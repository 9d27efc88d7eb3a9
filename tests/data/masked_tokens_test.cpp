#include <tempa/data/data_loader.hpp>
#include <tempa/data/masked_tokens.hpp>
#include <tempa/text/bert/bert_tokenizer.hpp>

#include "support/catch.hpp"
#include "support/thrown.hpp"

#include <cmath>
#include <string>
#include <vector>

namespace masked_tokens_test {

using namespace tempa;

namespace {

constexpr std::int32_t kMask = 4, kFirstWord = 5, kWords = 200;

BertTokenizer tokenizer(bool with_mask = true) {
  std::vector<std::string> tokens{"[PAD]", "[UNK]", "[CLS]", "[SEP]"};
  if (with_mask) tokens.push_back("[MASK]");
  for (int i = 0; i < kWords; ++i) tokens.push_back("w" + std::to_string(i));
  return BertTokenizer(Vocabulary::from_tokens(tokens));
}

// n texts of the words 0, 1, …, each between [CLS] and [SEP].
std::vector<TextExample> texts(int n, std::int32_t words = 40) {
  std::vector<TextExample> examples(static_cast<std::size_t>(n));
  for (TextExample& example : examples) {
    example.encoding.ids.push_back(2);
    for (std::int32_t i = 0; i < words; ++i) example.encoding.ids.push_back(kFirstWord + i);
    example.encoding.ids.push_back(3);
    example.label = 0;
  }
  return examples;
}

}  // namespace

TEST_CASE("masked tokens: what was hidden is what the targets say, and all else is as it was", "[data]") {
  const auto examples = texts(50);
  const Batch plain = PackedCollate{}(examples);
  manual_seed(3);
  const MaskedLMBatch batch = MaskedLMCollate(tokenizer())(examples);
  Tensor<std::int32_t> restored = batch.input.ids.clone();
  std::int32_t last = -1;
  for (Index m = 0; m < batch.positions.numel(); ++m) {
    CHECK(batch.positions.data()[m] > last);
    last = batch.positions.data()[m];
    restored.data()[last] = batch.targets.data()[m];
    CHECK(batch.targets.data()[m] >= kFirstWord);  // never [CLS] or [SEP]
  }
  CHECK(restored.to_vector() == plain.ids.to_vector());
  CHECK(batch.input.cu_seqlens.to_vector() == plain.cu_seqlens.to_vector());
  CHECK(batch.input.labels.empty());
}

TEST_CASE("masked tokens: 15 in 100 are chosen, and 80, 10 and 10 in 100 of them masked, replaced, kept", "[data]") {
  const auto examples = texts(1000);
  manual_seed(5);
  const MaskedLMBatch batch = MaskedLMCollate(tokenizer())(examples);
  double masked = 0, kept = 0;
  const auto chosen = static_cast<double>(batch.positions.numel());
  for (Index m = 0; m < batch.positions.numel(); ++m) {
    const std::int32_t id = batch.input.ids.data()[batch.positions.data()[m]];
    masked += id == kMask;
    kept += id == batch.targets.data()[m];
  }
  // Binomial counts: within five standard deviations.
  const auto close = [](double count, double n, double p) {
    return std::abs(count - n * p) < 5 * std::sqrt(n * p * (1 - p));
  };
  const double any = 1.0 / static_cast<double>(tokenizer().vocab_size());  // a random token may be the same, or [MASK]
  CHECK(close(chosen, 40000, 0.15));
  CHECK(close(masked, chosen, 0.8 + 0.1 * any));
  CHECK(close(kept, chosen, 0.1 + 0.1 * any));
}

TEST_CASE("masked tokens: a short batch has at least one token to predict", "[data]") {
  const auto examples = texts(1, 1);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    manual_seed(seed);
    CHECK(MaskedLMCollate(tokenizer(), {.mask_prob = 0.01})(examples).positions.to_vector() ==
          std::vector<std::int32_t>{1});
  }
}

TEST_CASE("masked tokens: the same for any number of workers, others in each epoch", "[data]") {
  const auto examples = texts(40);
  const auto epochs = [&](Index workers) {
    DataLoader loader(examples, {.batch_size = 8, .shuffle = true, .seed = 9, .num_workers = workers},
                      MaskedLMCollate(tokenizer()));
    std::vector<std::vector<std::int32_t>> result(2);
    for (auto& ids : result)
      for (const auto& batch : loader) {
        const auto all = batch.input.ids.to_vector();
        ids.insert(ids.end(), all.begin(), all.end());
      }
    return result;
  };
  const auto alone = epochs(0);
  CHECK(alone[0] != alone[1]);
  CHECK(epochs(3) == alone);
}

TEST_CASE("masked tokens: what cannot be done is said", "[data]") {
  CHECK(thrown<ConfigError>([] { return MaskedLMCollate(tokenizer(false)); }) ==
        "[MaskedLMCollate] expected a vocabulary with a mask token but it has none");
  CHECK_THROWS_AS(MaskedLMCollate(tokenizer(), {.mask_prob = 0}), ValueError);
  CHECK_THROWS_AS(MaskedLMCollate(tokenizer(), {.mask_prob = 1.5}), ValueError);
  CHECK_THROWS_AS(MaskedLMCollate(tokenizer(), {.replace_prob = 0.8, .random_replace_prob = 0.3}), ValueError);
  const auto empty = texts(2, 0);
  CHECK(thrown<ValueError>([&] { return MaskedLMCollate(tokenizer())(empty); }) ==
        "[MaskedLMCollate] expected a token to predict but all are special");
  CHECK_THROWS_AS(MaskedLMCollate(tokenizer())({}), ValueError);
}

}  // namespace masked_tokens_test
