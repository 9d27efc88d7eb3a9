// The bodies of <tempa/text/sentencepiece/detail/sentencepiece_vocabulary.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/io/detail/json/json.hpp>
#include <tempa/io/files/detail/printable.hpp>
#include <tempa/text/sentencepiece/detail/sentencepiece_vocabulary.hpp>
#include <tempa/text/shared/detail/token_fields.hpp>

#include <cmath>
#include <cstddef>
#include <string_view>
#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE SpecialTokens special_tokens_of(SentencePieceConvention convention) {
  if (convention == SentencePieceConvention::kXlmRoberta) {
    return {
        .unk_token = "<unk>", .sep_token = "</s>", .pad_token = "<pad>", .cls_token = "<s>", .mask_token = "<mask>"};
  }
  return {
      .unk_token = "<unk>", .sep_token = "[SEP]", .pad_token = "<pad>", .cls_token = "[CLS]", .mask_token = "[MASK]"};
}

namespace detail {

TEMPA_INLINE SentencePieceVocabulary sentencepiece_vocabulary(SentencePieceModel model, const std::string& path,
                                                              SentencePieceConvention convention,
                                                              const SpecialTokens& special) {
  SentencePieceVocabulary vocabulary;
  vocabulary.path = path;
  vocabulary.unknown_id = model.unknown_id;
  std::size_t first = 0;
  if (convention == SentencePieceConvention::kXlmRoberta) {
    constexpr std::size_t kReplaced = 3;  // <unk>, <s>, </s>
    if (model.unknown_id != 0 || model.pieces.size() < kReplaced) {
      throw FormatError(path, 0,
                        concat("expected the unknown piece at 0 and two control pieces behind it, as XLM-R has ",
                               "them, but the unknown piece of ", model.pieces.size(), " is at ", model.unknown_id));
    }
    for (const std::string& name : {special.cls_token, special.pad_token, special.sep_token, special.unk_token}) {
      vocabulary.pieces.push_back({name, 0.0});
    }
    vocabulary.unknown_id = 3;
    first = kReplaced;
  }
  for (std::size_t id = first; id < model.pieces.size(); ++id) {
    vocabulary.pieces.push_back({model.pieces[id].text, double{model.pieces[id].score}});
  }
  if (convention == SentencePieceConvention::kXlmRoberta) vocabulary.pieces.push_back({special.mask_token, 0.0});
  for (const SentencePieceModel::Piece& piece : model.pieces) {
    const bool control = piece.type == SentencePieceModel::PieceType::kControl;
    if (!control && piece.type != SentencePieceModel::PieceType::kUserDefined) continue;
    vocabulary.added.push_back({.content = piece.text, .special = control, .normalized = false});
  }
  vocabulary.charsmap = std::move(model.charsmap);
  vocabulary.bytes = std::move(model.bytes);
  return vocabulary;
}

/// @return the decoded bytes. @throws FormatError where `text` is not Base64.
inline std::string decode_base64(std::string_view text, const JsonFile& file, std::string_view field) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) throw field_error(file, field, "expected Base64 but it is none");
    bits = (bits << 6) | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(static_cast<unsigned char>((bits >> count) & 0xFFU));
  }
  return bytes;
}

TEMPA_INLINE SentencePieceVocabulary sentencepiece_vocabulary_from_json(const std::filesystem::path& path) {
  JsonFile file = read_json(path.string());
  const std::string type = get_or<std::string>(file, "/model/type", "");
  if (type != "Unigram") {
    throw ConfigError(concat("[SentencePieceTokenizer] ", file.path, ": the model must be of the type Unigram but is ",
                             printable(type)));
  }
  SentencePieceVocabulary vocabulary;
  vocabulary.path = file.path;
  vocabulary.is_model = false;
  const nlohmann::json& pieces = json_field(file, "/model/vocab");
  const auto refuse = [&](std::size_t id, const std::string& what) {
    throw field_error(file, concat("/model/vocab/", id), what);
  };
  if (!pieces.is_array() || pieces.empty()) throw field_error(file, "/model/vocab", "expected pieces with scores");
  for (std::size_t id = 0; id < pieces.size(); ++id) {
    const nlohmann::json& entry = pieces[id];
    if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string() || !entry[1].is_number() || entry[0] == "") {
      refuse(id, "expected a piece and its score");
    }
    vocabulary.pieces.push_back({entry[0].get<std::string>(), entry[1].get<double>()});
    if (!std::isfinite(vocabulary.pieces.back().score)) refuse(id, "expected a finite score");
  }
  vocabulary.unknown_id = require<std::int32_t>(
      file, "/model/unk_id", {.min = 0, .max = static_cast<std::int32_t>(vocabulary.pieces.size()) - 1});
  if (is_filled(file, "normalizer")) {
    const bool sequence = is_filled(file, "/normalizer/normalizers");
    const std::size_t count = sequence ? json_field(file, "/normalizer/normalizers").size() : 1;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string field = sequence ? concat("/normalizer/normalizers/", i) : "/normalizer";
      if (get_or<std::string>(file, field + "/type", "") != "Precompiled") continue;
      const std::string name = field + "/precompiled_charsmap";
      vocabulary.charsmap =
          PrecompiledCharsmap(decode_base64(get_or<std::string>(file, name, ""), file, name), file.path);
    }
  }
  const std::size_t added = is_filled(file, "added_tokens") ? json_field(file, "added_tokens").size() : 0;
  for (std::size_t i = 0; i < added; ++i) {
    vocabulary.added.push_back(read_added_token(file, concat("/added_tokens/", i), false));
  }
  vocabulary.bytes = std::move(file.text);
  return vocabulary;
}

}  // namespace detail

}  // namespace tempa::inline TEMPA_ABI
