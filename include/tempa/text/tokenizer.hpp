// What every tokenizer offers: encodings, their options, truncation, and the concept that a user's tokenizer satisfies.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/text/detail/unicode/unicode.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// One text, or pair of texts, as a model reads it.
struct Encoding {
  std::vector<std::int32_t> ids;             // (T)
  std::vector<std::int32_t> token_type_ids;  // (T) 0 up to the first [SEP], then 1
  friend bool operator==(const Encoding&, const Encoding&) = default;
};

/// What is truncated where an encoding is longer than `max_length`. Texts lose their ends; [CLS] and [SEP] stay.
enum class Truncation {
  kLongestFirst,  ///< the longer text of a pair
  kOnlyFirst,     ///< the first text
  kOnlySecond,    ///< the second text
  kNone,          ///< nothing
  kIndonlu        ///< the ids after [CLS] and [SEP] were added, as IndoNLU's scripts do: the last [SEP] is lost
};

/// An end of a sequence.
enum class Side { kRight, kLeft };

/// Options of `encode` and its kin.
struct EncodeOptions {
  std::optional<std::int64_t> max_length = std::nullopt;  ///< tokens with [CLS] and [SEP]; nothing: no limit
  Truncation truncation = Truncation::kLongestFirst;
  bool add_special_tokens = true;
  /// Subword regularization for training: each match of a longer piece is left out with this probability, drawn from
  /// `default_generator()`, so that a word is split in another way each time; see `WordPiece::append_ids`.
  double piece_drop_prob = 0.0;
};

/// A tokenizer: it encodes a text and a pair of texts, and knows the size of its vocabulary and its special ids.
template <typename T>
concept Tokenizer = requires(const T& tokenizer, std::string_view text, const EncodeOptions& options) {
  { tokenizer.encode(text, options) } -> std::same_as<Encoding>;
  { tokenizer.encode(text, text, options) } -> std::same_as<Encoding>;
  { tokenizer.vocab_size() } -> std::convertible_to<std::int64_t>;
  { tokenizer.pad_token_id() } -> std::convertible_to<std::int32_t>;
  { tokenizer.unk_token_id() } -> std::convertible_to<std::int32_t>;
  { tokenizer.cls_token_id() } -> std::convertible_to<std::int32_t>;
  { tokenizer.sep_token_id() } -> std::convertible_to<std::int32_t>;
};

/// How many tokens a text, or each text of a pair, keeps so that both together have at most `budget`.
/// A pair cut by `longest_first` first loses the surplus of its longer text; if that is not enough, both keep half of
/// the budget, and of an odd budget the one token more goes, by the fast rules, to the longer text (to the second of
/// equals), by those of Python to the first.
/// @param first tokens of the first text. @param second tokens of the second, or nothing for a single text.
/// @param budget tokens without [CLS] and [SEP].
/// @return the tokens kept of the first and of the second text.
/// @throws ValueError where the text to be cut is missing, or does not have more tokens than must be removed.
/// @source tokenizers `truncate_encodings`; transformers `PythonBackend.truncate_sequences`.
std::pair<std::size_t, std::size_t> truncated_sizes(std::size_t first, std::optional<std::size_t> second,
                                                    std::size_t budget, Truncation truncation,
                                                    TextRules rules = TextRules::kFast);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/impl/tokenizer.ipp>
#endif
