// Opens the tokenizer of a model folder, of whichever kind it is.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/io/detail/json/json.hpp>
#include <tempa/text/any_tokenizer.hpp>
#include <tempa/text/japanese/detail/mecab_dictionary.hpp>

#include <filesystem>

namespace tempa::inline TEMPA_ABI {

/// Options of `AutoTokenizer::from_pretrained`.
struct AutoTokenizerOptions {
  MecabOptions mecab{};  ///< for Japanese folders: what they leave open, and where the dictionary is
};

/// Opens the tokenizer of a Hugging Face model folder.
/// @source transformers `AutoTokenizer`.
struct AutoTokenizer {
  /// The kind is decided by, in this order:
  /// - tokenizer_class in tokenizer_config.json, or else in config.json: BertTokenizer and its equivalents,
  ///   BertJapaneseTokenizer, AlbertTokenizer, XLMRobertaTokenizer, each with or without "Fast";
  /// - word_tokenizer_type in tokenizer_config.json, or the name of one of the first Japanese models
  ///   (`japanese_options_of_folder`): BertJapaneseTokenizer;
  /// - the files: spiece.model is ALBERT's, sentencepiece.bpe.model XLM-R's, vocab.txt BERT's;
  /// - tokenizer.json alone: BERT's where its model is a WordPiece, otherwise ALBERT's or XLM-R's where config.json has
  ///   this model_type, or where the special tokens of a Unigram model are theirs.
  /// @return a value that is a `Tokenizer` and can decode and save; `get_if` has the tokenizer inside.
  /// @throws IoError where the folder or all of these files are missing, naming what was searched for; ConfigError
  ///   where they name an unsupported kind; else what `from_pretrained` of the kind throws.
  static AnyTokenizer from_pretrained(const std::filesystem::path& folder, const AutoTokenizerOptions& options = {});

 private:
  enum class Kind { kBert, kJapanese, kAlbert, kXlmRoberta };

  static JsonFile read_if_there(const std::filesystem::path& path);

  static Kind kind_of(const std::filesystem::path& folder);
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/impl/auto_tokenizer.ipp>
#endif
