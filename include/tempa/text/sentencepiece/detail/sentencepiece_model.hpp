// A sentencepiece model file, read and checked without the sentencepiece library.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/detail/compiled.hpp>
#include <tempa/core/error.hpp>
#include <tempa/io/detail/protobuf.hpp>
#include <tempa/io/files/detail/printable.hpp>
#include <tempa/io/files/file.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>
#include <tempa/text/sentencepiece/detail/precompiled_charsmap.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("text");

namespace tempa::inline TEMPA_ABI {

/// The contents of a sentencepiece model (spiece.model, sentencepiece.bpe.model).
///
/// Model files are for trusted sources only. Everything in them is checked here, before any of it is used: the size,
/// the framing, every piece, every state of the normalization table. But a Japanese tokenizer with subwords by
/// sentencepiece then hands the bytes to the sentencepiece library, which before version 0.2.1 could be made to corrupt
/// memory by a crafted model (CVE-2026-1260); `SentencePieceTokenizer` does not use that library.
struct SentencePieceModel {
  enum class ModelType : int { kUnigram = 1, kBpe = 2, kWord = 3, kChar = 4 };
  enum class PieceType : int { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6 };

  struct Piece {
    std::string text;
    float score = 0.0F;
    PieceType type = PieceType::kNormal;
  };

  static constexpr std::uint64_t kMaxBytes = std::uint64_t{64} << 20;  ///< the largest file that is opened

  std::vector<Piece> pieces;  ///< in the order of their ids
  std::int32_t unknown_id = 0;
  ModelType type = ModelType::kUnigram;
  PrecompiledCharsmap charsmap{};
  std::string bytes;  ///< the bytes of the file

  /// Reads a model file.
  /// @throws IoError where it cannot be read or is larger than `kMaxBytes`; FormatError where it is not a model.
  static SentencePieceModel load(const std::filesystem::path& path) {
    return parse(read_text_file(path.string(), kMaxBytes), path.string());
  }

  /// @param bytes of a model file. @param path named in errors.
  /// @throws FormatError where the protocol buffer is broken; a piece is empty, not UTF-8, has a NUL, occurs twice, has
  ///   a score that is not finite or an unknown type; there is not one unknown piece; or the table is broken.
  static SentencePieceModel parse(std::string bytes, const std::string& path) {
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

 private:
  static Piece parse_piece(std::string_view bytes, const std::string& path) {
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

  void parse_trainer(std::string_view trainer, const std::string& path) {
    constexpr std::uint32_t kModelType = 3;
    ProtobufReader reader(trainer, path, "TrainerSpec");
    while (const auto field = reader.next()) {
      if (field->number != kModelType) continue;
      const std::int64_t value = reader.expect(*field, WireType::kVarint).integer();
      if (value < 1 || value > 4) reader.fail(concat("model_type must be in [1, 4] but is ", value));
      type = static_cast<ModelType>(value);
    }
  }

  void parse_normalizer(std::string_view normalizer, const std::string& path) {
    constexpr std::uint32_t kCharsmap = 2;
    ProtobufReader reader(normalizer, path, "NormalizerSpec");
    while (const auto field = reader.next()) {
      if (field->number == kCharsmap) {
        charsmap = PrecompiledCharsmap(reader.expect(*field, WireType::kBytes).bytes, path);
      }
    }
  }

  void check_pieces(const std::string& path) {
    if (pieces.empty())
      throw FormatError(path, 0, "expected a sentencepiece model but there are no pieces in the file");
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
};

}  // namespace tempa::inline TEMPA_ABI
