// Reads and writes the special and added tokens in tokenizer_config.json and special_tokens_map.json, for all
// tokenizers.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/error.hpp>
#include <tempa/io/detail/json/json.hpp>
#include <tempa/io/files/detail/printable.hpp>
#include <tempa/text/shared/detail/added_token.hpp>
#include <tempa/text/shared/special_tokens.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// "/added_tokens/0" and "content" are "/added_tokens/0/content".
std::string json_child(const std::string& parent, const std::string& key);

/// A token written as a string, or as an object with `content` and any of its properties.
/// @param field a JSON pointer. @throws FormatError with line and field.
AddedToken read_added_token(const JsonFile& file, const std::string& field, bool special);

/// A token as an object with its properties.
nlohmann::json added_token_json(const AddedToken& token);

/// The fields of the five named tokens, each with its place in `tokens`.
std::array<std::pair<const char*, std::string*>, 5> named_tokens(SpecialTokens& tokens);

bool is_filled(const JsonFile& file, const std::string& field);

}  // namespace detail

/// Reads `added_tokens_decoder`: the added tokens by their ids.
/// @throws FormatError with line and field where an id or a token is malformed.
std::map<std::int32_t, AddedToken> read_added_tokens_decoder(const JsonFile& file);

/// Checks that a tokenizer's added tokens have the ids that its file gives them.
/// @throws FormatError with line and field where one has another id.
template <typename Vocabulary>
void require_added_token_ids(const JsonFile& file, const Vocabulary& vocabulary) {
  for (const auto& [id, token] : read_added_tokens_decoder(file)) {
    if (vocabulary.find(token.content) == id) continue;
    throw field_error(file, concat("/added_tokens_decoder/", id),
                      concat("expected the id that ", printable(token.content), " has in the vocabulary or would get (",
                             vocabulary.find(token.content).value_or(-1), ") but it is ", id));
  }
}

/// Reads the names of the special tokens, `added_tokens_decoder` and `additional_special_tokens` (in transformers 5
/// `extra_special_tokens`). What is absent keeps its value; tokens are appended to `added`, by id where they have one.
/// @throws FormatError with line and field.
void read_token_fields(const JsonFile& file, SpecialTokens& special, std::vector<AddedToken>& added);

/// Reads `model_max_length`, the tokens that the model is meant to read; what is absent or null keeps its value, and
/// the huge number that transformers writes where there is no limit (int(1e30)) means no limit.
/// @throws FormatError with line and field where it is no number of at least 1.
void read_model_max_length(const JsonFile& file, std::optional<std::int64_t>& length);

/// Checks that tokenizer_config.json says that texts are truncated at their ends. @param who the tokenizer.
/// @throws ConfigError for another truncation_side: of a long text, the end would be kept.
void require_right_truncation(const JsonFile& file, std::string_view who);

/// Reads the names of the special tokens in special_tokens_map.json, where `folder` has it: tokenizer_config.json,
/// which is to be read after it, comes first.
/// @throws IoError, FormatError: `read_json`, `read_token_fields`.
void read_special_tokens_map(const std::filesystem::path& folder, SpecialTokens& special);

/// Writes `config` with the tokens in it as tokenizer_config.json, and special_tokens_map.json.
/// @param added by their ids. @throws IoError where a file cannot be written.
void write_token_fields(const std::filesystem::path& folder, nlohmann::json config, SpecialTokens special,
                        const std::map<std::int32_t, AddedToken>& added);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/shared/detail/impl/token_fields.ipp>
#endif
