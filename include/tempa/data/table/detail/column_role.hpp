// The use of columns by their usual names: "review" contains texts, "sentiment" labels, "id" neither.
#pragma once

#include <tempa/core/shape.hpp>

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// What a column is for.
enum class ColumnUse {
  kUnknown,  ///< the name does not say
  kText,     ///< a text
  kPaired,   ///< one text of a pair, such as sentence1
  kLabel,    ///< a label, or a number to predict
  kIndex     ///< which row it is: id, idx, Unnamed: 0, or no name at all
};

/// What the name of a column indicates.
struct ColumnRole {
  ColumnUse use = ColumnUse::kUnknown;
  int rank = 0;  ///< among names of one use: the lower one is preferred, "text" before "comment"
};

namespace detail {

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names);

}  // namespace detail

/// The role of a name, whatever its case, and however its words are separated (review_text, Review Text).
/// @param name a cell of a header, valid UTF-8.
ColumnRole column_role(std::string_view name);

/// All pairs of columns whose names belong together, as sentence1 and sentence2 do, or premise and hypothesis.
std::vector<std::pair<Index, Index>> paired_columns(std::span<const std::string> header);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/data/table/detail/impl/column_role.ipp>
#endif
