// Datasets of sentences with a tag for each word: batches with a label for each token, and predictions for words.
#pragma once

#include <tempa/core/parallel.hpp>
#include <tempa/data/batch.hpp>
#include <tempa/data/detail/word_pieces.hpp>
#include <tempa/data/tagged_sentences.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Which tokens of a word have its label.
enum class LabeledPieces {
  kFirst,  ///< the first, whose prediction is also the word's
  kAll     ///< all; a word's prediction is still its first token's
};

/// Options of the labels of words and tokens.
struct TokenClassificationOptions {
  std::optional<std::int64_t> max_length = 512;  ///< tokens of an example, [CLS] and [SEP] included; absent: no limit
  Overflow overflow = Overflow::kTruncate;       ///< what happens to a longer sentence
  LabeledPieces labeled_pieces = LabeledPieces::kFirst;
};

/// A sentence, or a part of one.
struct TokenExample {
  Encoding encoding;                   ///< (T)
  std::vector<std::int32_t> word_ids;  ///< (T) word of the sentence; -1 for [CLS] and [SEP]
  std::vector<std::int32_t> labels;    ///< (T) class, or `kNoLabel`; empty when the tags are unknown
};

/// Sentences with a class for each word, tokenized once. A row is a sentence, or with `Overflow::kSplit` a part of one.
/// @source IndoNLU `NerGritDataset`, `PosDataset`, …
class TokenClassificationDataset {
 public:
  /// @param sentences with tags, or without when they are unknown. @param label_names (K) of the classes; not looked at
  ///   without tags. @param tokenizer any `Tokenizer`; it is not kept.
  /// @throws FormatError with file and line for an unknown tag or a word that cannot be encoded; ConfigError.
  template <Tokenizer T>
  TokenClassificationDataset(const TaggedSentences& sentences, std::vector<std::string> label_names, const T& tokenizer,
                             const TokenClassificationOptions& options = {})
      : label_names_(std::move(label_names)) {
    std::vector<std::vector<std::int32_t>> classes;
    if (!sentences.sentences.empty() && !sentences.sentences.front().tags.empty())
      classes = tag_classes(sentences, label_names_);
    std::vector<std::vector<WordPieces>> encoded(sentences.sentences.size());
    parallel_for(0, sentences.size(), 16, [&](Index begin, Index end) {
      for (auto s = static_cast<std::size_t>(begin); s < static_cast<std::size_t>(end); ++s) {
        const TaggedSentence& sentence = sentences.sentences[s];
        try {
          encoded[s] =
              encode_words(sentence.words, tokenizer, {.max_length = options.max_length, .overflow = options.overflow});
        } catch (const ValueError& error) {
          throw FormatError(sentences.name, sentence.line, error.what());
        }
      }
    });
    for (std::size_t s = 0; s < encoded.size(); ++s) {
      word_counts_.push_back(sentences.sentences[s].words.size());
      for (WordPieces& part : encoded[s]) {
        TokenExample example{.encoding = std::move(part.encoding), .word_ids = std::move(part.word_ids), .labels = {}};
        if (!classes.empty()) example.labels = token_labels(example.word_ids, classes[s], options.labeled_pieces);
        examples_.push_back(std::move(example));
        sentence_of_.push_back(s);
      }
    }
  }

  /// Reads and tokenizes a file. @throws as above and `read_tagged_sentences`.
  template <Tokenizer T>
  static TokenClassificationDataset from_tsv(const std::filesystem::path& path, std::vector<std::string> label_names,
                                             const T& tokenizer, const TokenClassificationOptions& options = {}) {
    return TokenClassificationDataset(read_tagged_sentences(path), std::move(label_names), tokenizer, options);
  }

  const std::vector<std::string>& label_names() const { return label_names_; }
  Index size() const { return static_cast<Index>(examples_.size()); }
  const TokenExample& operator[](Index row) const { return examples_[static_cast<std::size_t>(row)]; }

  /// The classes of all words, from those of tokens: a word's is that of its first token.
  /// @param classes for each row, of its T tokens. @param missing class of a word without a token, which was cut off.
  /// @return for each sentence, of its words.
  /// @throws ShapeError when rows or tokens are missing.
  std::vector<std::vector<std::int32_t>> word_classes(std::span<const std::vector<std::int32_t>> classes,
                                                      std::int32_t missing) const;
  /// Number of words without a token, which were cut off.
  Index words_cut_off() const;

 private:
  static bool is_first(const std::vector<std::int32_t>& word_ids, std::size_t t);
  static std::vector<std::int32_t> token_labels(const std::vector<std::int32_t>& word_ids,
                                                const std::vector<std::int32_t>& classes, LabeledPieces pieces);

  std::vector<std::string> label_names_;
  std::vector<TokenExample> examples_;
  std::vector<std::size_t> sentence_of_;  // of each example
  std::vector<std::size_t> word_counts_;  // of each sentence
};

/// Joins the examples end to end; `labels` of the batch is (N).
struct TokenCollate {
  /// For training: the share of the words whose tokens all become `mask_token_id`, so that a model learns to
  /// tell a word's tag from its neighbors. Random numbers come from `default_generator()`, which a `DataLoader` seeds.
  double word_mask_prob = 0.0;
  std::optional<std::int32_t> mask_token_id = std::nullopt;

  /// @throws ValueError as `PackedCollate`, and for an example with another number of labels than tokens; ConfigError
  ///   for a `word_mask_prob` outside of [0,1], or one without a mask token.
  Batch operator()(std::span<const TokenExample> examples) const;

  /// The settings that its batches depend on: a `Trainer` compares them on resume.
  void visit_settings(auto&& f) const { f("word_mask_prob", word_mask_prob); }

 private:
  void mask_words(std::vector<std::int32_t>& ids, const std::vector<std::int32_t>& word_ids) const;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/data/impl/token_classification.ipp>
#endif
