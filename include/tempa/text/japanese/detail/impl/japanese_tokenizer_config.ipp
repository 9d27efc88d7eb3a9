// The bodies of <tempa/text/japanese/detail/japanese_tokenizer_config.hpp>.
#pragma once

#include <tempa/io/files/detail/printable.hpp>
#include <tempa/text/detail/unicode/unicode.hpp>
#include <tempa/text/japanese/detail/japanese_tokenizer_config.hpp>
#include <tempa/text/shared/detail/token_fields.hpp>

#include <array>
#include <system_error>
#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE std::optional<BertJapaneseTokenizerOptions> japanese_options_of(std::string_view name) {
  for (const std::string_view owner : {"cl-tohoku/", "tohoku-nlp/"}) {
    if (name.starts_with(owner)) {
      name.remove_prefix(owner.size());
      break;
    }
  }
  constexpr std::array<std::pair<std::string_view, JapaneseSubwordTokenizer>, 4> kModels{
      {{"bert-base-japanese", JapaneseSubwordTokenizer::kWordPiece},
       {"bert-base-japanese-whole-word-masking", JapaneseSubwordTokenizer::kWordPiece},
       {"bert-base-japanese-char", JapaneseSubwordTokenizer::kCharacter},
       {"bert-base-japanese-char-whole-word-masking", JapaneseSubwordTokenizer::kCharacter}}};
  for (const auto& [model, subword_tokenizer] : kModels) {
    if (name != model) continue;
    return BertJapaneseTokenizerOptions{.word_tokenizer = JapaneseWordTokenizer::kMecab,
                                        .subword_tokenizer = subword_tokenizer,
                                        .mecab = {.dictionary_name = "ipadic"}};
  }
  return std::nullopt;
}

TEMPA_INLINE std::optional<BertJapaneseTokenizerOptions> japanese_options_of_folder(
    const std::filesystem::path& folder) {
  if (const std::filesystem::path config = folder / "config.json"; std::filesystem::exists(config)) {
    const std::string name = get_or<std::string>(read_json(config.string()), "_name_or_path", "");
    if (auto options = japanese_options_of(name)) return options;
  }
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(folder, error).lexically_normal();
  for (const std::filesystem::path& part : absolute) {
    std::string name = part.string();
    constexpr std::string_view kCache = "models--";
    const bool cached = name.starts_with(kCache);
    if (cached) {
      name.erase(0, kCache.size());
      if (const std::size_t dashes = name.find("--"); dashes != std::string::npos) name.replace(dashes, 2, "/");
    }
    const bool own = part == (absolute.has_filename() ? absolute : absolute.parent_path()).filename();
    if (!cached && !own) continue;
    if (auto options = japanese_options_of(name)) return options;
  }
  return std::nullopt;
}

TEMPA_INLINE BertJapaneseTokenizerOptions read_japanese_tokenizer_config(const JsonFile& file,
                                                                         BertJapaneseTokenizerOptions options) {
  require_right_truncation(file, "BertJapaneseTokenizer");
  options.lower_case = get_or<bool>(file, "do_lower_case", options.lower_case);
  options.tokenize_words = get_or<bool>(file, "do_word_tokenize", options.tokenize_words);
  options.tokenize_subwords = get_or<bool>(file, "do_subword_tokenize", options.tokenize_subwords);
  options.never_split = get_or<std::vector<std::string>>(file, "never_split", options.never_split);
  if (const std::string type = get_or<std::string>(file, "word_tokenizer_type", ""); !type.empty()) {
    if (type != "basic" && type != "mecab") {
      throw ConfigError(concat("[BertJapaneseTokenizer] ", file.path,
                               ": word_tokenizer_type must be basic or mecab but is ", printable(type)));
    }
    options.word_tokenizer = type == "mecab" ? JapaneseWordTokenizer::kMecab : JapaneseWordTokenizer::kBasic;
  }
  if (const std::string type = get_or<std::string>(file, "subword_tokenizer_type", ""); !type.empty()) {
    if (type != "wordpiece" && type != "character" && type != "sentencepiece") {
      throw field_error(file, "subword_tokenizer_type",
                        concat("expected wordpiece, character or sentencepiece but got ", printable(type)));
    }
    options.subword_tokenizer = type == "wordpiece"   ? JapaneseSubwordTokenizer::kWordPiece
                                : type == "character" ? JapaneseSubwordTokenizer::kCharacter
                                                      : JapaneseSubwordTokenizer::kSentencePiece;
  }
  if (has_field(file, "mecab_kwargs") && !file.root.at("mecab_kwargs").is_null()) {
    const std::string name = get_or<std::string>(file, "/mecab_kwargs/mecab_dic", "");
    if (!name.empty()) options.mecab.dictionary_name = name;
    options.mecab.arguments = get_or<std::string>(file, "/mecab_kwargs/mecab_option", options.mecab.arguments);
    options.mecab.normalize_text = get_or<bool>(file, "/mecab_kwargs/normalize_text", options.mecab.normalize_text);
  }
  read_token_fields(file, options.special_tokens, options.added_tokens);
  read_model_max_length(file, options.model_max_length);
  return options;
}

TEMPA_INLINE void write_japanese_tokenizer_config(const std::filesystem::path& folder,
                                                  const BertJapaneseTokenizerOptions& options,
                                                  const std::map<std::int32_t, AddedToken>& added_tokens) {
  constexpr const char* kSubwords[] = {"wordpiece", "character", "sentencepiece"};
  const bool mecab = options.word_tokenizer == JapaneseWordTokenizer::kMecab;
  nlohmann::json config = {{"tokenizer_class", "BertJapaneseTokenizer"},
                           {"do_lower_case", options.lower_case},
                           {"do_word_tokenize", options.tokenize_words},
                           {"do_subword_tokenize", options.tokenize_subwords},
                           {"word_tokenizer_type", mecab ? "mecab" : "basic"},
                           {"subword_tokenizer_type", kSubwords[static_cast<int>(options.subword_tokenizer)]},
                           {"never_split", nullptr}};
  if (!options.never_split.empty()) config["never_split"] = options.never_split;
  if (mecab) {
    nlohmann::json& kwargs = config["mecab_kwargs"] = {{"normalize_text", options.mecab.normalize_text}};
    if (options.mecab.dictionary_name) kwargs["mecab_dic"] = *options.mecab.dictionary_name;
    if (!options.mecab.arguments.empty()) kwargs["mecab_option"] = options.mecab.arguments;
  }
  if (options.model_max_length) config["model_max_length"] = *options.model_max_length;
  write_token_fields(folder, config, options.special_tokens, added_tokens);
}

}  // namespace tempa::inline TEMPA_ABI
