// The bodies of <tempa/data/detail/matched_labels.hpp>.
#pragma once

#include <tempa/data/detail/matched_labels.hpp>
#include <tempa/io/files/detail/printable.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <set>
#include <system_error>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE std::string MatchedLabels::summary() const {
  std::string text = "labels: kept " + (kept.empty() ? "none" : detail::class_list(kept));
  if (!added.empty()) text += "; new " + detail::class_list(added);
  if (!dropped.empty()) text += "; dropped " + detail::class_list(dropped);
  return text;
}

TEMPA_INLINE std::vector<std::string> default_labels(Index count) {
  std::vector<std::string> labels;
  for (Index k = 0; k < count; ++k) labels.push_back("LABEL_" + std::to_string(k));
  return labels;
}

TEMPA_INLINE bool are_default_labels(std::span<const std::string> labels) {
  return std::ranges::equal(labels, default_labels(static_cast<Index>(labels.size())));
}

TEMPA_INLINE void require_different_labels(std::string_view who, std::span<const std::string> labels) {
  std::set<std::string_view> names;
  for (const std::string& label : labels)
    if (!names.insert(label).second)
      throw ConfigError(concat(who, " labels must differ but ", printable(label), " is there twice"));
}

namespace detail {

/// For each label of the data the matching label of the model, kNone for a new one.
inline std::vector<Index> same_labels(std::span<const std::string> known, std::span<const std::string> given) {
  const LabelNames model(known), data(given);
  std::vector<Index> same;
  for (const std::string& label : given) {
    auto found = model.find(label);
    // Labels of the data that differ only in case are different labels: they match the model's by exact name only.
    if (found && known[static_cast<std::size_t>(*found)] != label && !data.is_alone(label)) found.reset();
    same.push_back(found ? *found : MatchedLabels::kNone);
  }
  return same;
}

/// The same for a model whose labels have no names: labels that are numbers mean its rows, labels of the same number
/// its rows in their order. @source transformers run_glue.py, which keeps such a head where the sizes are equal
inline std::vector<Index> numbered_labels(Index known, std::span<const std::string> given) {
  std::vector<Index> rows;
  std::set<Index> seen;
  for (const std::string& label : given) {
    Index row = MatchedLabels::kNone;
    const auto [end, error] = std::from_chars(label.data(), label.data() + label.size(), row);
    if (error != std::errc() || end != label.data() + label.size() || row < 0 || row >= known ||
        !seen.insert(row).second)
      break;
    rows.push_back(row);
  }
  if (rows.size() == given.size()) return rows;
  const bool in_order = static_cast<Index>(given.size()) == known;
  rows.assign(given.size(), MatchedLabels::kNone);
  for (std::size_t k = 0; in_order && k < rows.size(); ++k) rows[k] = static_cast<Index>(k);
  return rows;
}

}  // namespace detail

TEMPA_INLINE MatchedLabels match_labels(std::span<const std::string> known, std::span<const std::string> given,
                                        const MatchLabelsOptions& options) {
  require_different_labels("[match_labels] the model's", known);
  require_different_labels("[match_labels] the data's", given);
  constexpr Index kNone = MatchedLabels::kNone;
  std::vector<Index> same = detail::same_labels(known, given);
  const bool none = std::all_of(same.begin(), same.end(), [](Index row) { return row == kNone; });
  const bool by_number = none && are_default_labels(known);
  if (by_number) same = detail::numbered_labels(static_cast<Index>(known.size()), given);
  const bool same_value = none && options.same_value && known.size() == 1 && given.size() == 1;
  if (same_value) same = {0};
  const bool unknown = by_number && std::all_of(same.begin(), same.end(), [](Index row) { return row == kNone; });

  std::vector<Index> given_of(known.size(), kNone);
  for (std::size_t i = 0; i < same.size(); ++i)
    if (same[i] != kNone) given_of[static_cast<std::size_t>(same[i])] = static_cast<Index>(i);

  MatchedLabels result;
  const auto add = [&](Index row, Index number) {
    const std::string* const old = row == kNone ? nullptr : &known[static_cast<std::size_t>(row)];
    const std::string* const data = number == kNone ? nullptr : &given[static_cast<std::size_t>(number)];
    const bool models =
        data == nullptr || (old != nullptr && options.order == LabelOrder::kModel && !by_number && !same_value);
    // If the labels are numbers, a row that is kept gets a number as well.
    const std::string name = by_number && data == nullptr ? std::to_string(row) : models ? *old : *data;
    result.labels.push_back(name);
    result.rows.push_back(row);
    result.given.push_back(number);
    if (old == nullptr) {
      result.added.push_back(*data);
    } else if (data == nullptr) {
      result.kept.push_back(name + " (not in the data)");
    } else if (*old == *data) {
      result.kept.push_back(*old);
    } else {
      result.kept.push_back(models ? concat(*old, " (", *data, " in the data)")
                                   : concat(*data, " (", *old, " before)"));
    }
  };
  const auto keeps = [&](std::size_t row) { return given_of[row] != kNone || (options.keep && !unknown); };
  if (options.order == LabelOrder::kModel) {
    for (std::size_t row = 0; row < known.size(); ++row)
      if (keeps(row)) add(static_cast<Index>(row), given_of[row]);
    for (std::size_t i = 0; i < given.size(); ++i)
      if (same[i] == kNone) add(kNone, static_cast<Index>(i));
  } else {
    for (std::size_t i = 0; i < given.size(); ++i) add(same[i], static_cast<Index>(i));
    for (std::size_t row = 0; row < known.size(); ++row)
      if (given_of[row] == kNone && keeps(row)) add(static_cast<Index>(row), kNone);
  }
  for (std::size_t row = 0; row < known.size() && !unknown; ++row)
    if (!keeps(row)) result.dropped.push_back(known[row]);
  require_different_labels("[match_labels] the kept and the new", result.labels);
  return result;
}

TEMPA_INLINE std::string MatchedLabelColumns::summary() const {
  MatchedLabels all;
  const auto append = [](std::vector<std::string>& to, const std::string& column, const auto& list) {
    for (const std::string& label : list) to.push_back(column + "=" + label);
  };
  for (std::size_t a = 0; a < columns.size(); ++a) {
    append(all.kept, columns[a].name, labels[a].kept);
    append(all.added, columns[a].name, labels[a].added);
    append(all.dropped, columns[a].name, labels[a].dropped);
  }
  for (const std::string& column : dropped) all.dropped.push_back("the column " + column);
  return all.summary();
}

TEMPA_INLINE MatchedLabelColumns match_label_columns(std::span<const LabelColumn> known,
                                                     std::span<const LabelColumn> given,
                                                     const MatchLabelsOptions& options) {
  const auto names = [](std::span<const LabelColumn> columns) {
    std::vector<std::string> all;
    for (const LabelColumn& column : columns) all.push_back(column.name);
    return all;
  };
  const MatchedLabels matched = match_labels(names(known), names(given), {.order = options.order});
  if (options.keep && !matched.dropped.empty())
    throw ConfigError(
        concat("[match_label_columns] the labels of every column of the model can only be kept with data "
               "of it, but there is none of ",
               detail::class_list(matched.dropped)));
  MatchedLabelColumns result{
      .columns = {}, .heads = matched.rows, .given = matched.given, .labels = {}, .dropped = matched.dropped};
  for (std::size_t a = 0; a < matched.labels.size(); ++a) {
    const LabelColumn& data = given[static_cast<std::size_t>(matched.given[a])];
    const std::vector<std::string> old =
        matched.rows[a] < 0 ? std::vector<std::string>() : known[static_cast<std::size_t>(matched.rows[a])].labels;
    result.labels.push_back(match_labels(old, data.labels, options));
    result.columns.push_back({.name = matched.labels[a], .labels = result.labels.back().labels});
  }
  return result;
}

}  // namespace tempa::inline TEMPA_ABI
