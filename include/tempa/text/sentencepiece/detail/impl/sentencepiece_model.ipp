// The bodies of <tempa/text/sentencepiece/detail/sentencepiece_model.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/io/detail/protobuf.hpp>
#include <tempa/io/files/detail/printable.hpp>
#include <tempa/io/files/file.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>
#include <tempa/text/sentencepiece/detail/sentencepiece_model.hpp>

#include <cmath>
#include <cstddef>
#include <unordered_set>
#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE SentencePieceModel SentencePieceModel::load(const std::filesystem::path& path) {
  return parse(read_text_file(path.string(), kMaxBytes), path.string());
}

TEMPA_INLINE SentencePieceModel SentencePieceModel::parse(std::string bytes, const std::string& path) {
  SentencePieceModel model;
  model.bytes = std::move(bytes);
  constexpr std::uint32_t kPieces = 1, kTrainer = 2, kNormalizer = 3;
  ProtobufReader reader(model.bytes, path, "ModelProto");
  while (const auto field = reader.next()) {
    if (field->number == kPieces) {
      model.pieces.push_back(parse_piece(reader.expect(*field, WireType::kBytes).bytes, path));
    } else if (field->number == kTrainer) {
      model.parse_trainer(reader.expect(*field, WireType::kBytes).bytes, path);
    } else if (field->number == kNormalizer) {
      model.parse_normalizer(reader.expect(*field, WireType::kBytes).bytes, path);
    }
  }
  model.check_pieces(path);
  return model;
}

TEMPA_INLINE auto SentencePieceModel::parse_piece(std::string_view bytes, const std::string& path) -> Piece {
  constexpr std::uint32_t kText = 1, kScore = 2, kType = 3;
  Piece piece;
  ProtobufReader reader(bytes, path, "SentencePiece");
  while (const auto field = reader.next()) {
    if (field->number == kText) piece.text = std::string(reader.expect(*field, WireType::kBytes).bytes);
    if (field->number == kScore) piece.score = reader.expect(*field, WireType::kFixed32).real32();
    if (field->number == kType) {
      const std::int64_t type = reader.expect(*field, WireType::kVarint).integer();
      if (type < 1 || type > 6) reader.fail(concat("type must be in [1, 6] but is ", type));
      piece.type = static_cast<PieceType>(type);
    }
  }
  return piece;
}

TEMPA_INLINE void SentencePieceModel::parse_trainer(std::string_view trainer, const std::string& path) {
  constexpr std::uint32_t kModelType = 3;
  ProtobufReader reader(trainer, path, "TrainerSpec");
  while (const auto field = reader.next()) {
    if (field->number != kModelType) continue;
    const std::int64_t value = reader.expect(*field, WireType::kVarint).integer();
    if (value < 1 || value > 4) reader.fail(concat("model_type must be in [1, 4] but is ", value));
    type = static_cast<ModelType>(value);
  }
}

TEMPA_INLINE void SentencePieceModel::parse_normalizer(std::string_view normalizer, const std::string& path) {
  constexpr std::uint32_t kCharsmap = 2;
  ProtobufReader reader(normalizer, path, "NormalizerSpec");
  while (const auto field = reader.next()) {
    if (field->number == kCharsmap) {
      charsmap = PrecompiledCharsmap(reader.expect(*field, WireType::kBytes).bytes, path);
    }
  }
}

TEMPA_INLINE void SentencePieceModel::check_pieces(const std::string& path) {
  if (pieces.empty()) throw FormatError(path, 0, "expected a sentencepiece model but there are no pieces in the file");
  std::unordered_set<std::string_view> seen;
  std::int64_t unknown_pieces = 0;
  for (std::size_t id = 0; id < pieces.size(); ++id) {
    const Piece& piece = pieces[id];
    const auto fail = [&](std::string_view what) {
      throw FormatError(path, 0, concat("piece ", id, ", ", printable(piece.text), ", ", what));
    };
    if (piece.text.empty()) fail("must have a text");
    if (find_invalid_utf8(piece.text)) fail("must be UTF-8");
    if (piece.text.find('\0') != std::string::npos) fail("must have no NUL byte");
    if (!std::isfinite(piece.score)) fail(concat("must have a finite score but has ", piece.score));
    if (!seen.insert(piece.text).second) fail("comes twice");
    if (piece.type != PieceType::kUnknown) continue;
    unknown_id = static_cast<std::int32_t>(id);
    ++unknown_pieces;
  }
  if (unknown_pieces != 1) {
    throw FormatError(path, 0, concat("expected one piece of the type unknown but there are ", unknown_pieces));
  }
}

}  // namespace tempa::inline TEMPA_ABI
