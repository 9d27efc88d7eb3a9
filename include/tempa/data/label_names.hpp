// Looks up classes by name, without regard to case and surrounding white space.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/core/error.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/text/detail/unicode/unicode.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

TEMPA_COMPILED_FILE("data");

namespace tempa::inline TEMPA_ABI {

/// A key that is equal for labels that differ only in case or in surrounding white space; invalid UTF-8 is left
/// unchanged. @source `fold_case`
inline std::string label_key(std::string_view label) {
  if (find_invalid_utf8(label)) return std::string(label);
  return fold_case(trim_left(trim_right(label, is_white_space), is_white_space));
}

/// The numbers of classes by their names. A label is first looked up exactly; if that fails, without regard
/// to case and to surrounding white space. A label that could mean several classes means none.
class LabelNames {
 public:
  /// @param names (K) of the classes; must outlive this.
  explicit LabelNames(std::span<const std::string> names) {
    for (std::size_t k = 0; k < names.size(); ++k) {
      const auto number = static_cast<std::int32_t>(k);
      if (const auto [at, is_new] = exact_.emplace(names[k], number); !is_new) at->second = kSeveral;
      if (const auto [at, is_new] = folded_.emplace(label_key(names[k]), number); !is_new) at->second = kSeveral;
    }
  }

  /// The number of the class that `label` names, or nothing.
  std::optional<std::int32_t> find(std::string_view label) const {
    const std::int32_t number = look_up(label);
    return number < 0 ? std::nullopt : std::optional(number);
  }

  /// Whether only one of the names has the same key as `label`.
  bool is_alone(std::string_view label) const {
    const auto found = folded_.find(label_key(label));
    return found == folded_.end() || found->second != kSeveral;
  }

  /// Whether `label` could mean several classes.
  bool is_ambiguous(std::string_view label) const { return look_up(label) == kSeveral; }

 private:
  static constexpr std::int32_t kNone = -1, kSeveral = -2;

  std::int32_t look_up(std::string_view label) const {
    if (const auto found = exact_.find(label); found != exact_.end()) return found->second;
    const auto found = folded_.find(label_key(label));
    return found == folded_.end() ? kNone : found->second;
  }

  std::unordered_map<std::string_view, std::int32_t> exact_;
  std::unordered_map<std::string, std::int32_t> folded_;
};

namespace detail {

/// The names with commas between them; of many, the first ones.
inline std::string class_list(std::span<const std::string> names) {
  constexpr std::size_t kShown = 20;
  std::string list;
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) list += (i == 0 ? "" : ", ") + names[i];
  return names.size() > kShown ? concat(list, ", … (", names.size(), " in all)") : list;
}

/// What is wrong with a label that `LabelNames` does not find. @param where follows the label.
inline std::string unknown_label_text(std::string_view label, std::span<const std::string> names,
                                      std::string_view where = "") {
  const bool several = LabelNames(names).is_ambiguous(label);
  return concat(several ? "ambiguous label \"" : "unknown label \"", label, "\"", where,
                several ? ": expected the spelling of one of " : ": expected one of ", class_list(names));
}

}  // namespace detail

}  // namespace tempa::inline TEMPA_ABI
