#include <tempa/core/error.hpp>

#include "../../examples/smsa_sentiment/teachers/spliced_texts.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <cstddef>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace spliced_texts_test {

using namespace teachers;

namespace {

/// 9 rows of class 0 whose words begin with a, 1 row of class 2 whose words begin with c, numbered in their order.
LabeledTexts table() {
  LabeledTexts rows;
  for (int row = 0; row < 10; ++row) {
    std::string text;
    for (int word = 0; word < 12; ++word)
      text += (word == 0 ? "" : " ") + std::string(row < 9 ? "a" : "c") + std::to_string(100 * row + word);
    rows.texts.push_back(text);
    rows.labels.push_back(row < 9 ? 0 : 2);
    rows.lines.push_back(row + 1);
  }
  return rows;
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

}  // namespace

TEST_CASE("Spliced texts: spans of the rows, every class as often", "[examples]") {
  manual_seed(3);
  const auto rows = table();
  const auto texts = spliced_texts(rows, 2000, {.max_spans = 1, .min_words = 2, .max_words = 5, .word_drop_prob = 0});
  REQUIRE(texts.size() == 2000);
  std::size_t rare = 0;
  std::set<std::size_t> lengths;
  for (const std::string& text : texts) {
    lengths.insert(words_of(text).size());
    rare += text[0] == 'c';
    CHECK(std::any_of(rows.texts.begin(), rows.texts.end(),
                      [&](const std::string& row) { return (" " + row + " ").find(" " + text + " ") != row.npos; }));
  }
  CHECK(lengths == std::set<std::size_t>{2, 3, 4, 5});
  CHECK(rare > 900);  // of 1000 expected, 22 the standard deviation
  CHECK(rare < 1100);
}

TEST_CASE("Spliced texts: several spans, fewer words, never none, the same from the same seed", "[examples]") {
  const auto rows = table();
  const SplicingOptions options{.max_spans = 3, .min_words = 1, .max_words = 2, .word_drop_prob = 0.5};
  manual_seed(4);
  const auto texts = spliced_texts(rows, 500, options);
  std::size_t longest = 0;
  for (const std::string& text : texts) {
    CHECK_FALSE(text.empty());
    longest = std::max(longest, words_of(text).size());
  }
  CHECK(longest > 2);
  CHECK(longest <= 6);
  CHECK(spliced_texts(rows, 500, options) != texts);
  manual_seed(4);
  CHECK(spliced_texts(rows, 500, options) == texts);
}

TEST_CASE("Spliced texts: what cannot be spliced is refused", "[examples]") {
  auto rows = table();
  CHECK_THROWS_AS(spliced_texts(rows, 1, {.max_spans = 0}), ValueError);
  CHECK_THROWS_AS(spliced_texts(rows, 1, {.min_words = 5, .max_words = 4}), ValueError);
  CHECK_THROWS_AS(spliced_texts(rows, 1, {.word_drop_prob = 1}), ValueError);
  CHECK(spliced_texts(rows, 0).empty());
  rows.labels.clear();
  CHECK_THROWS_AS(spliced_texts(rows, 1), ValueError);
}

}  // namespace spliced_texts_test
