// The bodies of <tempa/text/any_tokenizer.hpp>.
#pragma once

#include <tempa/text/any_tokenizer.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE Encoding AnyTokenizer::encode(std::string_view text, const EncodeOptions& options) const {
  return held_->encode(text, options);
}

TEMPA_INLINE Encoding AnyTokenizer::encode(std::string_view text, std::string_view pair,
                                           const EncodeOptions& options) const {
  return held_->encode(text, pair, options);
}

TEMPA_INLINE std::string AnyTokenizer::decode(std::span<const std::int32_t> ids, const DecodeOptions& options) const {
  return held_->decode(ids, options);
}

}  // namespace tempa::inline TEMPA_ABI
