// Reads and writes the special and added tokens in tokenizer_config.json and special_tokens_map.json, for all
// tokenizers.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/detail/compiled.hpp>
#include <tempa/core/error.hpp>
#include <tempa/io/detail/json/json.hpp>
#include <tempa/text/shared/detail/added_token.hpp>
#include <tempa/text/shared/special_tokens.hpp>

#include <array>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("text");

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// "/added_tokens/0" and "content" are "/added_tokens/0/content".
inline std::string json_child(const std::string& parent, const std::string& key) {
  return (nlohmann::json::json_pointer(parent) / key).to_string();
}

/// A token written as a string, or as an object with `content` and any of its properties.
/// @param field a JSON pointer. @throws FormatError with line and field.
inline AddedToken read_added_token(const JsonFile& file, const std::string& field, bool special) {
  AddedToken token{.content = {}, .special = special};
  if (!json_field(file, field).is_object()) {
    token.content = require<std::string>(file, field);
  } else {
    token.content = require<std::string>(file, field + "/content");
    token.special = get_or<bool>(file, field + "/special", special);
    token.single_word = get_or<bool>(file, field + "/single_word", false);
    token.lstrip = get_or<bool>(file, field + "/lstrip", false);
    token.rstrip = get_or<bool>(file, field + "/rstrip", false);
    token.normalized = get_or<bool>(file, field + "/normalized", !token.special);
  }
  if (token.content.empty()) throw field_error(file, field, "expected a token but it is empty");
  return token;
}

/// A token as an object with its properties.
inline nlohmann::json added_token_json(const AddedToken& token) {
  return {{"content", token.content}, {"single_word", token.single_word}, {"lstrip", token.lstrip},
          {"rstrip", token.rstrip},   {"normalized", token.normalized},   {"special", token.special}};
}

/// The fields of the five named tokens, each with its place in `tokens`.
inline std::array<std::pair<const char*, std::string*>, 5> named_tokens(SpecialTokens& tokens) {
  return {{{"unk_token", &tokens.unk_token},
           {"sep_token", &tokens.sep_token},
           {"pad_token", &tokens.pad_token},
           {"cls_token", &tokens.cls_token},
           {"mask_token", &tokens.mask_token}}};
}

inline bool is_filled(const JsonFile& file, const std::string& field) {
  return has_field(file, field) && !json_field(file, field).is_null();
}

}  // namespace detail

/// Reads `added_tokens_decoder`: the added tokens by their ids.
/// @throws FormatError with line and field where an id or a token is malformed.
inline std::map<std::int32_t, AddedToken> read_added_tokens_decoder(const JsonFile& file) {
  std::map<std::int32_t, AddedToken> tokens;
  if (!detail::is_filled(file, "added_tokens_decoder")) return tokens;
  for (const auto& [key, value] : file.root.at("added_tokens_decoder").items()) {
    std::int32_t id = -1;
    const auto parsed = std::from_chars(key.data(), key.data() + key.size(), id);
    const std::string field = "/added_tokens_decoder/" + key;
    if (parsed.ec != std::errc() || parsed.ptr != key.data() + key.size() || id < 0 || !value.is_object()) {
      throw field_error(file, "added_tokens_decoder", concat("expected tokens by their ids but has ", printable(key)));
    }
    tokens.emplace(id, detail::read_added_token(file, field, false));
  }
  return tokens;
}

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
inline void read_token_fields(const JsonFile& file, SpecialTokens& special, std::vector<AddedToken>& added) {
  for (auto& [id, token] : read_added_tokens_decoder(file)) added.push_back(token);
  for (const auto& [name, token] : detail::named_tokens(special)) {
    const std::string field = std::string("/") + name;
    if (!detail::is_filled(file, field)) continue;
    AddedToken read = detail::read_added_token(file, field, true);
    *token = read.content;
    if (detail::json_field(file, field).is_object()) added.push_back(std::move(read));
  }
  for (const char* const name : {"additional_special_tokens", "extra_special_tokens"}) {
    const std::string field = std::string("/") + name;
    if (!detail::is_filled(file, field) || !detail::json_field(file, field).is_array()) continue;
    for (std::size_t i = 0; i < detail::json_field(file, field).size(); ++i) {
      added.push_back(detail::read_added_token(file, concat(field, "/", i), true));
    }
  }
}

/// Reads `model_max_length`, the tokens that the model is meant to read; what is absent or null keeps its value, and
/// the huge number that transformers writes where there is no limit (int(1e30)) means no limit.
/// @throws FormatError with line and field where it is no number of at least 1.
inline void read_model_max_length(const JsonFile& file, std::optional<std::int64_t>& length) {
  if (!detail::is_filled(file, "model_max_length")) return;
  constexpr double kNoLimit = 1e9;
  const auto tokens = require<double>(file, "model_max_length", {.min = 1.0});
  length = tokens < kNoLimit ? std::optional(static_cast<std::int64_t>(tokens)) : std::nullopt;
}

/// Checks that tokenizer_config.json says that texts are truncated at their ends. @param who the tokenizer.
/// @throws ConfigError for another truncation_side: of a long text, the end would be kept.
inline void require_right_truncation(const JsonFile& file, std::string_view who) {
  if (get_or<std::string>(file, "truncation_side", "right") == "right") return;
  throw ConfigError(concat("[", who, "] ", file.path, ": field truncation_side must be \"right\" but is ",
                           detail::json_description(detail::json_field(file, "truncation_side"))));
}

/// Reads the names of the special tokens in special_tokens_map.json, where `folder` has it: tokenizer_config.json,
/// which is to be read after it, comes first.
/// @throws IoError, FormatError: `read_json`, `read_token_fields`.
inline void read_special_tokens_map(const std::filesystem::path& folder, SpecialTokens& special) {
  const std::filesystem::path path = folder / "special_tokens_map.json";
  if (!std::filesystem::exists(path)) return;
  std::vector<AddedToken> unused;
  read_token_fields(read_json(path.string()), special, unused);
}

/// Writes `config` with the tokens in it as tokenizer_config.json, and special_tokens_map.json.
/// @param added by their ids. @throws IoError where a file cannot be written.
inline void write_token_fields(const std::filesystem::path& folder, nlohmann::json config, SpecialTokens special,
                               const std::map<std::int32_t, AddedToken>& added) {
  nlohmann::json map = nlohmann::json::object();
  for (const auto& [name, token] : detail::named_tokens(special)) map[name] = *token;
  config.update(map);
  for (const auto& [id, token] : added) {
    config["added_tokens_decoder"][std::to_string(id)] = detail::added_token_json(token);
  }
  write_json((folder / "tokenizer_config.json").string(), config);
  write_json((folder / "special_tokens_map.json").string(), map);
}

}  // namespace tempa::inline TEMPA_ABI
