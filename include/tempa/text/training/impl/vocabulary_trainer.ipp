// The bodies of <tempa/text/training/vocabulary_trainer.hpp>.
#pragma once

#include <tempa/text/training/vocabulary_trainer.hpp>

#include <map>
#include <optional>

namespace tempa::inline TEMPA_ABI::detail {

TEMPA_INLINE Alphabet collect_alphabet(const WordCounts& words, std::int64_t min_count) {
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

TEMPA_INLINE BertTokenizer train_from_words(const WordCounts& words, const VocabularyTrainerOptions& options) {
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

}  // namespace tempa::inline TEMPA_ABI::detail
