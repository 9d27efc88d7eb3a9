// tokenizer_config.json, special_tokens_map.json and added_tokens.json of a BERT tokenizer.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/io/detail/json/json.hpp>
#include <tempa/text/bert/bert_tokenizer_options.hpp>
#include <tempa/text/shared/detail/added_token.hpp>
#include <tempa/text/shared/detail/added_vocabulary.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI::detail {

/// The special tokens that one or more files name.
struct NamedTokens {
  std::map<std::string, AddedToken> roles;  ///< by field: "cls_token", but also "bos_token" or any "…_token"
  std::vector<AddedToken> additional;       ///< without a role
  bool additional_makes_special = true;  ///< whether a token of added_tokens.json is special because it is listed there
};

/// The files with special tokens, in the order in which they are read.
enum class NamesFile { kTokenizerConfig, kSpecialTokensMap };

bool is_known_role(std::string_view field);

/// Reads the special tokens of a file, which take precedence over those in `tokens`. Of the two lists,
/// additional_special_tokens is the old one: transformers 5 takes it only where the other is empty.
/// @throws FormatError with line and field.
void read_named_tokens(const JsonFile& file, NamesFile which, NamedTokens& tokens);

/// Reads added_tokens.json: tokens and their ids. @param special tokens that are special.
/// @throws FormatError with line and field.
void read_added_tokens_file(const JsonFile& file, const NamedTokens& special,
                            std::map<std::int32_t, AddedToken>& added);

/// Whether the Rust tokenizer of this class is built from tokenizer.json as it is, not from the options of
/// tokenizer_config.json.
bool is_generic_class(std::string_view name);

/// Whether a class of transformers splits texts as BertTokenizer does.
bool is_bert_class(std::string_view name);

/// Reads the options, but not the tokens, in tokenizer_config.json; what is absent keeps its value.
/// @throws FormatError with line and field where it is malformed; ConfigError where it describes another kind of
///   tokenizer, or an option that is not supported.
void read_bert_config(const JsonFile& file, BertTokenizerOptions& options);

/// The tokenizer_config.json of a tokenizer. @param config the file that it was read from, or an empty object: fields
/// that this library does not know are kept.
nlohmann::json bert_config_json(nlohmann::json config, BertTokenizerOptions options, const AddedVocabulary& added);

/// The special_tokens_map.json of a tokenizer.
nlohmann::json special_tokens_map_json(BertTokenizerOptions options, const AddedVocabulary& added);

}  // namespace tempa::inline TEMPA_ABI::detail

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/bert/detail/impl/bert_tokenizer_config.ipp>
#endif
