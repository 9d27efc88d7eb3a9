// The bodies of <tempa/text/tokenizer.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/text/tokenizer.hpp>

#include <algorithm>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE std::pair<std::size_t, std::size_t> truncated_sizes(std::size_t first, std::optional<std::size_t> second,
                                                                 std::size_t budget, Truncation truncation,
                                                                 TextRules rules) {
  const std::size_t other = second.value_or(0);
  if (first + other <= budget || truncation == Truncation::kNone || truncation == Truncation::kIndonlu) {
    return {first, other};
  }
  const std::size_t surplus = first + other - budget;
  if (truncation == Truncation::kLongestFirst) {
    if (!second) return {budget, 0};
    const std::size_t shorter = std::min(first, other);
    if (budget >= 2 * shorter) {
      return first > other ? std::pair(budget - shorter, shorter) : std::pair(shorter, budget - shorter);
    }
    const bool first_gets_more = rules == TextRules::kPython || first > other;
    const std::size_t less = budget / 2;
    return first_gets_more ? std::pair(budget - less, less) : std::pair(less, budget - less);
  }
  if (truncation == Truncation::kOnlySecond && !second) {
    throw ValueError("[encode] truncation only_second expected a pair of texts but one text came");
  }
  const std::size_t target = truncation == Truncation::kOnlyFirst ? first : other;
  if (target <= surplus) {
    throw ValueError(concat("[encode] the text to cut must have more than ", surplus, " tokens but has ", target,
                            ": the other text alone is too long for max_length"));
  }
  return truncation == Truncation::kOnlyFirst ? std::pair(first - surplus, other) : std::pair(first, other - surplus);
}

}  // namespace tempa::inline TEMPA_ABI
