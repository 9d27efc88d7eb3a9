// Chooses how many tokens of a text a model reads.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/text/any_tokenizer.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

/// The default for a model from scratch.
inline constexpr std::int64_t kLengthFromScratch = 128;

/// The tokens of a text that are read, [CLS] and [SEP] included.
struct TextLength {
  std::int64_t tokens;
  std::string reason;

  /// "length: 512 tokens (model_max_length of the tokenizer)"
  std::string line() const { return tempa::concat("length: ", tokens, " tokens (", reason, ')'); }
};

/// The requested length; else the tokenizer's `model_max_length`; else the model's number of positions.
/// @param asked_by the option of `asked`, such as "--max-length". @param positions of the model.
/// @throws tempa::ConfigError when more tokens are requested than the model has positions.
inline TextLength text_length(std::optional<std::int64_t> asked, const std::string& asked_by,
                              const tempa::AnyTokenizer& tokenizer, std::int64_t positions) {
  if (asked && *asked > positions)
    throw tempa::ConfigError(
        tempa::concat(asked_by, ": the model reads at most ", positions, " tokens but ", *asked, " were asked for"));
  if (asked) return {*asked, asked_by};
  const auto folder = tokenizer.model_max_length();
  if (folder && *folder <= positions) return {*folder, "model_max_length of the tokenizer"};
  return {positions, "the model's positions"};
}
