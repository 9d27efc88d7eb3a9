// Learns the vocabulary of a Japanese tokenizer from texts, for training a model from scratch.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/error.hpp>
#include <tempa/text/japanese/detail/sentencepiece_subwords.hpp>
#include <tempa/text/japanese/japanese_tokenizer.hpp>
#include <tempa/text/training/vocabulary_trainer.hpp>

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <ranges>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Options of the training of a Japanese vocabulary.
struct JapaneseVocabularyTrainerOptions {
  std::int64_t vocab_size = 8000;  ///< the largest number of tokens; a small collection of texts gives fewer
  SubwordModel model = SubwordModel::kUnigram;  ///< how pieces of words are chosen
  std::int64_t min_character_count = 2;         ///< a character seen less often is left out
  BertJapaneseTokenizerOptions tokenizer{
      .word_tokenizer = JapaneseWordTokenizer::kMecab,
      .mecab = {.dictionary_name = "ipadic"}};  ///< options of the resulting tokenizer
};

namespace detail {

/// The special tokens with which a new vocabulary begins, in order.
std::vector<std::string> first_tokens(const SpecialTokens& special);

}  // namespace detail

/// Learns a vocabulary from Japanese texts: they are split into words as the resulting tokenizer does it (NFKC, then
/// MeCab with its dictionary, or at spaces and punctuation); then sentencepiece learns pieces of the words as in
/// `train_bert_tokenizer`, or, for `JapaneseSubwordTokenizer::kCharacter`, the characters are the tokens, most frequent
/// first (this needs neither library where words are `kBasic`). The same texts in any order give the same vocabulary.
/// @param texts a range of UTF-8 texts. @return the tokenizer; `save_pretrained` keeps it.
/// @throws ConfigError as `BertJapaneseTokenizer` (MeCab or its dictionary are missing), for subwords by sentencepiece,
///   and where this build has no sentencepiece and pieces are to be learned; ValueError where a text is not valid
///   UTF-8, there are no words, or `vocab_size` cannot hold the special tokens and, of pieces, the characters.
/// @source cl-tohoku/bert-japanese (the order: MeCab words, then their pieces).
template <std::ranges::input_range Texts>
requires std::convertible_to<std::ranges::range_reference_t<Texts>, std::string_view> BertJapaneseTokenizer
train_japanese_tokenizer(Texts&& texts, const JapaneseVocabularyTrainerOptions& options = {}) {
  const SpecialTokens& special = options.tokenizer.special_tokens;
  std::vector<std::string> tokens = detail::first_tokens(special);
  const BertJapaneseTokenizer splitter(Vocabulary::from_tokens(tokens), options.tokenizer);
  const bool characters = options.tokenizer.subword_tokenizer == JapaneseSubwordTokenizer::kCharacter;
  std::unordered_map<std::string, std::int64_t> counts;
  for (auto&& text : texts) {
    splitter.for_each_word(std::string_view(text), [&](std::string_view word) {
      if (characters) {
        for (const char32_t c : nfkc(to_utf32(word))) ++counts[to_utf8(std::u32string_view(&c, 1))];
      } else {
        detail::for_each_python_word(word, [&](std::string_view part) { ++counts[std::string(part)]; });
      }
    });
  }
  if (counts.empty()) throw ValueError("[train_japanese_tokenizer] expected texts with words but there is no word");
  detail::WordCounts words(counts.begin(), counts.end());
  std::sort(words.begin(), words.end());
  if (!characters) {
    const BertTokenizer learned = detail::train_from_words(words, {.vocab_size = options.vocab_size,
                                                                   .model = options.model,
                                                                   .min_character_count = options.min_character_count,
                                                                   .tokenizer = {.special_tokens = special}});
    return BertJapaneseTokenizer(learned.vocabulary(), options.tokenizer);
  }
  if (options.vocab_size <= static_cast<std::int64_t>(tokens.size()))
    throw ValueError(concat("[train_japanese_tokenizer] vocab_size must be more than ", tokens.size(),
                            " (the special tokens) but is ", options.vocab_size));
  for (std::string& character : detail::collect_alphabet(words, options.min_character_count).tokens)
    if (static_cast<std::int64_t>(tokens.size()) < options.vocab_size) tokens.push_back(std::move(character));
  return BertJapaneseTokenizer(Vocabulary::from_tokens(std::move(tokens)), options.tokenizer);
}

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/training/impl/japanese_vocabulary_trainer.ipp>
#endif
