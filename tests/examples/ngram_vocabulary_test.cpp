#include "../../examples/smsa_sentiment/teachers/ngram_vocabulary.hpp"

#include "support/catch.hpp"

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace ngram_vocabulary_test {

using namespace teachers;

namespace {

BertTokenizer splitter() {
  return BertTokenizer(Vocabulary::from_tokens({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}));
}

const std::vector<std::string> kTexts{"Tidak enak, tidak", "tidak enak", "enak"};

}  // namespace

TEST_CASE("NgramVocabulary: words and pairs that two texts have, each once a text", "[examples]") {
  const NgramVocabulary ngrams(kTexts, splitter());
  REQUIRE(ngrams.size() == 4);  // the bias, "enak", "tidak", "tidak enak"; not ",", "enak ,", ", tidak"
  CHECK(ngrams.ids("enak") == std::vector<std::int32_t>{0, 1});
  CHECK(ngrams.ids("TIDAK enak tidak enak") == std::vector<std::int32_t>{0, 1, 2, 3});
  CHECK(ngrams.ids("enak tidak") == std::vector<std::int32_t>{0, 1, 2});
  CHECK(ngrams.ids("lain").size() == 1);
  CHECK(ngrams.ids("").size() == 1);
  CHECK(ngrams.idf() == std::vector<float>{1, 1, 1 + std::log(4.0F / 3), 1 + std::log(4.0F / 3)});
}

TEST_CASE("NgramVocabulary: longer n-grams, and those of one text", "[examples]") {
  const NgramVocabulary ngrams({"a b c"}, splitter(), {.max_words = 3, .min_documents = 1});
  CHECK(ngrams.size() == 7);
  CHECK(ngrams.ids("a b c") == std::vector<std::int32_t>{0, 1, 2, 3, 4, 5, 6});
  CHECK_THROWS_AS(ngrams.ids("\xff"), ValueError);
}

}  // namespace ngram_vocabulary_test
