// A sentencepiece model file, read and checked without the sentencepiece library.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/text/sentencepiece/detail/precompiled_charsmap.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

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
  static SentencePieceModel load(const std::filesystem::path& path);

  /// @param bytes of a model file. @param path named in errors.
  /// @throws FormatError where the protocol buffer is broken; a piece is empty, not UTF-8, has a NUL, occurs twice, has
  ///   a score that is not finite or an unknown type; there is not one unknown piece; or the table is broken.
  static SentencePieceModel parse(std::string bytes, const std::string& path);

 private:
  static Piece parse_piece(std::string_view bytes, const std::string& path);

  void parse_trainer(std::string_view trainer, const std::string& path);

  void parse_normalizer(std::string_view normalizer, const std::string& path);

  void check_pieces(const std::string& path);
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/sentencepiece/detail/impl/sentencepiece_model.ipp>
#endif
