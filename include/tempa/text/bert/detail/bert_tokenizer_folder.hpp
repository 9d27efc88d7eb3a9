// Reads and writes the files of a BERT tokenizer in a Hugging Face model folder, and decides which of them counts.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/text/bert/bert_tokenizer_options.hpp>
#include <tempa/text/bert/detail/bert_tokenizer_config.hpp>
#include <tempa/text/bert/detail/bert_tokenizer_json.hpp>
#include <tempa/text/bert/detail/bert_tokenizer_state.hpp>
#include <tempa/text/shared/vocabulary.hpp>

#include <filesystem>
#include <string>

namespace tempa::inline TEMPA_ABI::detail {

/// What is only kept in order to be written back.
struct BertTokenizerRest {
  nlohmann::json config = nlohmann::json::object();  ///< tokenizer_config.json as it was read
  nlohmann::json truncation, padding;                ///< of tokenizer.json
};

/// What a tokenizer is made of, read from files.
struct BertTokenizerParts {
  Vocabulary vocabulary;
  BertTokenizerOptions options;
  BertTokenizerRest rest;
};

/// Checks that a tokenizer.json describes a complete tokenizer. @param listed tokens of other files.
/// @throws ConfigError, FormatError naming the field.
void require_complete(const BertTokenizerJson& json, const NamedTokens& listed, const std::string& path);

/// Reads a tokenizer.json that describes a complete tokenizer. @param options what it does not say.
BertTokenizerParts read_bert_tokenizer_file(const std::filesystem::path& path, BertTokenizerOptions options);

/// Reads a folder: see `BertTokenizer::from_pretrained` for which file counts.
BertTokenizerParts read_bert_tokenizer_folder(const std::filesystem::path& folder, BertTokenizerOptions options);

/// Writes all files of a tokenizer. @throws IoError where one cannot be written.
void write_bert_tokenizer_folder(const std::filesystem::path& folder, const BertTokenizerState& state,
                                 const BertTokenizerRest& rest);

}  // namespace tempa::inline TEMPA_ABI::detail

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/bert/detail/impl/bert_tokenizer_folder.ipp>
#endif
