// Looks up classes by name, without regard to case and surrounding white space.
#pragma once

#include <tempa/core/config.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tempa::inline TEMPA_ABI {

/// A key that is equal for labels that differ only in case or in surrounding white space; invalid UTF-8 is left
/// unchanged. @source `fold_case`
std::string label_key(std::string_view label);

/// The numbers of classes by their names. A label is first looked up exactly; if that fails, without regard
/// to case and to surrounding white space. A label that could mean several classes means none.
class LabelNames {
 public:
  /// @param names (K) of the classes; must outlive this.
  explicit LabelNames(std::span<const std::string> names);

  /// The number of the class that `label` names, or nothing.
  std::optional<std::int32_t> find(std::string_view label) const;

  /// Whether only one of the names has the same key as `label`.
  bool is_alone(std::string_view label) const;

  /// Whether `label` could mean several classes.
  bool is_ambiguous(std::string_view label) const { return look_up(label) == kSeveral; }

 private:
  static constexpr std::int32_t kNone = -1, kSeveral = -2;

  std::int32_t look_up(std::string_view label) const;

  std::unordered_map<std::string_view, std::int32_t> exact_;
  std::unordered_map<std::string, std::int32_t> folded_;
};

namespace detail {

/// The names with commas between them; of many, the first ones.
std::string class_list(std::span<const std::string> names);

/// What is wrong with a label that `LabelNames` does not find. @param where follows the label.
std::string unknown_label_text(std::string_view label, std::span<const std::string> names, std::string_view where = "");

}  // namespace detail

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/data/impl/label_names.ipp>
#endif
