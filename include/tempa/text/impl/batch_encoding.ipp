// The bodies of <tempa/text/batch_encoding.hpp>.
#pragma once

#include <tempa/text/batch_encoding.hpp>

#include <algorithm>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE PaddedEncodings pad(std::span<const Encoding> encodings, std::int32_t pad_id, const PadOptions& options) {
  if (options.pad_to_multiple_of < 1)
    throw ValueError(concat("[pad] pad_to_multiple_of must be at least 1 but is ", options.pad_to_multiple_of));
  std::size_t longest = 0;
  for (const Encoding& encoding : encodings) {
    if (encoding.ids.size() != encoding.token_type_ids.size()) {
      throw ValueError(concat("[pad] an encoding must have as many token types as ids, ", encoding.ids.size(),
                              ", but has ", encoding.token_type_ids.size()));
    }
    longest = std::max(longest, encoding.ids.size());
  }
  Index length = static_cast<Index>(longest);
  if (options.padding == Padding::kMaxLength) {
    if (!options.max_length || *options.max_length < length) {
      throw ValueError(concat("[pad] max_length must be at least the longest encoding, ", length, ", but is ",
                              options.max_length ? concat(*options.max_length) : "not given"));
    }
    length = *options.max_length;
  }
  length = (length + options.pad_to_multiple_of - 1) / options.pad_to_multiple_of * options.pad_to_multiple_of;
  const Shape shape{static_cast<Index>(encodings.size()), length};
  PaddedEncodings padded{Tensor<std::int32_t>::full(shape, pad_id), Tensor<std::int32_t>::zeros(shape),
                         Tensor<std::int32_t>::zeros(shape)};
  for (std::size_t row = 0; row < encodings.size(); ++row) {
    const Encoding& encoding = encodings[row];
    const Index gap = options.side == Side::kLeft ? length - static_cast<Index>(encoding.ids.size()) : 0;
    const Index at = static_cast<Index>(row) * length + gap;
    std::copy(encoding.ids.begin(), encoding.ids.end(), padded.ids.data() + at);
    std::copy(encoding.token_type_ids.begin(), encoding.token_type_ids.end(), padded.token_type_ids.data() + at);
    std::fill_n(padded.attention_mask.data() + at, encoding.ids.size(), 1);
  }
  return padded;
}

}  // namespace tempa::inline TEMPA_ABI
