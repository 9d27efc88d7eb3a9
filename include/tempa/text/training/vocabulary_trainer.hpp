// Learns a WordPiece vocabulary from texts, with the sentencepiece library, for training a model from scratch.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/detail/processors.hpp>
#include <tempa/core/error.hpp>
#include <tempa/text/bert/bert_tokenizer.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#if defined(TEMPA_WITH_SENTENCEPIECE)
#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>
#endif

namespace tempa::inline TEMPA_ABI {

/// How the tokens are chosen, by sentencepiece where they are pieces of words.
enum class SubwordModel {
  kUnigram,  ///< the pieces that make the texts most likely (Kudo 2018)
  kBpe,      ///< the most frequent pairs, merged in turn (Sennrich et al. 2016)
  kWord      ///< whole words, the most frequent; all others are [UNK]
};

/// Options of the training of a vocabulary.
struct VocabularyTrainerOptions {
  std::int64_t vocab_size = 8000;  ///< the largest number of tokens; a small collection of texts gives fewer
  SubwordModel model = SubwordModel::kUnigram;
  std::int64_t min_character_count = 2;  ///< a character seen less often is left out: its words become [UNK]
  std::int64_t min_word_count = 2;       ///< of `kWord`: a word seen less often is left out, and becomes [UNK]
  BertTokenizerOptions
      tokenizer{};  ///< options of the resulting tokenizer, which also splits the training texts into words
};

namespace detail {

using WordCounts = std::vector<std::pair<std::string, std::int64_t>>;

/// The pieces that sentencepiece learns from words of two characters and more, without white space; best first.
/// @param words with how often each was seen. @param piece_count how many pieces to request; there may be fewer.
#if defined(TEMPA_WITH_SENTENCEPIECE)
inline std::vector<std::string> train_pieces(const WordCounts& words, std::size_t piece_count, SubwordModel model) {
  class WordIterator final : public sentencepiece::SentenceIterator {
   public:
    explicit WordIterator(const WordCounts& counts) : words_(counts) { load(); }
    bool done() const override { return position_ >= words_.size(); }
    void Next() override {
      ++position_;
      load();
    }
    const std::string& value() const override { return value_; }
    sentencepiece::util::Status status() const override { return {}; }

   private:
    void load() {
      if (!done()) value_ = words_[position_].first + "\t" + std::to_string(words_[position_].second);
    }
    const WordCounts& words_;
    std::size_t position_ = 0;
    std::string value_;
  };
  WordIterator iterator(words);
  std::string proto;
  const auto trained =
      sentencepiece::SentencePieceTrainer::Train({{"model_type", model == SubwordModel::kUnigram ? "unigram" : "bpe"},
                                                  {"vocab_size", std::to_string(piece_count)},
                                                  {"hard_vocab_limit", "false"},
                                                  {"character_coverage", "1.0"},
                                                  {"input_format", "tsv"},
                                                  {"normalization_rule_name", "identity"},
                                                  {"add_dummy_prefix", "false"},
                                                  {"split_by_unicode_script", "false"},
                                                  {"split_by_number", "false"},
                                                  {"num_threads", "1"},
                                                  {"bos_id", "-1"},
                                                  {"eos_id", "-1"},
                                                  {"minloglevel", "3"}},
                                                 &iterator, &proto);
  if (!trained.ok()) throw Error(concat("[train_bert_tokenizer] sentencepiece failed: ", trained.ToString()));
  sentencepiece::SentencePieceProcessor processor;
  const auto loaded = processor.LoadFromSerializedProto(proto);
  if (!loaded.ok()) throw Error(concat("[train_bert_tokenizer] sentencepiece failed: ", loaded.ToString()));
  std::vector<std::string> pieces;
  for (int id = 0; id < processor.GetPieceSize(); ++id) {
    if (!processor.IsUnknown(id) && !processor.IsControl(id)) pieces.push_back(processor.IdToPiece(id));
  }
  return pieces;
}
#else
inline std::vector<std::string> train_pieces(const WordCounts&, std::size_t, SubwordModel) {
  throw ConfigError(
      "[train_bert_tokenizer] training a vocabulary needs the sentencepiece library but this build has none "
      "(TEMPA_WITH_SENTENCEPIECE is not defined)");
}
#endif

/// The characters of the words.
struct Alphabet {
  std::vector<std::string> tokens;  // "x", and "##x" where x was seen in a longer word; most frequent first
  std::unordered_set<char32_t> characters;
};

Alphabet collect_alphabet(const WordCounts& words, std::int64_t min_count);

/// @param words sorted, each once. @return the tokenizer of the learned vocabulary.
BertTokenizer train_from_words(const WordCounts& words, const VocabularyTrainerOptions& options);

}  // namespace detail

/// Learns a vocabulary from texts. The texts are split into words by the resulting tokenizer itself, sentencepiece
/// learns pieces of the words, and the pieces become WordPiece tokens: [PAD] [UNK] [CLS] [SEP] [MASK], then each
/// character seen often enough (as "x", and as "##x" where it was seen in a longer word, so that [UNK] is rare), then
/// the pieces, best first. The same texts in any order give the same vocabulary. sentencepiece's log is turned off.
/// With `SubwordModel::kWord` the tokens after the special ones are whole words, and sentencepiece is not needed.
/// @param texts a range of UTF-8 texts. @return the tokenizer; `save_pretrained` keeps it.
/// @throws ValueError where a text is not valid UTF-8, there are no words, or `vocab_size` cannot hold the characters;
///   ConfigError where this build has no sentencepiece.
/// @source Kudo and Richardson 2018 (sentencepiece).
template <std::ranges::input_range Texts>
requires std::convertible_to<std::ranges::range_reference_t<Texts>, std::string_view> BertTokenizer
train_bert_tokenizer(Texts&& texts, const VocabularyTrainerOptions& options = {}) {
  const SpecialTokens& special = options.tokenizer.special_tokens;
  const BertTokenizer splitter(Vocabulary::from_tokens({special.pad_token, special.unk_token, special.cls_token,
                                                        special.sep_token, special.mask_token}),
                               options.tokenizer);
  std::unordered_map<std::string, std::int64_t> counts;
  for (auto&& text : texts) {
    splitter.for_each_word(std::string_view(text), [&](std::string_view word) { ++counts[std::string(word)]; });
  }
  if (counts.empty()) throw ValueError("[train_bert_tokenizer] expected texts with words but there is no word");
  detail::WordCounts words(counts.begin(), counts.end());
  std::sort(words.begin(), words.end());
  return detail::train_from_words(words, options);
}

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/training/impl/vocabulary_trainer.ipp>
#endif
