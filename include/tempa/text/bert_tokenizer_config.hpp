// The options of a BERT tokenizer, and the two JSON files in which Hugging Face keeps them.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/error.hpp>
#include <tempa/text/special_tokens.hpp>
#include <tempa/text/unicode.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace tempa::inline TEMPA_ABI {

struct BertTokenizerOptions {
  bool lower_case = true;
  std::optional<bool> strip_accents = std::nullopt;  ///< nothing: as `lower_case`
  bool tokenize_chinese_chars = true;                ///< every CJK ideograph is a word of its own
  UnicodeFlavour flavour = UnicodeFlavour::kFast;
  std::vector<std::string> never_split{};  ///< space-separated words that are one token, or [UNK] without their letters
  SpecialTokens special_tokens{};
};

namespace detail {

/// Parses a JSON file whose top is an object. @throws IoError, FormatError with the line.
inline nlohmann::json read_json_object(const std::filesystem::path& path) {
  const std::string name = path.string();
  std::ifstream in(path, std::ios::binary);
  if (!in) throw IoError(name, "cannot open the file");
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (in.bad()) throw IoError(name, "cannot read the file");
  nlohmann::json json;
  try {
    json = nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    const auto end =
        text.begin() + static_cast<std::ptrdiff_t>(std::min(std::max<std::size_t>(error.byte, 1) - 1, text.size()));
    throw FormatError(name, 1 + std::count(text.begin(), end, '\n'), concat("expected JSON but ", error.what()));
  }
  if (!json.is_object()) throw FormatError(name, 0, concat("expected a JSON object but it is ", json.type_name()));
  return json;
}

/// @return the boolean `field`, or nothing where it is absent or null. @throws FormatError naming the field.
inline std::optional<bool> read_bool(const nlohmann::json& json, const char* field, const std::filesystem::path& path) {
  const auto it = json.find(field);
  if (it == json.end() || it->is_null()) return std::nullopt;
  if (!it->is_boolean()) {
    throw FormatError(path.string(), 0, concat("field ", field, " must be true or false but is ", it->type_name()));
  }
  return it->get<bool>();
}

/// Reads a token, given as a string or as an object with `content`, into `token`; absent and null leave it as it is.
/// @throws FormatError naming the field.
inline void read_token(const nlohmann::json& json, const char* field, const std::filesystem::path& path,
                       std::string& token) {
  const auto it = json.find(field);
  if (it == json.end() || it->is_null()) return;
  const nlohmann::json* content = &*it;
  if (it->is_object()) {
    const auto inner = it->find("content");
    if (inner != it->end()) content = &*inner;
  }
  if (!content->is_string() || content->get_ref<const std::string&>().empty()) {
    throw FormatError(path.string(), 0,
                      concat("field ", field, " must be a token (a string that is not empty, or an object with it as ",
                             "content) but is ", it->is_string() ? "an empty string" : it->type_name()));
  }
  token = content->get<std::string>();
}

inline void write_json(const std::filesystem::path& path, const nlohmann::ordered_json& json) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  if (!out) throw IoError(path.string(), "cannot write the file");
  out << json.dump(2) << '\n';
  out.close();
  if (!out) throw IoError(path.string(), "writing the file failed");
}

}  // namespace detail

/// Reads tokenizer_config.json: do_lower_case, strip_accents, tokenize_chinese_chars and the names of the special
/// tokens; what is absent keeps its value in `options`, other fields are not read.
/// @throws IoError where the file cannot be read; FormatError with line or field where it is malformed; ConfigError
///   where it describes another kind of tokenizer (Japanese words by MeCab).
inline BertTokenizerOptions read_tokenizer_config(const std::filesystem::path& path,
                                                  BertTokenizerOptions options = {}) {
  const nlohmann::json json = detail::read_json_object(path);
  const auto word_tokenizer = json.find("word_tokenizer_type");
  if (word_tokenizer != json.end() && word_tokenizer->is_string() && *word_tokenizer != "basic") {
    throw ConfigError(concat("[BertTokenizer] ", path.string(), ": field word_tokenizer_type must be \"basic\" but is ",
                             word_tokenizer->dump()));
  }
  options.lower_case = detail::read_bool(json, "do_lower_case", path).value_or(options.lower_case);
  if (json.contains("strip_accents")) options.strip_accents = detail::read_bool(json, "strip_accents", path);
  options.tokenize_chinese_chars =
      detail::read_bool(json, "tokenize_chinese_chars", path).value_or(options.tokenize_chinese_chars);
  detail::read_token(json, "unk_token", path, options.special_tokens.unk_token);
  detail::read_token(json, "sep_token", path, options.special_tokens.sep_token);
  detail::read_token(json, "pad_token", path, options.special_tokens.pad_token);
  detail::read_token(json, "cls_token", path, options.special_tokens.cls_token);
  detail::read_token(json, "mask_token", path, options.special_tokens.mask_token);
  return options;
}

/// Writes tokenizer_config.json and special_tokens_map.json, as transformers reads them, into `folder`.
/// @throws IoError where a file cannot be written.
inline void write_tokenizer_config(const std::filesystem::path& folder, const BertTokenizerOptions& options) {
  const SpecialTokens& special = options.special_tokens;
  const nlohmann::ordered_json tokens = {{"unk_token", special.unk_token},
                                         {"sep_token", special.sep_token},
                                         {"pad_token", special.pad_token},
                                         {"cls_token", special.cls_token},
                                         {"mask_token", special.mask_token}};
  nlohmann::ordered_json config = {{"tokenizer_class", "BertTokenizer"},
                                   {"do_lower_case", options.lower_case},
                                   {"strip_accents", nullptr},
                                   {"tokenize_chinese_chars", options.tokenize_chinese_chars}};
  if (options.strip_accents) config["strip_accents"] = *options.strip_accents;
  if (!options.never_split.empty()) config["never_split"] = options.never_split;
  config.update(tokens);
  detail::write_json(folder / "tokenizer_config.json", config);
  detail::write_json(folder / "special_tokens_map.json", tokens);
}

}  // namespace tempa::inline TEMPA_ABI
