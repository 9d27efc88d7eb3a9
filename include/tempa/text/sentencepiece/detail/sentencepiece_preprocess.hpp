// What is done to a text before a sentencepiece model cuts it.
#pragma once

#include <tempa/core/config.hpp>

#include <string>
#include <string_view>

namespace tempa::inline TEMPA_ABI::detail {

inline constexpr std::string_view kSentencePieceSpace = "\u2581";

/// First `` becomes ", then '' does.
std::string replace_quotes(std::string text);

}  // namespace tempa::inline TEMPA_ABI::detail

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/sentencepiece/detail/impl/sentencepiece_preprocess.ipp>
#endif
