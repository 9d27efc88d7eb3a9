// What is done to a text before a sentencepiece model cuts it.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/detail/compiled.hpp>

#include <cstddef>
#include <string>
#include <string_view>

TEMPA_COMPILED_FILE("text");

namespace tempa::inline TEMPA_ABI::detail {

inline constexpr std::string_view kSentencePieceSpace = "\u2581";

/// First `` becomes ", then '' does.
inline std::string replace_quotes(std::string text) {
  for (const std::string_view quotes : {"``", "''"}) {
    for (std::size_t at = text.find(quotes); at != std::string::npos; at = text.find(quotes, at + 1)) {
      text.replace(at, quotes.size(), 1, '"');
    }
  }
  return text;
}

}  // namespace tempa::inline TEMPA_ABI::detail
