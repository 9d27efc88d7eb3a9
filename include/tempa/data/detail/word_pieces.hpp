// Encodes sentences that are given as words, and records which token belongs to which word.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/text/tokenizer.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// What happens to a sentence of more than `max_length` tokens.
enum class Overflow {
  kTruncate,  ///< it loses its end, token by token; [SEP] stays
  kIndonlu,   ///< it loses its end with [SEP], as in IndoNLU's scripts
  kSplit      ///< it is split between words into several examples, so that no word is lost
};

struct WordPieceOptions {
  std::optional<std::int64_t> max_length = 512;  ///< tokens of an example, [CLS] and [SEP] included; absent: no limit
  Overflow overflow = Overflow::kTruncate;
};

/// A sentence, or a part of one, in tokens.
struct WordPieces {
  Encoding encoding;                   ///< (T)
  std::vector<std::int32_t> word_ids;  ///< (T) word of the sentence that each token is of; -1 for [CLS] and [SEP]
};

/// [CLS], the tokens of each word by itself, [SEP]. A word without tokens (only control characters) becomes one
/// unknown token, so that every word has a token.
/// @param words UTF-8. @return one entry; more by `kSplit`.
/// @throws ConfigError for a `max_length` below 3; what `encode` throws, for a word that is not valid UTF-8.
/// @source IndoNLU `NerGritDataset.__getitem__`; transformers `tokenizer(words, is_split_into_words=True)`
template <Tokenizer T>
std::vector<WordPieces> encode_words(std::span<const std::string> words, const T& tokenizer,
                                     const WordPieceOptions& options = {}) {
  if (options.max_length && *options.max_length < 3)
    throw ConfigError(concat("[encode_words] max_length must be at least 3 but is ", *options.max_length));
  const auto limit = options.max_length ? static_cast<std::size_t>(*options.max_length) : std::size_t(-1);
  std::vector<WordPieces> parts;
  const auto push = [&](std::int32_t id, std::int32_t word) {
    parts.back().encoding.ids.push_back(id);
    parts.back().word_ids.push_back(word);
  };
  const auto begin = [&] {
    parts.emplace_back();
    push(tokenizer.cls_token_id(), -1);
  };
  const auto length = [&] { return parts.back().encoding.ids.size(); };
  const auto cut = [&](std::size_t tokens) {
    if (length() <= tokens) return;
    parts.back().encoding.ids.resize(tokens);
    parts.back().word_ids.resize(tokens);
  };
  const auto end = [&] {
    if (options.overflow != Overflow::kIndonlu) cut(limit - 1);
    push(tokenizer.sep_token_id(), -1);
    cut(limit);
    parts.back().encoding.token_type_ids.resize(length(), 0);
  };
  begin();
  for (std::size_t w = 0; w < words.size(); ++w) {
    std::vector<std::int32_t> pieces = tokenizer.encode(words[w], {.add_special_tokens = false}).ids;
    if (pieces.empty()) pieces.push_back(tokenizer.unk_token_id());
    if (options.overflow == Overflow::kSplit && length() > 1 && pieces.size() >= limit - length()) {
      end();
      begin();
    }
    for (const std::int32_t id : pieces) push(id, static_cast<std::int32_t>(w));
    if (options.overflow == Overflow::kSplit) cut(limit - 1);  // a single word that is too long
  }
  end();
  return parts;
}

}  // namespace tempa::inline TEMPA_ABI
