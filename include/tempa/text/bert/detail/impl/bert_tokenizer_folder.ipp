// The bodies of <tempa/text/bert/detail/bert_tokenizer_folder.hpp>.
#pragma once

#include <tempa/text/bert/detail/bert_tokenizer_folder.hpp>
#include <tempa/text/shared/detail/token_fields.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI::detail {

/// Checks that every token with an id in a file gets this id, and puts all of them into the options.
/// @param where the file of the ids. @throws FormatError naming the token and both ids.
inline void place_added_tokens(BertTokenizerParts& parts, const std::map<std::int32_t, AddedToken>& with_ids,
                               const std::string& where) {
  AddedVocabulary added(parts.vocabulary);
  std::vector<AddedToken> tokens;
  for (const auto& [id, token] : with_ids) {
    if (const std::int32_t expected = added.id_to_be(token.content); expected != id) {
      throw FormatError(
          where, 0,
          concat("added token ", printable(token.content), " must have the id ", expected,
                 expected < added.size() ? " (its place in the vocabulary)" : " (the next one)", " but has ", id));
    }
    if (added.token(id) != nullptr)
      throw FormatError(where, 0, concat("added token ", printable(token.content), " comes twice"));
    added.add(token);
    tokens.push_back(token);
  }
  for (AddedToken& token : parts.options.added_tokens) tokens.push_back(std::move(token));
  parts.options.added_tokens = std::move(tokens);
}

/// Copies the names of special tokens to the options.
inline void place_named_tokens(BertTokenizerParts& parts, const NamedTokens& named) {
  BertTokenizerOptions& options = parts.options;
  const std::size_t with_ids = options.added_tokens.size();  // they say more than the names
  const auto list = [&](const AddedToken& token) {           // of one text twice, transformers takes the last
    const auto end = options.added_tokens.begin() + static_cast<std::ptrdiff_t>(with_ids);
    const auto same = [&](const AddedToken& other) { return other.content == token.content; };
    if (std::none_of(options.added_tokens.begin(), end, same)) options.added_tokens.push_back(token);
  };
  for (const auto& [field, name] : named_tokens(options.special_tokens)) {
    const auto it = named.roles.find(field);
    if (it == named.roles.end()) continue;
    *name = it->second.content;
    if (parts.vocabulary.find(*name)) list(it->second);
  }
  const auto add_special = [&](const AddedToken& token) {
    list(token);
    options.additional_special_tokens.push_back(token.content);
  };
  for (const char* first : {"bos_token", "eos_token"}) {
    if (const auto it = named.roles.find(first); it != named.roles.end()) add_special(it->second);
  }
  std::string without_id;
  for (const auto& [field, token] : named.roles) {
    const bool is_other = !is_known_role(field) && field != "bos_token" && field != "eos_token";
    if (!is_other) continue;
    const std::size_t listed = options.added_tokens.size();
    add_special(token);
    if (options.added_tokens.size() == listed || parts.vocabulary.find(token.content)) continue;
    if (!without_id.empty())  // the order of the fields, which would number them, is not kept
      throw ConfigError(concat("[BertTokenizer] fields ", without_id, " and ", field,
                               " name tokens that must have ids in added_tokens_decoder but have none"));
    without_id = field;
  }
  for (const AddedToken& token : named.additional) add_special(token);
}

TEMPA_INLINE void require_complete(const BertTokenizerJson& json, const NamedTokens& listed, const std::string& path) {
  if (!json.has_post_processor)
    throw ConfigError(concat("[BertTokenizer] ", path, ": field /post_processor must be given but is null"));
  if (!json.has_decoder)
    throw ConfigError(concat("[BertTokenizer] ", path, ": field /decoder must be given but is null"));
  const SpecialTokens& names = json.options.special_tokens;
  AddedVocabulary added(json.vocabulary);
  for (const auto& [id, token] : json.added) added.add(token);
  for (const auto& [id, name] : {std::pair(json.cls_id, names.cls_token), std::pair(json.sep_id, names.sep_token)}) {
    if (added.find(name) != id)
      throw FormatError(path, 0,
                        concat("field /post_processor: the id of ", printable(name), " must be ",
                               added.find(name).value_or(-1), " but is ", id.value_or(-1)));
  }
  for (const std::string_view name : names.all()) {
    const auto id = added.find(name);
    const auto same = [&](const auto& role) { return role.second.content == name; };
    if (id && added.token(*id) == nullptr && std::none_of(listed.roles.begin(), listed.roles.end(), same))
      throw ConfigError(concat("[BertTokenizer] ", path, ": field /added_tokens must have the special token ",
                               printable(name), " but has not"));
  }
}

/// Checks that tokenizer_config.json gives each role to the same token as tokenizer.json. @throws ConfigError.
inline void require_same_roles(const BertTokenizerJson& json, const NamedTokens& named, const std::string& path) {
  const SpecialTokens& names = json.options.special_tokens;
  for (const auto& [field, name] : {std::pair("cls_token", names.cls_token), std::pair("sep_token", names.sep_token),
                                    std::pair("unk_token", names.unk_token)}) {
    const auto role = named.roles.find(field);
    if (role != named.roles.end() && role->second.content != name)
      throw ConfigError(concat("[BertTokenizer] ", path, ": field ", field, " must be ", printable(name),
                               ", as in tokenizer.json, but is ", printable(role->second.content)));
  }
}

TEMPA_INLINE BertTokenizerParts read_bert_tokenizer_file(const std::filesystem::path& path,
                                                         BertTokenizerOptions options) {
  BertTokenizerJson json = BertTokenizerJsonReader(path, std::move(options)).read();
  require_complete(json, {}, path.string());
  BertTokenizerParts parts{json.vocabulary, json.options, {}};
  parts.rest.truncation = std::move(json.truncation);
  parts.rest.padding = std::move(json.padding);
  place_added_tokens(parts, json.added, path.string());
  return parts;
}

TEMPA_INLINE BertTokenizerParts read_bert_tokenizer_folder(const std::filesystem::path& folder,
                                                           BertTokenizerOptions options) {
  namespace fs = std::filesystem;
  if (!fs::is_directory(folder))
    throw IoError(folder.string(), "expected a folder with vocab.txt or tokenizer.json but there is none of this name");
  const auto read_if_there = [&](const char* name) {
    const fs::path path = folder / name;
    JsonFile file = fs::exists(path) ? read_json(path.string()) : parse_json("{}", path.string());
    if (!file.root.is_object()) throw FormatError(file.path, 1, "expected a JSON object");
    return file;
  };
  const JsonFile config = read_if_there("tokenizer_config.json");
  const fs::path vocab_path = folder / "vocab.txt", json_path = folder / "tokenizer.json";
  std::optional<BertTokenizerJson> json;
  if (fs::exists(json_path)) json = BertTokenizerJsonReader(json_path, options).read();

  NamedTokens named;
  read_named_tokens(config, NamesFile::kTokenizerConfig, named);
  const bool has_decoder = has_field(config, "added_tokens_decoder");
  if (!has_decoder) read_named_tokens(read_if_there("special_tokens_map.json"), NamesFile::kSpecialTokensMap, named);
  const bool is_generic = is_generic_class(get_or<std::string>(config, "tokenizer_class", ""));
  if (is_generic) {
    if (!json)
      throw ConfigError(concat("[BertTokenizer] ", config.path, ": field tokenizer_class is ",
                               json_description(json_field(config, "tokenizer_class")),
                               ", which must have a tokenizer.json beside it, but there is none"));
    require_complete(*json, named, json_path.string());
    require_same_roles(*json, named, config.path);
    options = json->options;
  } else if (json) {
    options.padding_side = json->options.padding_side;
  }
  BertTokenizerOptions configured = options;
  read_bert_config(config, configured);
  if (is_generic) {  // of tokenizer_config.json only what tokenizer.json does not say
    configured.lower_case = options.lower_case;
    configured.strip_accents = options.strip_accents;
    configured.tokenize_chinese_chars = options.tokenize_chinese_chars;
  }

  const auto load = [&] { return Vocabulary::load(vocab_path); };
  const bool has_vocab = fs::exists(vocab_path);
  BertTokenizerParts parts{json ? json->vocabulary : load(), std::move(configured), {}};
  if (json && has_vocab) {  // its bytes are kept where it says the same
    if (const Vocabulary same = load(); same.tokens() == parts.vocabulary.tokens()) parts.vocabulary = same;
  }
  parts.rest.config = config.root;
  std::map<std::int32_t, AddedToken> added;
  if (has_decoder) {
    added = read_added_tokens_decoder(config);
  } else {
    read_added_tokens_file(read_if_there("added_tokens.json"), named, added);
  }
  if (json && (is_generic || !has_decoder)) {
    for (const auto& [id, token] : json->added) added.insert_or_assign(id, token);
  }
  if (json) {
    parts.rest.truncation = std::move(json->truncation);
    parts.rest.padding = std::move(json->padding);
  }
  place_added_tokens(parts, added, (json && !has_decoder ? json_path : fs::path(config.path)).string());
  place_named_tokens(parts, named);
  return parts;
}

TEMPA_INLINE void write_bert_tokenizer_folder(const std::filesystem::path& folder, const BertTokenizerState& state,
                                              const BertTokenizerRest& rest) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw IoError(folder.string(), concat("cannot make the folder: ", error.message()));
  const AddedVocabulary& added = state.added;
  added.vocabulary().save(folder / "vocab.txt");
  const auto write = [&](const char* name, const nlohmann::json& json) { write_json((folder / name).string(), json); };
  nlohmann::json behind = nlohmann::json::object();  // of the vocabulary
  for (const auto& [id, token] : added.tokens()) {
    if (id >= added.vocabulary().size()) behind[token.content] = id;
  }
  if (behind.empty()) {
    std::filesystem::remove(folder / "added_tokens.json", error);  // of what the folder held before
    if (error) throw IoError((folder / "added_tokens.json").string(), concat("cannot remove: ", error.message()));
  } else {
    write("added_tokens.json", behind);
  }
  write("special_tokens_map.json", special_tokens_map_json(state.options, added));
  write("tokenizer.json", bert_tokenizer_json(added, state.options, rest.truncation, rest.padding));
  write("tokenizer_config.json", bert_config_json(rest.config, state.options, added));
}

}  // namespace tempa::inline TEMPA_ABI::detail
