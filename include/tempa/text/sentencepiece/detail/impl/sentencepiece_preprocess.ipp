// The bodies of <tempa/text/sentencepiece/detail/sentencepiece_preprocess.hpp>.
#pragma once

#include <tempa/text/sentencepiece/detail/sentencepiece_preprocess.hpp>

#include <cstddef>

namespace tempa::inline TEMPA_ABI::detail {

TEMPA_INLINE std::string replace_quotes(std::string text) {
  for (const std::string_view quotes : {"``", "''"}) {
    for (std::size_t at = text.find(quotes); at != std::string::npos; at = text.find(quotes, at + 1)) {
      text.replace(at, quotes.size(), 1, '"');
    }
  }
  return text;
}

}  // namespace tempa::inline TEMPA_ABI::detail
