// The bodies of <tempa/text/sentencepiece/detail/precompiled_charsmap.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>
#include <tempa/text/sentencepiece/detail/precompiled_charsmap.hpp>

#include <utf8proc.h>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE PrecompiledCharsmap::PrecompiledCharsmap(std::string_view blob, const std::string& path) {
  if (blob.empty()) return;
  const auto fail = [&](const std::string& what) {
    throw FormatError(path, 0, concat("broken normalization table (precompiled_charsmap): ", what));
  };
  if (blob.size() < 4) fail(concat("expected at least 4 bytes but there are ", blob.size()));
  const std::uint32_t trie_bytes = load_unit(blob, 0);
  if (trie_bytes % 4 != 0 || trie_bytes < 4 * kBlock || trie_bytes > blob.size() - 4) {
    fail(concat("its trie must have a multiple of 4 and at least ", 4 * kBlock, " bytes and fit into ", blob.size() - 4,
                " but has ", trie_bytes));
  }
  units_.reserve(trie_bytes / 4);
  for (std::size_t i = 0; i < trie_bytes; i += 4) units_.push_back(load_unit(blob, 4 + i));
  replacements_ = std::string(blob.substr(4 + trie_bytes));
  if (!replacements_.empty() && replacements_.back() != '\0') fail("its last replacement has no end");
  if (const auto offset = find_invalid_utf8(replacements_)) fail(concat("replacement byte ", *offset, " is no UTF-8"));
  if (const std::string broken = broken_state(); !broken.empty()) fail(broken);
  for (std::uint32_t c = 0; c < 0x80; ++c) {
    const char byte = static_cast<char>(c);
    if (const auto found = find(std::string_view(&byte, 1))) ascii_[c] = *found;
  }
}

TEMPA_INLINE std::string PrecompiledCharsmap::normalize(std::string_view text) const {
  if (empty()) return std::string(text);
  std::string out;
  out.reserve(text.size() + 16);
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool alone = byte < 0x80 && (i + 1 == text.size() || static_cast<unsigned char>(text[i + 1]) < 0x80) &&
                       !(byte == '\r' && i + 1 < text.size() && text[i + 1] == '\n');
    if (alone) {
      if (ascii_[byte]) {
        out += *ascii_[byte];
      } else {
        out += text[i];
      }
      ++i;
    } else {
      const std::size_t size = cluster_size(text.substr(i));
      append_cluster(out, text.substr(i, size));
      i += size;
    }
  }
  return out;
}

TEMPA_INLINE std::uint32_t PrecompiledCharsmap::load_unit(std::string_view bytes, std::size_t at) {
  std::uint32_t unit = 0;
  for (std::size_t i = 4; i-- > 0;) unit = (unit << 8) | static_cast<unsigned char>(bytes[at + i]);
  return unit;
}

TEMPA_INLINE std::size_t PrecompiledCharsmap::offset_of(std::uint32_t unit) {
  return static_cast<std::size_t>(unit >> 10) << ((unit & (1U << 9)) >> 6);
}

TEMPA_INLINE std::string PrecompiledCharsmap::broken_state() const {
  std::vector<bool> seen(units_.size(), false);
  std::vector<std::size_t> pending{0};
  seen[0] = true;
  while (!pending.empty()) {
    const std::size_t at = pending.back();
    pending.pop_back();
    const std::size_t base = at ^ offset_of(units_[at]);
    if ((base | (kBlock - 1)) >= units_.size()) return concat("state ", at, " leads out of the trie");
    if (has_leaf(units_[at])) {
      const std::size_t value = value_of(units_[base]);
      if (value >= replacements_.size()) return concat("state ", at, " has no replacement");
      if ((static_cast<unsigned char>(replacements_[value]) & 0xC0U) == 0x80U) {
        return concat("the replacement of state ", at, " begins inside a character");
      }
    }
    for (std::uint32_t byte = 1; byte < kBlock; ++byte) {
      const std::size_t next = base ^ byte;
      if (label_of(units_[next]) != byte || seen[next]) continue;
      seen[next] = true;
      pending.push_back(next);
    }
  }
  return {};
}

TEMPA_INLINE std::optional<std::string_view> PrecompiledCharsmap::find(std::string_view text) const {
  std::size_t at = offset_of(units_[0]);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == 0) break;
    at ^= byte;
    const std::uint32_t unit = units_[at];
    if (label_of(unit) != byte) break;
    at ^= offset_of(unit);
    if (has_leaf(unit)) {
      const std::size_t begin = value_of(units_[at]);
      return std::string_view(replacements_).substr(begin, replacements_.find('\0', begin) - begin);
    }
  }
  return std::nullopt;
}

TEMPA_INLINE void PrecompiledCharsmap::append_cluster(std::string& out, std::string_view cluster) const {
  constexpr std::size_t kLongestWhole = 5;
  if (cluster.size() <= kLongestWhole) {
    if (const auto found = find(cluster)) {
      out += *found;
      return;
    }
  }
  for (std::size_t i = 0; i < cluster.size();) {
    const std::string_view character = cluster.substr(i, decode_utf8(cluster, i).size);
    out += find(character).value_or(character);
    i += character.size();
  }
}

TEMPA_INLINE std::size_t PrecompiledCharsmap::cluster_size(std::string_view text) {
  DecodedCodePoint before = decode_utf8(text, 0);
  std::size_t size = before.size;
  utf8proc_int32_t state = 0;
  while (size < text.size()) {
    const DecodedCodePoint next = decode_utf8(text, size);
    if (utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(before.value),
                                         static_cast<utf8proc_int32_t>(next.value), &state)) {
      break;
    }
    before = next;
    size += next.size;
  }
  return size;
}

}  // namespace tempa::inline TEMPA_ABI
