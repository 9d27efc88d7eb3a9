// The options of a BERT tokenizer.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/text/shared/detail/added_token.hpp>
#include <tempa/text/shared/special_tokens.hpp>
#include <tempa/text/tokenizer.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Options of `BertTokenizer`; a folder's tokenizer_config.json holds the same.
struct BertTokenizerOptions {
  bool lower_case = true;
  std::optional<bool> strip_accents = std::nullopt;  ///< when absent: as `lower_case`
  bool tokenize_chinese_chars = true;                ///< every CJK ideograph is a separate word
  std::vector<std::string> never_split{};  ///< space-separated words that are one token, or [UNK] without their letters
  SpecialTokens special_tokens{};
  std::vector<AddedToken> added_tokens{};                ///< found before words are split; new ones get the next ids
  std::vector<std::string> additional_special_tokens{};  ///< special tokens without a role
  std::string continuing_subword_prefix = "##";
  std::int64_t max_input_chars_per_word = 100;  ///< code points; a longer word is [UNK]
  bool clean_up_tokens = true;                  ///< `decode`: no space before . ? ! , n't 's and so on, token by token
  std::optional<bool> clean_up_tokenization_spaces = std::nullopt;  ///< `decode`, of the whole text; nothing: no
  /// What the model can read; `encode` truncates only if told to.
  std::optional<std::int64_t> model_max_length = std::nullopt;
  Side padding_side = Side::kRight;  ///< the side that `pad` should pad
};

}  // namespace tempa::inline TEMPA_ABI
