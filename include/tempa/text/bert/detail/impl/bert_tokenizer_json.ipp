// The bodies of <tempa/text/bert/detail/bert_tokenizer_json.hpp>.
#pragma once

#include <tempa/text/bert/detail/bert_tokenizer_json.hpp>
#include <tempa/text/shared/detail/token_fields.hpp>

#include <limits>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI::detail {

/// [CLS] A [SEP] and [CLS] A [SEP] B [SEP] as `TemplateProcessing` has them.
struct BertTemplates {
  BertTemplates(const std::string& cls, const std::string& sep) {
    const auto part = [](const char* what, const std::string& id, int type) {
      nlohmann::json json;
      json[what] = {{"id", id}, {"type_id", type}};
      return json;
    };
    single =
        nlohmann::json::array({part("SpecialToken", cls, 0), part("Sequence", "A", 0), part("SpecialToken", sep, 0)});
    pair = single;
    pair.push_back(part("Sequence", "B", 1));
    pair.push_back(part("SpecialToken", sep, 1));
  }
  nlohmann::json single, pair;
};

TEMPA_INLINE BertTokenizerJsonReader::BertTokenizerJsonReader(const std::filesystem::path& path,
                                                              BertTokenizerOptions options)
    : file_(read_json(path.string())) {
  out_.options = std::move(options);
}

TEMPA_INLINE BertTokenizerJson BertTokenizerJsonReader::read() {
  if (!file_.root.is_object()) throw FormatError(file_.path, 1, "expected a JSON object");
  if (const std::string version = get_or<std::string>(file_, "version", "1.0"); version != "1.0")
    throw unsupported("/version", "\"1.0\"");
  read_model();
  read_normalizer("/normalizer");
  read_pre_tokenizer("/pre_tokenizer");
  read_post_processor();
  read_decoder();
  read_added_tokens();
  read_truncation_and_padding();
  return std::move(out_);
}

TEMPA_INLINE ConfigError BertTokenizerJsonReader::unsupported(const std::string& field,
                                                              std::string_view expected) const {
  const bool missing = !has_field(file_, field);
  const std::string got = missing ? "is missing" : json_description(json_field(file_, field));
  return ConfigError(concat("[BertTokenizer] ", file_.path, ": field ", field, " must be ", expected, " but ",
                            missing ? "" : "is ", got));
}

TEMPA_INLINE bool BertTokenizerJsonReader::is_null(const std::string& field) const {
  return !has_field(file_, field) || json_field(file_, field).is_null();
}

TEMPA_INLINE void BertTokenizerJsonReader::expect(const std::string& field, const nlohmann::json& value) const {
  if (is_null(field) || json_field(file_, field) != value) throw unsupported(field, value.dump());
}

TEMPA_INLINE std::string BertTokenizerJsonReader::type(const std::string& parent) const {
  return require<std::string>(file_, json_child(parent, "type"));
}

TEMPA_INLINE std::size_t BertTokenizerJsonReader::size(const std::string& field) const {
  if (!json_field(file_, field).is_array()) throw field_error(file_, field, "expected an array");
  return json_field(file_, field).size();
}

TEMPA_INLINE void BertTokenizerJsonReader::read_model() {
  if (!is_null("/model/type")) expect("/model/type", "WordPiece");
  out_.options.special_tokens.unk_token = require<std::string>(file_, "/model/unk_token");
  out_.options.continuing_subword_prefix = require<std::string>(file_, "/model/continuing_subword_prefix");
  out_.options.max_input_chars_per_word = require<std::int64_t>(
      file_, "/model/max_input_chars_per_word", {.min = 0, .max = std::numeric_limits<std::int32_t>::max()});
  const nlohmann::json& vocab = json_field(file_, "/model/vocab");
  if (!vocab.is_object()) throw field_error(file_, "/model/vocab", "expected an object of tokens and their ids");
  if (vocab.empty()) throw field_error(file_, "/model/vocab", "expected tokens but there is none");
  // Unused ids are legal (a vocab.txt that lists a token twice has one), but not more of them than tokens.
  const std::size_t limit = 2 * vocab.size();
  std::vector<std::string> tokens;
  std::vector<bool> taken;
  for (const auto& [token, id] : vocab.items()) {
    const auto refuse = [this, &name = token](const std::string& message) {
      return field_error(file_, json_child("/model/vocab", name), message);
    };
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() >= limit)
      throw refuse(concat("expected an id of at least 0 and less than ", limit, " (twice the number of tokens) but ",
                          "got ", json_description(id)));
    const auto at = static_cast<std::size_t>(id.get<std::uint64_t>());
    if (at >= tokens.size()) {
      tokens.resize(at + 1);
      taken.resize(at + 1);
    }
    if (taken[at]) throw refuse(concat("expected an id of its own but ", printable(tokens[at]), " has ", at, " too"));
    tokens[at] = token;
    taken[at] = true;
  }
  try {
    out_.vocabulary = Vocabulary::from_tokens(std::move(tokens), true);
  } catch (const ValueError& error) {
    throw field_error(file_, "/model/vocab", error.what());
  }
}

TEMPA_INLINE void BertTokenizerJsonReader::read_normalizer(const std::string& field) {
  if (is_null(field)) throw unsupported(field, "a BertNormalizer");
  if (type(field) == "Sequence") {
    const std::string parts = json_child(field, "normalizers");
    if (size(parts) != 1) throw unsupported(parts, "one BertNormalizer");
    return read_normalizer(json_child(parts, "0"));
  }
  if (type(field) != "BertNormalizer") throw unsupported(json_child(field, "type"), "\"BertNormalizer\"");
  if (!require<bool>(file_, json_child(field, "clean_text")))
    throw unsupported(json_child(field, "clean_text"), "true");
  out_.options.tokenize_chinese_chars = require<bool>(file_, json_child(field, "handle_chinese_chars"));
  out_.options.lower_case = require<bool>(file_, json_child(field, "lowercase"));
  const std::string strip = json_child(field, "strip_accents");
  out_.options.strip_accents.reset();
  if (!is_null(strip)) out_.options.strip_accents = require<bool>(file_, strip);
}

TEMPA_INLINE void BertTokenizerJsonReader::read_pre_tokenizer(const std::string& field) {
  if (is_null(field)) throw unsupported(field, "a BertPreTokenizer");
  if (type(field) == "Sequence") {
    const std::string parts = json_child(field, "pretokenizers");
    if (size(parts) != 1) throw unsupported(parts, "one BertPreTokenizer");
    return read_pre_tokenizer(json_child(parts, "0"));
  }
  if (type(field) != "BertPreTokenizer") throw unsupported(json_child(field, "type"), "\"BertPreTokenizer\"");
}

TEMPA_INLINE void BertTokenizerJsonReader::read_post_processor() {
  if (is_null("/post_processor")) return;
  const std::string kind = type("/post_processor");
  auto& names = out_.options.special_tokens;
  if (kind == "BertProcessing") {
    names.cls_token = require<std::string>(file_, "/post_processor/cls/0");
    out_.cls_id = require<std::int64_t>(file_, "/post_processor/cls/1");
    names.sep_token = require<std::string>(file_, "/post_processor/sep/0");
    out_.sep_id = require<std::int64_t>(file_, "/post_processor/sep/1");
  } else if (kind == "TemplateProcessing") {
    names.cls_token = require<std::string>(file_, "/post_processor/single/0/SpecialToken/id");
    names.sep_token = require<std::string>(file_, "/post_processor/single/2/SpecialToken/id");
    const BertTemplates templates(names.cls_token, names.sep_token);
    expect("/post_processor/single", templates.single);
    expect("/post_processor/pair", templates.pair);
    out_.cls_id = template_id(names.cls_token);
    out_.sep_id = template_id(names.sep_token);
  } else {
    throw unsupported("/post_processor/type", "\"TemplateProcessing\" or \"BertProcessing\"");
  }
  out_.has_post_processor = true;
}

TEMPA_INLINE std::int64_t BertTokenizerJsonReader::template_id(const std::string& token) const {
  const std::string ids = json_child(json_child("/post_processor/special_tokens", token), "ids");
  if (size(ids) != 1) throw unsupported(ids, "one id");
  return require<std::int64_t>(file_, json_child(ids, "0"));
}

TEMPA_INLINE void BertTokenizerJsonReader::read_decoder() {
  if (is_null("/decoder")) return;
  if (type("/decoder") != "WordPiece") throw unsupported("/decoder/type", "\"WordPiece\"");
  expect("/decoder/prefix", out_.options.continuing_subword_prefix);
  out_.options.clean_up_tokens = require<bool>(file_, "/decoder/cleanup");
  out_.has_decoder = true;
}

TEMPA_INLINE void BertTokenizerJsonReader::read_added_tokens() {
  if (is_null("/added_tokens")) return;
  const std::size_t count = size("/added_tokens");
  for (std::size_t i = 0; i < count; ++i) {
    const std::string field = json_child("/added_tokens", std::to_string(i));
    AddedToken token = read_added_token(file_, field, false);
    const auto id = require<std::int32_t>(file_, json_child(field, "id"), {.min = 0});
    if (!out_.added.emplace(id, std::move(token)).second)
      throw field_error(file_, json_child(field, "id"), concat("expected an id of its own but ", id, " comes twice"));
  }
}

TEMPA_INLINE void BertTokenizerJsonReader::read_truncation_and_padding() {
  if (!is_null("/truncation")) {
    if (has_field(file_, "/truncation/direction")) expect("/truncation/direction", "Right");  // old files lack it
    require<std::int64_t>(file_, "/truncation/max_length", {.min = 0});
    require<std::int64_t>(file_, "/truncation/stride", {.min = 0});
    const std::string strategy = require<std::string>(file_, "/truncation/strategy");
    if (strategy != "LongestFirst" && strategy != "OnlyFirst" && strategy != "OnlySecond")
      throw field_error(file_, "/truncation/strategy", "expected LongestFirst, OnlyFirst or OnlySecond");
    out_.truncation = file_.root["truncation"];
  }
  if (!is_null("/padding")) {
    const std::string side = require<std::string>(file_, "/padding/direction");
    if (side != "Left" && side != "Right") throw field_error(file_, "/padding/direction", "expected Left or Right");
    out_.options.padding_side = side == "Left" ? Side::kLeft : Side::kRight;
    out_.options.special_tokens.pad_token = require<std::string>(file_, "/padding/pad_token");
    require<std::int64_t>(file_, "/padding/pad_id", {.min = 0});
    expect("/padding/pad_type_id", 0);
    if (!is_null("/padding/pad_to_multiple_of"))
      require<std::int64_t>(file_, "/padding/pad_to_multiple_of", {.min = 0});
    if (!json_field(file_, "/padding/strategy").is_object()) {
      expect("/padding/strategy", "BatchLongest");
    } else {
      require<std::int64_t>(file_, "/padding/strategy/Fixed", {.min = 0});
    }
    out_.padding = file_.root["padding"];
  }
}

TEMPA_INLINE nlohmann::json bert_tokenizer_json(const AddedVocabulary& added, const BertTokenizerOptions& options,
                                                const nlohmann::json& truncation, const nlohmann::json& padding) {
  using nlohmann::json;
  const std::string& cls = options.special_tokens.cls_token;
  const std::string& sep = options.special_tokens.sep_token;
  BertTemplates templates(cls, sep);
  json special = json::object();
  for (const std::string& token : {cls, sep})
    special[token] = {{"id", token}, {"ids", json::array({*added.find(token)})}, {"tokens", json::array({token})}};
  json added_tokens = json::array();
  for (const auto& [id, token] : added.tokens()) {
    added_tokens.push_back(added_token_json(token));
    added_tokens.back()["id"] = id;
  }
  json vocab = json::object();
  const std::vector<std::string>& tokens = added.vocabulary().tokens();
  for (std::size_t id = 0; id < tokens.size(); ++id) vocab[tokens[id]] = id;
  json strip_accents;
  if (options.strip_accents) strip_accents = *options.strip_accents;
  return {
      {"version", "1.0"},
      {"truncation", truncation},
      {"padding", padding},
      {"added_tokens", std::move(added_tokens)},
      {"normalizer",
       {{"type", "BertNormalizer"},
        {"clean_text", true},
        {"handle_chinese_chars", options.tokenize_chinese_chars},
        {"strip_accents", std::move(strip_accents)},
        {"lowercase", options.lower_case}}},
      {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
      {"post_processor",
       {{"type", "TemplateProcessing"},
        {"single", std::move(templates.single)},
        {"pair", std::move(templates.pair)},
        {"special_tokens", std::move(special)}}},
      {"decoder",
       {{"type", "WordPiece"}, {"prefix", options.continuing_subword_prefix}, {"cleanup", options.clean_up_tokens}}},
      {"model",
       {{"type", "WordPiece"},
        {"unk_token", options.special_tokens.unk_token},
        {"continuing_subword_prefix", options.continuing_subword_prefix},
        {"max_input_chars_per_word", options.max_input_chars_per_word},
        {"vocab", std::move(vocab)}}}};
}

}  // namespace tempa::inline TEMPA_ABI::detail
