// How many tokens of a text a model reads.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/text/any_tokenizer.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

/// The tokens that a model from scratch reads unless told otherwise.
inline constexpr std::int64_t kLengthFromScratch = 128;

/// The tokens of a text that are read, [CLS] and [SEP] included.
struct TextLength {
  std::int64_t tokens;
  std::string reason;

  /// "length: 512 tokens (model_max_length of the tokenizer)"
  std::string line() const { return tempa::concat("length: ", tokens, " tokens (", reason, ')'); }
};

/// What was asked for; else the tokenizer's `model_max_length`; else all that the model has positions for.
/// @param asked_by whose wish `asked` is, such as "--max-length". @param positions of the model.
/// @throws tempa::ConfigError when more tokens are asked for than the model has positions.
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
