// The normalization table inside a sentencepiece model, applied as the Rust `tokenizers` applies it.
#pragma once

#include <tempa/core/config.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Replaces characters by the table that a sentencepiece model carries (`precompiled_charsmap`): a double-array trie
/// from UTF-8 keys to offsets in a block of NUL-terminated replacements. A grapheme cluster of less than six bytes is
/// replaced as a whole where it begins with a key (by the replacement of the shortest such key), and otherwise each of
/// its characters by itself. Const: any number of threads can share it.
/// @source spm_precompiled `Precompiled`; tokenizers `normalizers/precompiled.rs`; darts-clone's unit layout.
class PrecompiledCharsmap {
 public:
  PrecompiledCharsmap() = default;

  /// @param blob bytes of the field; empty: nothing is replaced. @param path named in errors.
  /// @throws FormatError where the sizes are wrong, a walk from the trie's root would leave it, or a replacement is not
  ///   NUL-terminated UTF-8 inside the block. Nothing needs checking after that.
  PrecompiledCharsmap(std::string_view blob, const std::string& path);

  /// @return whether the table is empty, so that nothing is replaced.
  bool empty() const { return units_.empty(); }

  /// @return the normalized text. @param text valid UTF-8.
  std::string normalize(std::string_view text) const;

 private:
  static constexpr std::size_t kBlock = 256;

  static std::uint32_t load_unit(std::string_view bytes, std::size_t at);
  static std::size_t offset_of(std::uint32_t unit);
  static bool has_leaf(std::uint32_t unit) { return ((unit >> 8) & 1U) != 0; }
  static std::uint32_t label_of(std::uint32_t unit) { return unit & ((1U << 31) | 0xFFU); }
  static std::size_t value_of(std::uint32_t unit) { return unit & ((1U << 31) - 1); }

  /// Checks every state that a key can reach. @return what is wrong, or nothing.
  std::string broken_state() const;

  /// The replacement of the shortest key that `text` begins with.
  std::optional<std::string_view> find(std::string_view text) const;

  void append_cluster(std::string& out, std::string_view cluster) const;

  /// Bytes of the extended grapheme cluster that `text` begins with.
  static std::size_t cluster_size(std::string_view text);

  std::vector<std::uint32_t> units_;
  std::string replacements_;
  std::vector<std::optional<std::string>> ascii_ = std::vector<std::optional<std::string>>(0x80);
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/sentencepiece/detail/impl/precompiled_charsmap.ipp>
#endif
