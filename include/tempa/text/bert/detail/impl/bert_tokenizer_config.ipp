// The bodies of <tempa/text/bert/detail/bert_tokenizer_config.hpp>.
#pragma once

#include <tempa/text/bert/detail/bert_tokenizer_config.hpp>
#include <tempa/text/shared/detail/token_fields.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace tempa::inline TEMPA_ABI::detail {

TEMPA_INLINE bool is_known_role(std::string_view field) {
  constexpr std::array<std::string_view, 5> kRoles = {"unk_token", "sep_token", "pad_token", "cls_token", "mask_token"};
  return std::find(kRoles.begin(), kRoles.end(), field) != kRoles.end();
}

/// Adds the tokens of a list that are not in `tokens` yet.
inline void read_additional_tokens(const JsonFile& file, const std::string& field, std::vector<AddedToken>& tokens) {
  if (!is_filled(file, field)) return;
  const nlohmann::json& list = json_field(file, field);
  if (list.is_object() && list.empty()) return;
  if (!list.is_array()) throw field_error(file, field, "expected an array of tokens");
  for (std::size_t i = 0; i < list.size(); ++i) {
    AddedToken token = read_added_token(file, json_child(json_child("", field), std::to_string(i)), true);
    token.special = true;
    const auto same = [&](const AddedToken& other) { return other.content == token.content; };
    if (std::none_of(tokens.begin(), tokens.end(), same)) tokens.push_back(std::move(token));
  }
}

TEMPA_INLINE void read_named_tokens(const JsonFile& file, NamesFile which, NamedTokens& tokens) {
  for (const auto& [field, value] : file.root.items()) {
    const bool is_token = value.is_string() || value.is_object();
    const bool is_role = is_known_role(field) || field == "bos_token" || field == "eos_token";
    if (!field.ends_with("_token") || value.is_null() || !(is_role || is_token)) continue;
    AddedToken token = read_added_token(file, json_child("", field), true);
    token.special = true;
    tokens.roles.insert_or_assign(field, std::move(token));
  }
  read_additional_tokens(file, "extra_special_tokens", tokens.additional);
  std::vector<AddedToken> old;
  read_additional_tokens(file, "additional_special_tokens", old);
  if (tokens.additional.empty() && !old.empty()) {
    tokens.additional = std::move(old);
    tokens.additional_makes_special = which == NamesFile::kTokenizerConfig;
  }
}

TEMPA_INLINE void read_added_tokens_file(const JsonFile& file, const NamedTokens& special,
                                         std::map<std::int32_t, AddedToken>& added) {
  if (!file.root.is_object()) throw FormatError(file.path, 1, "expected an object of tokens and their ids");
  std::vector<std::string> names;
  for (const auto& [field, token] : special.roles) names.push_back(token.content);
  for (const AddedToken& token : special.additional) {
    if (special.additional_makes_special) names.push_back(token.content);
  }
  for (const auto& item : file.root.items()) {
    const std::string field = json_child("", item.key());
    const auto id = require<std::int32_t>(file, field, {.min = 0});
    if (item.key().empty()) throw field_error(file, field, "expected a token but it is empty");
    const bool is_special = std::find(names.begin(), names.end(), item.key()) != names.end();
    if (!added.emplace(id, AddedToken{.content = item.key(), .special = is_special}).second)
      throw field_error(file, field, concat("expected an id of its own but ", id, " comes twice"));
  }
}

TEMPA_INLINE bool is_generic_class(std::string_view name) {
  return name == "TokenizersBackend" || name == "PreTrainedTokenizerFast";
}

TEMPA_INLINE bool is_bert_class(std::string_view name) {
  if (name.ends_with("Fast") && !is_generic_class(name)) name.remove_suffix(4);
  constexpr std::array<std::string_view, 9> kSame = {"",
                                                     "BertTokenizer",
                                                     "DistilBertTokenizer",
                                                     "ElectraTokenizer",
                                                     "MobileBertTokenizer",
                                                     "ConvBertTokenizer",
                                                     "SqueezeBertTokenizer",
                                                     "TokenizersBackend",
                                                     "PreTrainedTokenizerFast"};
  return std::find(kSame.begin(), kSame.end(), name) != kSame.end();
}

TEMPA_INLINE void read_bert_config(const JsonFile& file, BertTokenizerOptions& options) {
  if (!file.root.is_object()) throw FormatError(file.path, 1, "expected a JSON object");
  const auto unsupported = [&](std::string_view field, std::string_view expected) {
    return ConfigError(concat("[BertTokenizer] ", file.path, ": field ", field, " must be ", expected, " but is ",
                              json_description(json_field(file, field))));
  };
  if (!is_bert_class(get_or<std::string>(file, "tokenizer_class", "")))
    throw unsupported("tokenizer_class", "BertTokenizer or one that is the same");
  if (get_or<std::string>(file, "word_tokenizer_type", "basic") != "basic")
    throw unsupported("word_tokenizer_type", "\"basic\"");
  if (get_or<bool>(file, "split_special_tokens", false)) throw unsupported("split_special_tokens", "false");
  require_right_truncation(file, "BertTokenizer");
  options.lower_case = get_or<bool>(file, "do_lower_case", options.lower_case);
  if (has_field(file, "strip_accents")) {
    options.strip_accents.reset();
    if (is_filled(file, "strip_accents")) options.strip_accents = require<bool>(file, "strip_accents");
  }
  options.tokenize_chinese_chars = get_or<bool>(file, "tokenize_chinese_chars", options.tokenize_chinese_chars);
  if (is_filled(file, "clean_up_tokenization_spaces"))
    options.clean_up_tokenization_spaces = require<bool>(file, "clean_up_tokenization_spaces");
  read_model_max_length(file, options.model_max_length);
  const std::string side = get_or<std::string>(file, "padding_side", "right");
  if (side != "right" && side != "left") throw field_error(file, "padding_side", "expected right or left");
  options.padding_side = side == "left" ? Side::kLeft : Side::kRight;
}

TEMPA_INLINE nlohmann::json bert_config_json(nlohmann::json config, BertTokenizerOptions options,
                                             const AddedVocabulary& added) {
  const BertTokenizerOptions plain{};
  const bool is_plain = options.continuing_subword_prefix == plain.continuing_subword_prefix &&
                        options.max_input_chars_per_word == plain.max_input_chars_per_word && options.clean_up_tokens;
  if (!is_plain) {
    config["tokenizer_class"] = "PreTrainedTokenizerFast";  // only this one reads all of tokenizer.json
  } else if (!config.contains("tokenizer_class") || config["tokenizer_class"].is_null()) {
    config["tokenizer_class"] = "BertTokenizer";
  }
  config["do_lower_case"] = options.lower_case;
  config["strip_accents"] = nullptr;
  if (options.strip_accents) config["strip_accents"] = *options.strip_accents;
  config["tokenize_chinese_chars"] = options.tokenize_chinese_chars;
  if (!options.never_split.empty()) config["never_split"] = options.never_split;
  if (options.clean_up_tokenization_spaces)
    config["clean_up_tokenization_spaces"] = *options.clean_up_tokenization_spaces;
  if (options.model_max_length) config["model_max_length"] = *options.model_max_length;
  if (options.padding_side == Side::kLeft || config.contains("padding_side"))
    config["padding_side"] = options.padding_side == Side::kLeft ? "left" : "right";
  for (const auto& [field, token] : named_tokens(options.special_tokens)) config[field] = *token;
  config.erase("extra_special_tokens");
  config.erase("additional_special_tokens");
  nlohmann::json additional = nlohmann::json::array();
  for (const std::string& name : options.additional_special_tokens) {
    const auto has_field = [&](const auto& item) { return item.is_string() && item == name; };
    if (std::none_of(config.begin(), config.end(), has_field)) additional.push_back(name);
  }
  if (!additional.empty()) config["additional_special_tokens"] = std::move(additional);
  nlohmann::json& decoder = config["added_tokens_decoder"] = nlohmann::json::object();
  for (const auto& [id, token] : added.tokens()) decoder[std::to_string(id)] = added_token_json(token);
  return config;
}

TEMPA_INLINE nlohmann::json special_tokens_map_json(BertTokenizerOptions options, const AddedVocabulary& added) {
  nlohmann::json map = nlohmann::json::object();
  for (const auto& [field, name] : named_tokens(options.special_tokens)) {
    const auto id = added.find(*name);
    const AddedToken* token = id ? added.token(*id) : nullptr;
    const bool is_plain = token == nullptr || *token == AddedToken{.content = *name, .special = true};
    map[field] = is_plain ? nlohmann::json(*name) : added_token_json(*token);
    if (!is_plain) map[field].erase("special");
  }
  if (!options.additional_special_tokens.empty()) map["additional_special_tokens"] = options.additional_special_tokens;
  return map;
}

}  // namespace tempa::inline TEMPA_ABI::detail
