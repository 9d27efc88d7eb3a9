// The bodies of <tempa/data/label_names.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/data/label_names.hpp>
#include <tempa/text/detail/unicode/unicode.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>

#include <algorithm>
#include <cstddef>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE std::string label_key(std::string_view label) {
  if (find_invalid_utf8(label)) return std::string(label);
  return fold_case(trim_left(trim_right(label, is_white_space), is_white_space));
}

TEMPA_INLINE LabelNames::LabelNames(std::span<const std::string> names) {
  for (std::size_t k = 0; k < names.size(); ++k) {
    const auto number = static_cast<std::int32_t>(k);
    if (const auto [at, is_new] = exact_.emplace(names[k], number); !is_new) at->second = kSeveral;
    if (const auto [at, is_new] = folded_.emplace(label_key(names[k]), number); !is_new) at->second = kSeveral;
  }
}

TEMPA_INLINE std::optional<std::int32_t> LabelNames::find(std::string_view label) const {
  const std::int32_t number = look_up(label);
  return number < 0 ? std::nullopt : std::optional(number);
}

TEMPA_INLINE bool LabelNames::is_alone(std::string_view label) const {
  const auto found = folded_.find(label_key(label));
  return found == folded_.end() || found->second != kSeveral;
}

TEMPA_INLINE std::int32_t LabelNames::look_up(std::string_view label) const {
  if (const auto found = exact_.find(label); found != exact_.end()) return found->second;
  const auto found = folded_.find(label_key(label));
  return found == folded_.end() ? kNone : found->second;
}

namespace detail {

TEMPA_INLINE std::string class_list(std::span<const std::string> names) {
  constexpr std::size_t kShown = 20;
  std::string list;
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) list += (i == 0 ? "" : ", ") + names[i];
  return names.size() > kShown ? concat(list, ", … (", names.size(), " in all)") : list;
}

TEMPA_INLINE std::string unknown_label_text(std::string_view label, std::span<const std::string> names,
                                            std::string_view where) {
  const bool several = LabelNames(names).is_ambiguous(label);
  return concat(several ? "ambiguous label \"" : "unknown label \"", label, "\"", where,
                several ? ": expected the spelling of one of " : ": expected one of ", class_list(names));
}

}  // namespace detail

}  // namespace tempa::inline TEMPA_ABI
