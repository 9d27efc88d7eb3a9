// The options of a sentencepiece tokenizer, and the JSON files in which Hugging Face stores them.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/io/detail/json/json.hpp>
#include <tempa/text/sentencepiece/detail/sentencepiece_vocabulary.hpp>
#include <tempa/text/shared/detail/added_token.hpp>
#include <tempa/text/shared/special_tokens.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// @source transformers `AlbertTokenizer`, `XLMRobertaTokenizer`; the names of tokenizer_config.json in the comments.
struct SentencePieceTokenizerOptions {
  SentencePieceConvention convention = SentencePieceConvention::kAlbert;
  bool lower_case = true;     ///< do_lower_case; ALBERT's only
  bool keep_accents = false;  ///< keep_accents; ALBERT's only
  bool remove_space = true;   ///< remove_space; ALBERT's, for the file alone: as in transformers 5, it is always done
  std::optional<SpecialTokens> special_tokens = std::nullopt;  ///< nothing: `special_tokens_of(convention)`
  std::vector<AddedToken> added_tokens{};  ///< found before the text is split; new ones get the next ids
  /// What the model can read; `encode` truncates only if told to.
  std::optional<std::int64_t> model_max_length = std::nullopt;
};

/// Reads tokenizer_config.json; what is absent keeps its value in `options`, other fields are not read.
/// @throws FormatError with line and field where it is malformed; ConfigError for a truncation_side on the left.
SentencePieceTokenizerOptions read_sentencepiece_tokenizer_config(const JsonFile& file,
                                                                  SentencePieceTokenizerOptions options = {});

/// Writes tokenizer_config.json and special_tokens_map.json, as transformers reads them, into `folder`.
/// @param added_tokens by their ids. @throws IoError where a file cannot be written.
void write_sentencepiece_tokenizer_config(const std::filesystem::path& folder,
                                          const SentencePieceTokenizerOptions& options,
                                          const std::map<std::int32_t, AddedToken>& added_tokens);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/sentencepiece/detail/impl/sentencepiece_tokenizer_config.ipp>
#endif
