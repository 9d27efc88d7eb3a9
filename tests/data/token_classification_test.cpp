#include <tempa/data/data_loader.hpp>
#include <tempa/data/token_classification.hpp>
#include <tempa/text/bert/bert_tokenizer.hpp>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

#include <cmath>

namespace token_classification_test {

using namespace tempa;
using Ids = std::vector<std::int32_t>;
using Words = std::vector<std::string>;

namespace {

const Words kWords{"Jokowi", "ke", "Kepulauan", "Riau", "kota-kota", "."};
const Words kLabels{"B-LOC", "B-PER", "I-LOC", "O"};

BertTokenizer tokenizer() {
  return BertTokenizer(Vocabulary::from_tokens({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "joko", "##wi", "ke",
                                                "##pul", "##auan", "ria", "##u", ".", ",", "u", "##n", "##s", "kota"}));
}

TaggedSentences two_sentences() {
  return {.name = "ner.tsv",
          .sentences = {{.words = kWords, .tags = {"B-PER", "O", "B-LOC", "I-LOC", "O", "O"}, .line = 1},
                        {.words = {"Riau", "."}, .tags = {"B-LOC", "O"}, .line = 8}}};
}

}  // namespace

TEST_CASE("encode_words equals transformers' tokenizer of words, truncation included", "[data]") {
  // BertTokenizerFast of transformers 5.23 with this vocabulary: tokenizer(words, is_split_into_words=True,
  // truncation=…).
  struct Case {
    std::optional<std::int64_t> max_length;
    Ids ids, word_ids;
  };
  const std::vector<Case> cases{
      {std::nullopt, {2, 5, 6, 7, 7, 8, 9, 10, 11, 17, 1, 17, 12, 3}, {-1, 0, 0, 1, 2, 2, 2, 3, 3, 4, 4, 4, 5, -1}},
      {12, {2, 5, 6, 7, 7, 8, 9, 10, 11, 17, 1, 3}, {-1, 0, 0, 1, 2, 2, 2, 3, 3, 4, 4, -1}},
      {8, {2, 5, 6, 7, 7, 8, 9, 3}, {-1, 0, 0, 1, 2, 2, 2, -1}},
      {5, {2, 5, 6, 7, 3}, {-1, 0, 0, 1, -1}},
      {3, {2, 5, 3}, {-1, 0, -1}}};
  for (const Case& c : cases) {
    const auto parts = encode_words(kWords, tokenizer(), {.max_length = c.max_length});
    REQUIRE(parts.size() == 1);
    CHECK(parts[0].encoding.ids == c.ids);
    CHECK(parts[0].encoding.token_type_ids == Ids(c.ids.size(), 0));
    CHECK(parts[0].word_ids == c.word_ids);
  }
}

TEST_CASE("encode_words: IndoNLU's cut loses the last special token", "[data]") {
  const auto parts = encode_words(kWords, tokenizer(), {.max_length = 5, .overflow = Overflow::kIndonlu});
  CHECK(parts[0].encoding.ids == Ids{2, 5, 6, 7, 7});
  CHECK(parts[0].word_ids == Ids{-1, 0, 0, 1, 2});
  CHECK(encode_words(kWords, tokenizer(), {.overflow = Overflow::kIndonlu})[0].encoding.ids.back() == 3);
}

TEST_CASE("encode_words: a split sentence keeps every word whole, but one that is too long by itself", "[data]") {
  const auto parts = encode_words(kWords, tokenizer(), {.max_length = 5, .overflow = Overflow::kSplit});
  std::vector<Ids> ids, word_ids;
  for (const WordPieces& part : parts) {
    ids.push_back(part.encoding.ids);
    word_ids.push_back(part.word_ids);
  }
  CHECK(ids == std::vector<Ids>{{2, 5, 6, 7, 3}, {2, 7, 8, 9, 3}, {2, 10, 11, 3}, {2, 17, 1, 17, 3}, {2, 12, 3}});
  CHECK(word_ids ==
        std::vector<Ids>{{-1, 0, 0, 1, -1}, {-1, 2, 2, 2, -1}, {-1, 3, 3, -1}, {-1, 4, 4, 4, -1}, {-1, 5, -1}});
  const auto narrow = encode_words(kWords, tokenizer(), {.max_length = 4, .overflow = Overflow::kSplit});
  REQUIRE(narrow.size() == 6);
  CHECK(narrow[2].encoding.ids == Ids{2, 7, 8, 3});
}

TEST_CASE("encode_words: a word without a piece becomes an unknown token", "[data]") {
  const auto parts = encode_words(Words{"ke", "\xE2\x80\x8B", "."}, tokenizer());
  CHECK(parts[0].encoding.ids == Ids{2, 7, 1, 12, 3});
  CHECK(parts[0].word_ids == Ids{-1, 0, 1, 2, -1});
}

TEST_CASE("encode_words: impossible input is a typed error", "[data]") {
  CHECK(thrown<ConfigError>([] { encode_words(kWords, tokenizer(), {.max_length = 2}); }) ==
        "[encode_words] max_length must be at least 3 but is 2");
  CHECK_THROWS_AS(encode_words(Words{"\xFF"}, tokenizer()), ValueError);
}

TEST_CASE("Token dataset: the first piece has the label, the others and special tokens none", "[data]") {
  const TokenClassificationDataset first(two_sentences(), kLabels, tokenizer());
  REQUIRE(first.size() == 2);
  constexpr auto no = kNoLabel;
  CHECK(first[0].labels == Ids{no, 1, no, 3, 0, no, no, 2, no, 3, no, no, 3, no});
  CHECK(first[1].labels == Ids{no, 0, no, 3, no});
  const TokenClassificationDataset all(two_sentences(), kLabels, tokenizer(), {.labeled_pieces = LabeledPieces::kAll});
  CHECK(all[0].labels == Ids{no, 1, 1, 3, 0, 0, 0, 2, 2, 3, 3, 3, 3, no});
  auto unknown = two_sentences();
  for (TaggedSentence& sentence : unknown.sentences) sentence.tags.clear();
  CHECK(TokenClassificationDataset(unknown, {}, tokenizer())[0].labels.empty());
}

TEST_CASE("Token dataset: what it says of tokens goes back to words, cut off ones included", "[data]") {
  for (const Overflow overflow : {Overflow::kTruncate, Overflow::kIndonlu, Overflow::kSplit}) {
    const TokenClassificationDataset dataset(two_sentences(), kLabels, tokenizer(),
                                             {.max_length = 6, .overflow = overflow});
    std::vector<Ids> said;
    for (Index row = 0; row < dataset.size(); ++row) {
      said.push_back(dataset[row].labels);
      for (std::int32_t& label : said.back())
        if (label == kNoLabel) label = 99;  // must not come through
    }
    const bool split = overflow == Overflow::kSplit;
    const std::vector<Ids> expected{split ? Ids{1, 3, 0, 2, 3, 3} : Ids{1, 3, 0, 3, 3, 3}, {0, 3}};
    CHECK(dataset.word_classes(said, 3) == expected);
    CHECK(dataset.words_cut_off() == (split ? 0 : 3));
  }
  const TokenClassificationDataset dataset(two_sentences(), kLabels, tokenizer());
  CHECK_THROWS_AS(dataset.word_classes(std::vector<Ids>(1), 3), ShapeError);
  CHECK_THROWS_AS(dataset.word_classes(std::vector<Ids>(2), 3), ShapeError);
}

TEST_CASE("Token dataset: bad input names file and line", "[data]") {
  const TemporaryFolder folder;
  const auto path = folder.write("ner.tsv", "Riau\tB-LOC\n.\tX\n");
  CHECK(thrown<FormatError>([&] { TokenClassificationDataset::from_tsv(path, kLabels, tokenizer()); }) ==
        path.string() + ":2: unknown label \"X\": expected one of B-LOC, B-PER, I-LOC, O");
  CHECK(TokenClassificationDataset::from_tsv(path, {"B-LOC", "X"}, tokenizer()).size() == 1);
  CHECK_THROWS_AS(TokenClassificationDataset(two_sentences(), kLabels, tokenizer(), {.max_length = 1}), ConfigError);
  auto broken = two_sentences();
  broken.sentences[1].words[0] = "\xFF";
  CHECK(thrown<FormatError>([&] {
          TokenClassificationDataset(broken, kLabels, tokenizer());
        }).starts_with("ner.tsv:8: "));
}

TEST_CASE("TokenCollate lays labels end to end with the tokens", "[data]") {
  const TokenClassificationDataset dataset(two_sentences(), kLabels, tokenizer());
  DataLoader loader(dataset, {.batch_size = 2}, TokenCollate{});
  const Batch batch = *loader.begin();
  CHECK(batch.tokens() == 19);
  CHECK(batch.cu_seqlens.to_vector() == Ids{0, 14, 19});
  Ids labels = dataset[0].labels;
  labels.insert(labels.end(), dataset[1].labels.begin(), dataset[1].labels.end());
  CHECK(batch.labels.to_vector() == labels);
  CHECK(batch.rows == std::vector<Index>{0, 1});

  std::vector<TokenExample> examples{dataset[0], dataset[1]};
  examples[1].labels.clear();
  CHECK(thrown<ValueError>([&] { TokenCollate{}(examples); }) == "[collate] example 1 must have 5 labels but has 0");
  examples[0].labels.clear();
  CHECK(TokenCollate{}(examples).labels.empty());
}

TEST_CASE("TokenCollate: masked words are masked whole, and labels stay", "[data]") {
  const TokenClassificationDataset dataset(two_sentences(), kLabels, tokenizer());
  const std::vector<TokenExample> examples{dataset[0], dataset[1]};
  const Batch plain = TokenCollate{}(examples);
  CHECK(TokenCollate{.word_mask_prob = 1.0, .mask_token_id = 4}(examples).ids.to_vector() ==
        Ids{2, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 3, 2, 4, 4, 4, 3});
  manual_seed(5);
  const TokenCollate collate{.word_mask_prob = 0.5, .mask_token_id = 4};
  Index masked = 0, words = 0;
  for (int i = 0; i < 200; ++i) {
    const Batch batch = collate(examples);
    CHECK(batch.labels.to_vector() == plain.labels.to_vector());
    for (Index n = 1; n < batch.tokens() - 1; ++n) {
      const Index row = n < 14 ? 0 : 1;
      const auto t = static_cast<std::size_t>(n - 14 * row);
      const auto& word_ids = examples[static_cast<std::size_t>(row)].word_ids;
      const bool is_masked = batch.ids.data()[n] == 4;
      CHECK((is_masked || batch.ids.data()[n] == plain.ids.data()[n]));
      if (word_ids[t] < 0) {
        CHECK_FALSE(is_masked);
      } else if (word_ids[t - 1] == word_ids[t]) {
        CHECK(is_masked == (batch.ids.data()[n - 1] == 4));
      } else {
        ++words;
        masked += is_masked ? 1 : 0;
      }
    }
  }
  CHECK(words == 200 * 8);
  // Five standard deviations of a binomial share.
  CHECK(std::abs(static_cast<double>(masked) / static_cast<double>(words) - 0.5) < 5 * std::sqrt(0.25 / 1600));
  CHECK_THROWS_AS((TokenCollate{.word_mask_prob = 1.5, .mask_token_id = 4}(examples)), ConfigError);
  CHECK_THROWS_AS((TokenCollate{.word_mask_prob = 0.5}(examples)), ConfigError);
}

}  // namespace token_classification_test
