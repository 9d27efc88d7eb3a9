// Reads and writes tokenizer.json, the file of the Rust tokenizers, where it describes a BERT tokenizer.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/error.hpp>
#include <tempa/io/detail/json/json.hpp>
#include <tempa/text/bert/bert_tokenizer_options.hpp>
#include <tempa/text/shared/detail/added_token.hpp>
#include <tempa/text/shared/detail/added_vocabulary.hpp>
#include <tempa/text/shared/vocabulary.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace tempa::inline TEMPA_ABI::detail {

/// The contents of a tokenizer.json.
struct BertTokenizerJson {
  Vocabulary vocabulary;
  BertTokenizerOptions options;  ///< all but `added_tokens`
  std::map<std::int32_t, AddedToken> added;
  bool has_post_processor = false, has_decoder = false;
  std::optional<std::int64_t> cls_id, sep_id;  ///< the ids that the post-processor has for them
  nlohmann::json truncation, padding;          ///< as they are: `encode` neither truncates nor pads unless told to
};

/// Reads a tokenizer.json part by part.
class BertTokenizerJsonReader {
 public:
  /// @param options what the file does not say.
  BertTokenizerJsonReader(const std::filesystem::path& path, BertTokenizerOptions options);

  /// @throws FormatError naming the field that is malformed; ConfigError naming the field that no BERT tokenizer of
  ///   this library can do as it says.
  BertTokenizerJson read();

 private:
  ConfigError unsupported(const std::string& field, std::string_view expected) const;
  bool is_null(const std::string& field) const;
  void expect(const std::string& field, const nlohmann::json& value) const;
  std::string type(const std::string& parent) const;
  std::size_t size(const std::string& field) const;

  void read_model();

  void read_normalizer(const std::string& field);

  void read_pre_tokenizer(const std::string& field);

  void read_post_processor();

  std::int64_t template_id(const std::string& token) const;

  void read_decoder();

  void read_added_tokens();

  void read_truncation_and_padding();

  JsonFile file_;
  BertTokenizerJson out_;
};

/// The tokenizer.json of a tokenizer. @param truncation, padding null, or as they were read.
nlohmann::json bert_tokenizer_json(const AddedVocabulary& added, const BertTokenizerOptions& options,
                                   const nlohmann::json& truncation, const nlohmann::json& padding);

}  // namespace tempa::inline TEMPA_ABI::detail

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/bert/detail/impl/bert_tokenizer_json.ipp>
#endif
