// The bodies of <tempa/text/auto_tokenizer.hpp>.
#pragma once

#include <tempa/io/files/detail/printable.hpp>
#include <tempa/text/auto_tokenizer.hpp>
#include <tempa/text/japanese/japanese_tokenizer.hpp>
#include <tempa/text/sentencepiece/sentencepiece_tokenizer.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE AnyTokenizer AutoTokenizer::from_pretrained(const std::filesystem::path& folder,
                                                         const AutoTokenizerOptions& options) {
  switch (kind_of(folder)) {
    case Kind::kJapanese:
      return BertJapaneseTokenizer::from_pretrained(folder, {.mecab = options.mecab});
    case Kind::kAlbert:
      return SentencePieceTokenizer::from_pretrained(folder, {.convention = SentencePieceConvention::kAlbert});
    case Kind::kXlmRoberta:
      return SentencePieceTokenizer::from_pretrained(folder, {.convention = SentencePieceConvention::kXlmRoberta});
    case Kind::kBert:
      break;
  }
  return BertTokenizer::from_pretrained(folder);
}

TEMPA_INLINE JsonFile AutoTokenizer::read_if_there(const std::filesystem::path& path) {
  JsonFile file = std::filesystem::exists(path) ? read_json(path.string()) : parse_json("{}", path.string());
  if (!file.root.is_object()) throw FormatError(file.path, 1, "expected a JSON object");
  return file;
}

TEMPA_INLINE auto AutoTokenizer::kind_of(const std::filesystem::path& folder) -> Kind {
  if (!std::filesystem::is_directory(folder)) {
    throw IoError(folder.string(), "expected a model folder but there is none of this name");
  }
  const JsonFile tokenizer_config = read_if_there(folder / "tokenizer_config.json");
  const JsonFile config = read_if_there(folder / "config.json");
  std::string name = get_or<std::string>(tokenizer_config, "tokenizer_class", "");
  const JsonFile& named_by = name.empty() ? config : tokenizer_config;
  if (name.empty()) name = get_or<std::string>(config, "tokenizer_class", "");
  const bool generic = detail::is_generic_class(name);
  if (!name.empty() && !generic) {
    std::string_view kind = name;
    if (kind.ends_with("Fast")) kind.remove_suffix(4);
    if (kind == "BertJapaneseTokenizer") return Kind::kJapanese;
    if (kind == "AlbertTokenizer") return Kind::kAlbert;
    if (kind == "XLMRobertaTokenizer") return Kind::kXlmRoberta;
    if (detail::is_bert_class(name)) return Kind::kBert;
    throw ConfigError(concat("[AutoTokenizer] ", named_by.path,
                             ": tokenizer_class must be BertTokenizer (or one that is the same), "
                             "BertJapaneseTokenizer, AlbertTokenizer or XLMRobertaTokenizer but is ",
                             printable(name)));
  }
  if (!generic && (has_field(tokenizer_config, "word_tokenizer_type") || japanese_options_of_folder(folder))) {
    return Kind::kJapanese;
  }
  const auto has = [&](const char* file) { return std::filesystem::exists(folder / file); };
  if (!generic && has("spiece.model")) return Kind::kAlbert;
  if (!generic && has("sentencepiece.bpe.model")) return Kind::kXlmRoberta;
  if (!generic && has("vocab.txt")) return Kind::kBert;
  if (!has("tokenizer.json")) {
    throw IoError(folder.string(),
                  concat("expected a tokenizer but found ", generic ? "no " : "none of ",
                         generic ? "" : "vocab.txt, spiece.model, sentencepiece.bpe.model and ", "tokenizer.json"));
  }
  const JsonFile tokenizer = read_json((folder / "tokenizer.json").string());
  if (get_or<std::string>(tokenizer, "/model/type", "WordPiece") == "WordPiece") return Kind::kBert;
  const std::string model = get_or<std::string>(config, "model_type", "");
  if (model == "albert") return Kind::kAlbert;
  if (model == "xlm-roberta") return Kind::kXlmRoberta;
  // A BERT with a sentencepiece vocabulary, such as multilingual sentence encoders: recognized by its special tokens.
  if (get_or<std::string>(tokenizer, "/model/type", "") == "Unigram" && has_field(tokenizer, "added_tokens")) {
    const auto has_token = [&](const char* text) {
      const auto& tokens = tokenizer.root["added_tokens"];
      return tokens.is_array() && std::any_of(tokens.begin(), tokens.end(), [&](const auto& token) {
               return token.is_object() && token.contains("content") && token["content"] == text;
             });
    };
    if (has_token("<s>") && has_token("</s>")) return Kind::kXlmRoberta;
    if (has_token("[CLS]") && has_token("[SEP]")) return Kind::kAlbert;
  }
  throw ConfigError(concat("[AutoTokenizer] ", tokenizer.path, ": a model of the type ",
                           printable(get_or<std::string>(tokenizer, "/model/type", "")),
                           " must have model_type albert or xlm-roberta in config.json but that is ",
                           printable(model)));
}

}  // namespace tempa::inline TEMPA_ABI
