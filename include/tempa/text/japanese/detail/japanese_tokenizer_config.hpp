// The options of a Japanese BERT tokenizer, their file tokenizer_config.json, and those that old models' names imply.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/io/detail/json/json.hpp>
#include <tempa/text/japanese/detail/mecab_dictionary.hpp>
#include <tempa/text/shared/detail/added_token.hpp>
#include <tempa/text/shared/special_tokens.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
  /// What the model can read; `encode` truncates only if told to.
  std::optional<std::int64_t> model_max_length = std::nullopt;
};

/// The options of the first four Japanese models, by their names. Their folders say nothing about words; a table
/// in transformers did.
/// @param name "cl-tohoku/bert-base-japanese", "…-whole-word-masking", "…-char" or "…-char-whole-word-masking"; also
///   under "tohoku-nlp/" and without either.
/// @return the options, or nothing for another name.
/// @source transformers 4.57 `PRETRAINED_INIT_CONFIGURATION` of `BertJapaneseTokenizer`.
std::optional<BertJapaneseTokenizerOptions> japanese_options_of(std::string_view name);

/// The same for a model folder. Its old name is `_name_or_path` in config.json, or else the folder's own name (also
/// the one that a download cache gives it: models--cl-tohoku--bert-base-japanese/snapshots/…).
/// @throws IoError, FormatError: `read_json`.
std::optional<BertJapaneseTokenizerOptions> japanese_options_of_folder(const std::filesystem::path& folder);

/// Reads tokenizer_config.json; what is absent keeps its value in `options`, other fields are not read. The folder of
/// the dictionary is never taken from it: a model's file cannot know where something is on this machine.
/// @throws FormatError with line and field where it is malformed; ConfigError where it requests Sudachi or Juman++, or
/// for a truncation_side on the left.
BertJapaneseTokenizerOptions read_japanese_tokenizer_config(const JsonFile& file,
                                                            BertJapaneseTokenizerOptions options = {});

/// Writes tokenizer_config.json and special_tokens_map.json, as transformers reads them, into `folder`.
/// @param added_tokens by their ids. @throws IoError where a file cannot be written.
void write_japanese_tokenizer_config(const std::filesystem::path& folder, const BertJapaneseTokenizerOptions& options,
                                     const std::map<std::int32_t, AddedToken>& added_tokens);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/japanese/detail/impl/japanese_tokenizer_config.ipp>
#endif
