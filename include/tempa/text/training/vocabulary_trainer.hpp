// Learns a WordPiece vocabulary from texts, with the sentencepiece library, for training a model from scratch.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/detail/compiled.hpp>
#include <tempa/core/error.hpp>
#include <tempa/text/bert/bert_tokenizer.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
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

TEMPA_COMPILED_FILE("text");

namespace tempa::inline TEMPA_ABI {

/// How the tokens are chosen, by sentencepiece where they are pieces of words.
enum class SubwordModel {
  kUnigram,  ///< the pieces that make the texts most likely (Kudo 2018)
  kBpe,      ///< the most frequent pairs, merged in turn (Sennrich et al. 2016)
  kWord      ///< whole words, the most frequent; all others are [UNK]
};

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

inline Alphabet collect_alphabet(const WordCounts& words, std::int64_t min_count) {
  struct Seen {
    std::int64_t count = 0;
    bool in_longer_word = false;
  };
  std::map<char32_t, Seen> seen;
  for (const auto& [word, count] : words) {
    const std::u32string characters = to_utf32(word);
    for (const char32_t c : characters) {
      Seen& entry = seen[c];
      entry.count += count;
      entry.in_longer_word = entry.in_longer_word || characters.size() > 1;
    }
  }
  std::vector<std::pair<char32_t, Seen>> sorted(seen.begin(), seen.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second.count > b.second.count; });
  Alphabet alphabet;
  for (const auto& entry : sorted) {
    if (entry.second.count < min_count) break;
    const std::string character = to_utf8(std::u32string_view(&entry.first, 1));
    alphabet.characters.insert(entry.first);
    alphabet.tokens.push_back(character);
    if (entry.second.in_longer_word) alphabet.tokens.push_back("##" + character);
  }
  return alphabet;
}

/// Words for sentencepiece, with marks of private-use code points, which the basic tokenizer leaves in no word:
/// - The first character of a word is another code point than the same one inside a word, so that every piece is a
///   WordPiece token. (sentencepiece's own mark of a word's start may become a piece by itself, and leave a frequent
///   word known inside a word only.)
/// - For the unigram model each word comes a second time, once, with a mark at its end: that model takes as candidates
///   only what is followed by different characters, and would not consider a word that never has an ending.
class MarkedWords {
 public:
  /// @param words sorted, each once; some are left out: those of one character, those of more characters than WordPiece
  ///   takes, with characters outside the alphabet or that sentencepiece uses for itself.
  MarkedWords(const WordCounts& words, const std::unordered_set<char32_t>& alphabet, SubwordModel model) {
    std::unordered_set<char32_t> used;
    for (const auto& [word, count] : words) {
      std::u32string characters = to_utf32(word);
      const auto is_bad = [&](char32_t c) { return c == 0x2581 || c == 0x2585 || !alphabet.contains(c); };
      if (characters.size() < 2 || characters.size() > kMaxCodePoints ||
          std::any_of(characters.begin(), characters.end(), is_bad)) {
        continue;
      }
      const auto mark = static_cast<char32_t>(kFirstMark + starts_.size());
      const auto [entry, is_new] = marks_.try_emplace(characters[0], mark);
      if (is_new) starts_.push_back(characters[0]);
      characters[0] = entry->second;
      used.insert(characters.begin(), characters.end());
      const bool mark_end = model == SubwordModel::kUnigram;
      if (count > 1 || !mark_end) words_.emplace_back(to_utf8(characters), mark_end ? count - 1 : count);
      if (mark_end) words_.emplace_back(to_utf8(characters + kEnd), 1);
    }
    character_count_ = used.size() + 1;
  }

  const WordCounts& words() const { return words_; }
  /// @return how many different characters, marks included, the words have at most: each becomes a piece.
  std::size_t character_count() const { return character_count_; }

  /// @return the WordPiece token of a piece, or nothing where the piece has the mark of an end.
  std::optional<std::string> token(std::string_view piece) const {
    std::u32string characters = to_utf32(piece);
    if (characters.find(kEnd) != std::u32string::npos) return std::nullopt;
    if (characters[0] < kFirstMark) return "##" + std::string(piece);
    characters[0] = starts_[characters[0] - kFirstMark];
    return to_utf8(characters);
  }

 private:
  static constexpr std::size_t kMaxCodePoints = 100;
  static constexpr char32_t kEnd = 0xF0000;
  static constexpr char32_t kFirstMark = 0xF0001;

  std::unordered_map<char32_t, char32_t> marks_;
  std::u32string starts_;
  WordCounts words_;
  std::size_t character_count_ = 0;
};

/// The words seen at least `min_count` times, most frequent first, equals in their order in `words`.
inline std::vector<std::string> most_frequent(WordCounts words, std::int64_t min_count) {
  std::erase_if(words, [&](const auto& entry) { return entry.second < min_count; });
  std::stable_sort(words.begin(), words.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<std::string> result;
  for (auto& entry : words) result.push_back(std::move(entry.first));
  return result;
}

/// @param words sorted, each once. @return the tokenizer of the learned vocabulary.
inline BertTokenizer train_from_words(const WordCounts& words, const VocabularyTrainerOptions& options) {
  std::vector<std::string> tokens;
  std::unordered_set<std::string> known;
  const auto add = [&](const std::string& token) {
    if (known.insert(token).second) tokens.push_back(token);
  };
  const SpecialTokens& special = options.tokenizer.special_tokens;
  for (const std::string& token :
       {special.pad_token, special.unk_token, special.cls_token, special.sep_token, special.mask_token}) {
    add(token);
  }
  const auto vocab_size = static_cast<std::size_t>(std::max<std::int64_t>(options.vocab_size, 0));
  if (options.model == SubwordModel::kWord) {
    for (const std::string& word : most_frequent(words, options.min_word_count)) {
      if (tokens.size() >= vocab_size) break;
      add(word);
    }
    return BertTokenizer(Vocabulary::from_tokens(std::move(tokens)), options.tokenizer);
  }
  const Alphabet alphabet = collect_alphabet(words, options.min_character_count);
  for (const std::string& token : alphabet.tokens) add(token);
  if (tokens.size() > vocab_size) {
    throw ValueError(concat("[train_bert_tokenizer] vocab_size must be at least ", tokens.size(),
                            " (the special tokens and the characters of the texts) but is ", options.vocab_size,
                            "; a higher min_character_count leaves rare characters out"));
  }
  const MarkedWords marked(words, alphabet.characters, options.model);
  if (!marked.words().empty() && tokens.size() < vocab_size) {
    // Besides the missing tokens: the characters, which are tokens already, <unk>, and 1% for pieces with a marked end.
    const std::size_t missing = vocab_size - tokens.size();
    const std::size_t piece_count = missing + marked.character_count() + 1 + missing / 100;
    for (const std::string& piece : train_pieces(marked.words(), piece_count, options.model)) {
      if (tokens.size() == vocab_size) break;
      if (const auto token = marked.token(piece)) add(*token);
    }
  }
  return BertTokenizer(Vocabulary::from_tokens(std::move(tokens)), options.tokenizer);
}

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
