// The bodies of <tempa/text/sentencepiece/detail/sentencepiece_tokenizer_config.hpp>.
#pragma once

#include <tempa/text/sentencepiece/detail/sentencepiece_tokenizer_config.hpp>
#include <tempa/text/shared/detail/token_fields.hpp>

#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE SentencePieceTokenizerOptions read_sentencepiece_tokenizer_config(const JsonFile& file,
                                                                               SentencePieceTokenizerOptions options) {
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

TEMPA_INLINE void write_sentencepiece_tokenizer_config(const std::filesystem::path& folder,
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
