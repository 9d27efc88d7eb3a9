// The options of a Japanese BERT tokenizer, their file tokenizer_config.json, and those that old models' names imply.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/detail/compiled.hpp>
#include <tempa/core/error.hpp>
#include <tempa/io/detail/json/json.hpp>
#include <tempa/io/files/detail/printable.hpp>
#include <tempa/text/detail/unicode/unicode.hpp>
#include <tempa/text/japanese/detail/mecab_dictionary.hpp>
#include <tempa/text/shared/detail/added_token.hpp>
#include <tempa/text/shared/detail/token_fields.hpp>
#include <tempa/text/shared/special_tokens.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("text");

namespace tempa::inline TEMPA_ABI {

/// How Japanese text is split into words.
enum class JapaneseWordTokenizer {
  kBasic,  ///< at spaces and punctuation: `BasicTokenizer` without separating ideographs
  kMecab   ///< by MeCab, with a dictionary
};

/// How words are split into tokens.
enum class JapaneseSubwordTokenizer {
  kWordPiece,     ///< the longest tokens, "##" inside a word
  kCharacter,     ///< every character, after NFKC
  kSentencePiece  ///< a sentencepiece model (spiece.model); needs the sentencepiece library
};

/// @source transformers `BertJapaneseTokenizer.__init__`; the names of tokenizer_config.json in the comments.
struct BertJapaneseTokenizerOptions {
  bool lower_case = false;        ///< do_lower_case
  bool tokenize_words = true;     ///< do_word_tokenize
  bool tokenize_subwords = true;  ///< do_subword_tokenize: or each word is a token, or [UNK]
  JapaneseWordTokenizer word_tokenizer = JapaneseWordTokenizer::kBasic;               ///< word_tokenizer_type
  JapaneseSubwordTokenizer subword_tokenizer = JapaneseSubwordTokenizer::kWordPiece;  ///< subword_tokenizer_type
  MecabOptions mecab{};                                                               ///< mecab_kwargs
  std::vector<std::string> never_split{};  ///< words that are not lower-cased
  SpecialTokens special_tokens{};
  std::vector<AddedToken> added_tokens{};  ///< found before the text is split; new ones get the next ids
  std::optional<std::int64_t> model_max_length =
      std::nullopt;  ///< what the model can read; `encode` truncates only if told to
};

/// The options of the first four Japanese models, by their names. Their folders say nothing about words; a table
/// in transformers did.
/// @param name "cl-tohoku/bert-base-japanese", "…-whole-word-masking", "…-char" or "…-char-whole-word-masking"; also
///   under "tohoku-nlp/" and without either.
/// @return the options, or nothing for another name.
/// @source transformers 4.57 `PRETRAINED_INIT_CONFIGURATION` of `BertJapaneseTokenizer`.
inline std::optional<BertJapaneseTokenizerOptions> japanese_options_of(std::string_view name) {
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

/// The same for a model folder. Its old name is `_name_or_path` in config.json, or else the folder's own name (also
/// the one that a download cache gives it: models--cl-tohoku--bert-base-japanese/snapshots/…).
/// @throws IoError, FormatError: `read_json`.
inline std::optional<BertJapaneseTokenizerOptions> japanese_options_of_folder(const std::filesystem::path& folder) {
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

/// Reads tokenizer_config.json; what is absent keeps its value in `options`, other fields are not read. The folder of
/// the dictionary is never taken from it: a model's file cannot know where something is on this machine.
/// @throws FormatError with line and field where it is malformed; ConfigError where it requests Sudachi or Juman++, or
/// for a truncation_side on the left.
inline BertJapaneseTokenizerOptions read_japanese_tokenizer_config(const JsonFile& file,
                                                                   BertJapaneseTokenizerOptions options = {}) {
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

/// Writes tokenizer_config.json and special_tokens_map.json, as transformers reads them, into `folder`.
/// @param added_tokens by their ids. @throws IoError where a file cannot be written.
inline void write_japanese_tokenizer_config(const std::filesystem::path& folder,
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
