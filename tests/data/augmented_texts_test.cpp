#include <tempa/data/augmented_texts.hpp>
#include <tempa/data/data_loader.hpp>
#include <tempa/text/bert/bert_tokenizer.hpp>

#include "support/catch.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace augmented_texts_test {

using namespace tempa;

namespace {

BertTokenizer tokenizer(bool with_mask = true) {
  std::vector<std::string> tokens{"[PAD]", "[UNK]", "[CLS]", "[SEP]"};
  if (with_mask) tokens.push_back("[MASK]");
  for (const char* token : {"b", "##a", "##i", "##k", "##ba", "##ik", "ba", "bai", "baik"}) tokens.emplace_back(token);
  return BertTokenizer(Vocabulary::from_tokens(tokens));
}

LabeledTexts table(std::string_view text, int rows) {
  LabeledTexts result;
  result.name = "a test";
  for (int i = 0; i < rows; ++i) {
    result.texts.emplace_back(text);
    result.labels.push_back(i % 3);
    result.lines.push_back(i + 1);
  }
  return result;
}

std::string joined(const BertTokenizer& t, const Encoding& encoding) {
  std::string text;
  for (const std::int32_t id : encoding.ids)
    if (!t.is_special(id)) {
      const std::string token = t.vocabulary().token(id);
      text += token.starts_with("##") ? token.substr(2) : token;
    }
  return text;
}

}  // namespace

TEST_CASE("AugmentedTexts: without augmentation it is the plain encoding", "[data]") {
  const auto t = tokenizer();
  const auto rows = table("baik", 2);
  const AugmentedTexts data(rows, t);
  CHECK(data.size() == 2);
  CHECK(data[1].encoding == t.encode("baik"));
  CHECK(data[1].label == 1);

  const AugmentedTexts dropping(rows, t, {}, {.piece_drop_prob = 0.9});
  manual_seed(5);
  CHECK(dropping.length(0) == static_cast<Index>(t.encode("baik").ids.size()));
  CHECK(default_generator().bits() == Generator(5).bits());  // nothing was drawn
}

TEST_CASE("AugmentedTexts: dropped pieces cut a word in other ways, and never lose a letter", "[data]") {
  const auto t = tokenizer();
  const auto rows = table("baik", 1);
  const AugmentedTexts data(rows, t, {}, {.piece_drop_prob = 0.5});
  manual_seed(1);
  std::set<std::vector<std::int32_t>> seen;
  for (int i = 0; i < 200; ++i) {
    const Encoding encoding = data[0].encoding;
    CHECK(joined(t, encoding) == "baik");
    seen.insert(encoding.ids);
  }
  // b|baik, ba|i|k, ba|ik, bai|k, baik, b|a|i|k, b|a|ik: all but the first, which the vocabulary cannot spell
  CHECK(seen.size() == 6);
  CHECK(seen.contains(t.encode("baik").ids));
}

TEST_CASE("AugmentedTexts: a piece is kept where nothing else is left", "[data]") {
  const BertTokenizer t(Vocabulary::from_tokens({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "baik"}));
  const auto rows = table("baik", 1);
  const AugmentedTexts data(rows, t, {}, {.piece_drop_prob = 0.9});
  for (int i = 0; i < 20; ++i) CHECK(data[0].encoding == t.encode("baik"));
}

TEST_CASE("AugmentedTexts: the asked share of the tokens is masked, never a special one", "[data]") {
  const auto t = tokenizer();
  const auto rows = table("b b b b b b b b b b", 1);
  const AugmentedTexts data(rows, t, {}, {.token_mask_prob = 0.2});
  manual_seed(2);
  int masked = 0;
  constexpr int kReads = 2000;
  for (int i = 0; i < kReads; ++i) {
    const auto ids = data[0].encoding.ids;
    CHECK(ids.front() == t.cls_token_id());
    CHECK(ids.back() == t.sep_token_id());
    for (const std::int32_t id : ids) masked += id == t.mask_token_id() ? 1 : 0;
  }
  constexpr double kTokens = 10.0 * kReads;
  CHECK(std::abs(masked - 0.2 * kTokens) < 5 * std::sqrt(0.2 * 0.8 * kTokens));
}

TEST_CASE("AugmentedTexts: a loader gives the same batches for any number of workers and others in each epoch",
          "[data]") {
  const auto t = tokenizer();
  const auto rows = table("baik baik baik", 12);
  const AugmentedTexts data(rows, t, {}, {.piece_drop_prob = 0.4, .token_mask_prob = 0.2});
  const auto epochs = [&](Index workers) {
    DataLoader loader(data, {.batch_size = 4, .shuffle = true, .seed = 3, .num_workers = workers});
    std::vector<std::vector<std::int32_t>> result(2);
    for (auto& epoch : result)
      for (const auto& batch : loader) {
        const auto ids = batch.ids.to_vector();
        epoch.insert(epoch.end(), ids.begin(), ids.end());
      }
    return result;
  };
  const auto expected = epochs(0);
  CHECK(expected[0] != expected[1]);
  CHECK(epochs(1) == expected);
  CHECK(epochs(3) == expected);
}

TEST_CASE("AugmentedTexts: what cannot be is refused", "[data]") {
  const auto rows = table("baik", 1);
  CHECK_THROWS_AS(AugmentedTexts(rows, tokenizer(), {}, {.piece_drop_prob = 1.0}), ValueError);
  CHECK_THROWS_AS(AugmentedTexts(rows, tokenizer(), {}, {.token_mask_prob = -0.1}), ValueError);
  CHECK_THROWS_AS(AugmentedTexts(rows, tokenizer(false), {}, {.token_mask_prob = 0.1}), ConfigError);
}

}  // namespace augmented_texts_test
