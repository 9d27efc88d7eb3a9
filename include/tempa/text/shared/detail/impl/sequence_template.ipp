// The bodies of <tempa/text/shared/detail/sequence_template.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/text/shared/detail/sequence_template.hpp>

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE Encoding encode_sequence(std::vector<std::int32_t> first, std::optional<std::vector<std::int32_t>> second,
                                      const SequenceTemplate& frame, const EncodeOptions& options) {
  std::size_t first_size = first.size();
  std::size_t second_size = second ? second->size() : 0;
  if (options.max_length) {
    const std::int64_t special = !options.add_special_tokens ? 0 : !second ? 2 : frame.two_separators ? 4 : 3;
    const bool keeps_special = options.truncation != Truncation::kIndonlu && options.truncation != Truncation::kNone;
    if (*options.max_length < (keeps_special ? special : 0)) {
      throw ValueError(concat("[encode] max_length must be at least ", keeps_special ? special : 0,
                              " (the special tokens) but is ", *options.max_length));
    }
    const auto budget = static_cast<std::size_t>(std::max<std::int64_t>(*options.max_length - special, 0));
    std::tie(first_size, second_size) = truncated_sizes(first_size, second ? std::optional(second_size) : std::nullopt,
                                                        budget, options.truncation, frame.truncation_rules);
  }
  Encoding encoding{std::move(first), {}};
  encoding.ids.resize(first_size);
  if (options.add_special_tokens) {
    encoding.ids.insert(encoding.ids.begin(), frame.cls_id);
    encoding.ids.push_back(frame.sep_id);
  }
  encoding.token_type_ids.resize(encoding.ids.size(), 0);
  if (second) {
    if (options.add_special_tokens && frame.two_separators) encoding.ids.push_back(frame.sep_id);
    encoding.ids.insert(encoding.ids.end(), second->begin(),
                        second->begin() + static_cast<std::ptrdiff_t>(second_size));
    if (options.add_special_tokens) encoding.ids.push_back(frame.sep_id);
    encoding.token_type_ids.resize(encoding.ids.size(), frame.second_text_is_type_1 ? 1 : 0);
  }
  if (options.truncation == Truncation::kIndonlu && options.max_length) {
    const std::size_t kept = std::min(encoding.ids.size(), static_cast<std::size_t>(*options.max_length));
    encoding.ids.resize(kept);
    encoding.token_type_ids.resize(kept);
  }
  return encoding;
}

}  // namespace tempa::inline TEMPA_ABI
