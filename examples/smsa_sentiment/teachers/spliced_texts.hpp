// New texts put together from spans of others: inputs for which no one has labels, but a teacher model gives them.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/core/random.hpp>
#include <tempa/data/table/text_table.hpp>

#include <algorithm>
#include <cstddef>
#include <sstream>
#include <string>
#include <vector>

namespace teachers {

using namespace tempa;

/// Options of `spliced_texts`.
struct SplicingOptions {
  Index max_spans = 3;          ///< a text has 1 to so many spans, each of a random text
  Index min_words = 3;          ///< of a span; a shorter text is taken whole
  Index max_words = 20;         ///< of a span
  double word_drop_prob = 0.1;  ///< each word is left out with this probability
};

/// Splices random spans of words, cut at white space. Each span comes from a random row of a random class, so that
/// rare classes are as frequent as the others. The numbers come from `default_generator()`.
/// @param table with labels. @param count texts to make. @return (count) texts, each of one word at least.
/// @throws ValueError for a table without labels or words, or for options out of their range.
/// @source cf. Liang et al. 2021, "MixKD", which mixes embeddings instead of words
inline std::vector<std::string> spliced_texts(const LabeledTexts& table, Index count,
                                              const SplicingOptions& options = {}) {
  if (options.max_spans < 1 || options.min_words < 1 || options.max_words < options.min_words)
    throw ValueError(
        concat("[spliced_texts] expected at least 1 span and 1 word, and max_words not below min_words, but got ",
               options.max_spans, " spans of ", options.min_words, " to ", options.max_words, " words"));
  if (!(options.word_drop_prob >= 0 && options.word_drop_prob < 1))
    throw ValueError(concat("[spliced_texts] word_drop_prob must be in [0,1) but is ", options.word_drop_prob));
  std::vector<std::vector<std::vector<std::string>>> classes;  // words of rows by class
  for (std::size_t i = 0; i < table.labels.size(); ++i) {
    const auto label = static_cast<std::size_t>(table.labels[i]);
    std::istringstream text(table.texts[i]);
    std::vector<std::string> words;
    for (std::string word; text >> word;) words.push_back(word);
    if (classes.size() <= label) classes.resize(label + 1);
    if (!words.empty()) classes[label].push_back(std::move(words));
  }
  std::erase_if(classes, [](const auto& rows) { return rows.empty(); });
  if (classes.empty()) throw ValueError("[spliced_texts] expected labeled texts with words but there are none");

  Generator& random = default_generator();
  const auto between = [&](Index low, Index high) { return low + random.below(high - low + 1); };
  const auto pick = [&](const auto& items) -> const auto& {
    return items[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(items.size())))];
  };
  const std::uint32_t threshold = drop_threshold(options.word_drop_prob);
  std::vector<std::string> texts;
  while (static_cast<Index>(texts.size()) < count) {
    std::string text;
    for (Index spans = between(1, options.max_spans); spans > 0; --spans) {
      const std::vector<std::string>& words = pick(pick(classes));
      const auto size = static_cast<Index>(words.size());
      const Index length = std::min(size, between(options.min_words, options.max_words));
      const Index begin = between(0, size - length);
      for (Index i = begin; i < begin + length; ++i)
        if (random.bits() >= threshold) text += (text.empty() ? "" : " ") + words[static_cast<std::size_t>(i)];
    }
    if (!text.empty()) texts.push_back(std::move(text));
  }
  return texts;
}

}  // namespace teachers
