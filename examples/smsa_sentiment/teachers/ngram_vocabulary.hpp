// Word n-grams that texts have, by number: the features of a linear text classifier.
#pragma once

#include <tempa/text/bert/bert_tokenizer.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace teachers {

using namespace tempa;

/// Options of `NgramVocabulary`.
struct NgramVocabularyOptions {
  int max_words = 2;               ///< an n-gram has 1 to so many words
  std::int64_t min_documents = 2;  ///< an n-gram that fewer texts have is left out
};

/// The n-grams of texts, numbered from 1 in their order, each with its inverse document frequency
/// idf = 1 + ln((1 + n) / (1 + df)), n texts of which df have it. Number 0 stands for a bias, which every text has.
/// @source scikit-learn TfidfVectorizer
class NgramVocabulary {
 public:
  /// @param texts (n) UTF-8. @param splitter a tokenizer that cuts texts into words; its vocabulary is not used.
  /// @throws ValueError where a text is not valid UTF-8.
  NgramVocabulary(const std::vector<std::string>& texts, const BertTokenizer& splitter,
                  const NgramVocabularyOptions& options = {})
      : splitter_(splitter), max_words_(options.max_words) {
    std::map<std::string, std::int64_t> documents;
    for (const std::string& text : texts)
      for (const std::string& ngram : ngrams(text)) ++documents[ngram];
    const auto count = static_cast<double>(texts.size());
    for (const auto& [ngram, seen] : documents) {
      if (seen < options.min_documents) continue;
      numbers_.emplace(ngram, static_cast<std::int32_t>(idf_.size()));
      idf_.push_back(static_cast<float>(1 + std::log((1 + count) / (1 + static_cast<double>(seen)))));
    }
  }

  /// Numbers of the different n-grams of a text, rising, 0 first. @throws ValueError for text that is not valid UTF-8.
  std::vector<std::int32_t> ids(std::string_view text) const {
    std::vector<std::int32_t> result{0};
    for (const std::string& ngram : ngrams(text))
      if (const auto found = numbers_.find(ngram); found != numbers_.end()) result.push_back(found->second);
    std::sort(result.begin(), result.end());
    return result;
  }

  /// How many numbers there are, 0 included.
  std::int64_t size() const { return static_cast<std::int64_t>(idf_.size()); }
  /// (size()) by number; 1 for the bias.
  const std::vector<float>& idf() const { return idf_; }

 private:
  // Each once, sorted; words are joined by a space.
  std::vector<std::string> ngrams(std::string_view text) const {
    std::vector<std::string> words, result;
    splitter_.for_each_word(text, [&](std::string_view word) { words.emplace_back(word); });
    for (std::size_t begin = 0; begin < words.size(); ++begin) {
      std::string ngram;
      for (std::size_t i = begin; i < words.size() && i < begin + static_cast<std::size_t>(max_words_); ++i) {
        ngram += (i == begin ? "" : " ") + words[i];
        result.push_back(ngram);
      }
    }
    std::sort(result.begin(), result.end());
    result.erase(std::unique(result.begin(), result.end()), result.end());
    return result;
  }

  BertTokenizer splitter_;
  int max_words_;
  std::unordered_map<std::string, std::int32_t> numbers_;
  std::vector<float> idf_{1.0F};  // of number 0
};

}  // namespace teachers
