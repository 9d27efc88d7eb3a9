// The options of a sentencepiece tokenizer, and the JSON files in which Hugging Face stores them.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/detail/compiled.hpp>
#include <tempa/io/detail/json/json.hpp>
#include <tempa/text/sentencepiece/detail/sentencepiece_vocabulary.hpp>
#include <tempa/text/shared/detail/added_token.hpp>
#include <tempa/text/shared/detail/token_fields.hpp>
#include <tempa/text/shared/special_tokens.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("text");

namespace tempa::inline TEMPA_ABI {

/// @source transformers `AlbertTokenizer`, `XLMRobertaTokenizer`; the names of tokenizer_config.json in the comments.
struct SentencePieceTokenizerOptions {
  SentencePieceConvention convention = SentencePieceConvention::kAlbert;
  bool lower_case = true;     ///< do_lower_case; ALBERT's only
  bool keep_accents = false;  ///< keep_accents; ALBERT's only
  bool remove_space = true;   ///< remove_space; ALBERT's, for the file alone: as in transformers 5, it is always done
  std::optional<SpecialTokens> special_tokens = std::nullopt;  ///< nothing: `special_tokens_of(convention)`
  std::vector<AddedToken> added_tokens{};  ///< found before the text is split; new ones get the next ids
  std::optional<std::int64_t> model_max_length =
      std::nullopt;  ///< what the model can read; `encode` truncates only if told to
};

/// Reads tokenizer_config.json; what is absent keeps its value in `options`, other fields are not read.
/// @throws FormatError with line and field where it is malformed; ConfigError for a truncation_side on the left.
inline SentencePieceTokenizerOptions read_sentencepiece_tokenizer_config(const JsonFile& file,
                                                                         SentencePieceTokenizerOptions options = {}) {
  require_right_truncation(file, "SentencePieceTokenizer");
  options.lower_case = get_or<bool>(file, "do_lower_case", options.lower_case);
  options.keep_accents = get_or<bool>(file, "keep_accents", options.keep_accents);
  options.remove_space = get_or<bool>(file, "remove_space", options.remove_space);
  SpecialTokens special = options.special_tokens.value_or(special_tokens_of(options.convention));
  read_token_fields(file, special, options.added_tokens);
  options.special_tokens = std::move(special);
  read_model_max_length(file, options.model_max_length);
  return options;
}

/// Writes tokenizer_config.json and special_tokens_map.json, as transformers reads them, into `folder`.
/// @param added_tokens by their ids. @throws IoError where a file cannot be written.
inline void write_sentencepiece_tokenizer_config(const std::filesystem::path& folder,
                                                 const SentencePieceTokenizerOptions& options,
                                                 const std::map<std::int32_t, AddedToken>& added_tokens) {
  const bool albert = options.convention == SentencePieceConvention::kAlbert;
  const SpecialTokens special = options.special_tokens.value_or(special_tokens_of(options.convention));
  nlohmann::json config = {{"tokenizer_class", albert ? "AlbertTokenizer" : "XLMRobertaTokenizer"},
                           {"bos_token", special.cls_token},
                           {"eos_token", special.sep_token}};
  if (albert) {
    config["do_lower_case"] = options.lower_case;
    config["keep_accents"] = options.keep_accents;
    config["remove_space"] = options.remove_space;
  }
  if (options.model_max_length) config["model_max_length"] = *options.model_max_length;
  write_token_fields(folder, std::move(config), special, added_tokens);
}

}  // namespace tempa::inline TEMPA_ABI
