// The bodies of <tempa/text/shared/detail/token_fields.hpp>.
#pragma once

#include <tempa/text/shared/detail/token_fields.hpp>

#include <charconv>
#include <system_error>

namespace tempa::inline TEMPA_ABI {

namespace detail {

TEMPA_INLINE std::string json_child(const std::string& parent, const std::string& key) {
  return (nlohmann::json::json_pointer(parent) / key).to_string();
}

TEMPA_INLINE AddedToken read_added_token(const JsonFile& file, const std::string& field, bool special) {
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

TEMPA_INLINE nlohmann::json added_token_json(const AddedToken& token) {
  return {{"content", token.content}, {"single_word", token.single_word}, {"lstrip", token.lstrip},
          {"rstrip", token.rstrip},   {"normalized", token.normalized},   {"special", token.special}};
}

TEMPA_INLINE std::array<std::pair<const char*, std::string*>, 5> named_tokens(SpecialTokens& tokens) {
  return {{{"unk_token", &tokens.unk_token},
           {"sep_token", &tokens.sep_token},
           {"pad_token", &tokens.pad_token},
           {"cls_token", &tokens.cls_token},
           {"mask_token", &tokens.mask_token}}};
}

TEMPA_INLINE bool is_filled(const JsonFile& file, const std::string& field) {
  return has_field(file, field) && !json_field(file, field).is_null();
}

}  // namespace detail

TEMPA_INLINE std::map<std::int32_t, AddedToken> read_added_tokens_decoder(const JsonFile& file) {
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

TEMPA_INLINE void read_token_fields(const JsonFile& file, SpecialTokens& special, std::vector<AddedToken>& added) {
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

TEMPA_INLINE void read_model_max_length(const JsonFile& file, std::optional<std::int64_t>& length) {
  if (!detail::is_filled(file, "model_max_length")) return;
  constexpr double kNoLimit = 1e9;
  const auto tokens = require<double>(file, "model_max_length", {.min = 1.0});
  length = tokens < kNoLimit ? std::optional(static_cast<std::int64_t>(tokens)) : std::nullopt;
}

TEMPA_INLINE void require_right_truncation(const JsonFile& file, std::string_view who) {
  if (get_or<std::string>(file, "truncation_side", "right") == "right") return;
  throw ConfigError(concat("[", who, "] ", file.path, ": field truncation_side must be \"right\" but is ",
                           detail::json_description(detail::json_field(file, "truncation_side"))));
}

TEMPA_INLINE void read_special_tokens_map(const std::filesystem::path& folder, SpecialTokens& special) {
  const std::filesystem::path path = folder / "special_tokens_map.json";
  if (!std::filesystem::exists(path)) return;
  std::vector<AddedToken> unused;
  read_token_fields(read_json(path.string()), special, unused);
}

TEMPA_INLINE void write_token_fields(const std::filesystem::path& folder, nlohmann::json config, SpecialTokens special,
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
