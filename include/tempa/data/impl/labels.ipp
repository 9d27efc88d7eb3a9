// The bodies of <tempa/data/labels.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/data/label_names.hpp>
#include <tempa/data/labels.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE std::optional<double> parse_number(std::string_view field) {
  double value = 0.0;
  const char* const end = field.data() + field.size();
  const auto [rest, error] = std::from_chars(field.data(), end, value);
  if (field.empty() || rest != end || error != std::errc() || !std::isfinite(value)) return std::nullopt;
  return value;
}

TEMPA_INLINE std::vector<std::string> learn_labels(std::span<const std::string> fields) {
  std::vector<std::string> labels(fields.begin(), fields.end());
  std::sort(labels.begin(), labels.end());
  labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
  const bool numbers =
      std::all_of(labels.begin(), labels.end(), [](const std::string& label) { return parse_number(label); });
  if (numbers)
    std::stable_sort(labels.begin(), labels.end(),
                     [](const std::string& a, const std::string& b) { return *parse_number(a) < *parse_number(b); });
  return labels;
}

TEMPA_INLINE std::vector<std::string> split_labels(std::string_view field, std::string_view separator) {
  const auto trimmed = [](std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return std::string();
    return std::string(text.substr(begin, text.find_last_not_of(" \t") - begin + 1));
  };
  if (separator.empty()) throw ConfigError("[split_labels] the separator must not be empty");
  std::vector<std::string> labels;
  if (trimmed(field).empty()) return labels;
  for (std::size_t begin = 0;;) {
    const std::size_t end = field.find(separator, begin);
    labels.push_back(trimmed(field.substr(begin, end == std::string_view::npos ? end : end - begin)));
    if (end == std::string_view::npos) return labels;
    begin = end + separator.size();
  }
}

namespace detail {

/// @throws FormatError that says what `field` was expected to be.
[[noreturn]] inline void unknown_label(const LabeledTexts& rows, std::size_t row, std::string_view field,
                                       std::span<const std::string> names) {
  throw FormatError(rows.name, rows.lines[row], unknown_label_text(field, names));
}

/// The class that `field` numbers from 0.
inline std::int32_t parse_class_number(const LabeledTexts& rows, std::size_t row, std::string_view field,
                                       std::span<const std::string> names) {
  const auto count = static_cast<std::int64_t>(names.size());
  std::int64_t number = -1;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), number);
  if (end != field.data() + field.size() || error == std::errc::invalid_argument)
    unknown_label(rows, row, field, names);
  if (error != std::errc() || number < 0 || number >= count)
    throw FormatError(
        rows.name, rows.lines[row],
        concat("label ", field, " is out of range: expected 0 to ", count - 1, " or one of ", class_list(names)));
  return static_cast<std::int32_t>(number);
}

TEMPA_INLINE void require_label_columns(std::string_view who, const TextTable& table, bool one) {
  if (table.fields.empty() || (one && table.fields.size() != 1))
    throw ConfigError(concat("[", who, "] expected ", one ? "one label column" : "at least one label column",
                             " but the table was read with ", table.fields.size()));
}

}  // namespace detail

TEMPA_INLINE LabeledTexts with_classes(TextTable&& table, std::span<const std::string> names, ClassNumbers numbers) {
  detail::require_label_columns("with_classes", table, true);
  LabeledTexts rows = std::move(table.rows);
  const LabelNames known(names);
  for (std::size_t i = 0; i < table.fields[0].size(); ++i) {
    const std::string& field = table.fields[0][i];
    if (const auto found = known.find(field)) {
      rows.labels.push_back(*found);
    } else if (numbers == ClassNumbers::kAccepted) {
      rows.labels.push_back(detail::parse_class_number(rows, i, field, names));
    } else {
      detail::unknown_label(rows, i, field, names);
    }
  }
  return rows;
}

TEMPA_INLINE LabeledTexts with_label_sets(TextTable&& table, std::span<const std::string> names,
                                          std::string_view separator) {
  detail::require_label_columns("with_label_sets", table, true);
  LabeledTexts rows = std::move(table.rows);
  const LabelNames known(names);
  for (std::size_t i = 0; i < table.fields[0].size(); ++i) {
    rows.targets.emplace_back(names.size(), 0.0F);
    for (const std::string& label : split_labels(table.fields[0][i], separator)) {
      const auto found = known.find(label);
      if (!found) detail::unknown_label(rows, i, label, names);
      rows.targets.back()[static_cast<std::size_t>(*found)] = 1.0F;
    }
  }
  return rows;
}

TEMPA_INLINE LabeledTexts with_indicators(TextTable&& table) {
  detail::require_label_columns("with_indicators", table, false);
  LabeledTexts rows = std::move(table.rows);
  for (std::size_t i = 0; i < rows.texts.size(); ++i) {
    rows.targets.emplace_back();
    for (std::size_t k = 0; k < table.fields.size(); ++k) {
      const std::string& field = table.fields[k][i];
      if (field != "0" && field != "1")
        throw FormatError(
            rows.name, rows.lines[i],
            concat("expected 0 or 1 in the label column ", table.label_names[k], " but has \"", field, "\""));
      rows.targets.back().push_back(field == "1" ? 1.0F : 0.0F);
    }
  }
  return rows;
}

TEMPA_INLINE LabeledTexts with_values(TextTable&& table) {
  detail::require_label_columns("with_values", table, false);
  LabeledTexts rows = std::move(table.rows);
  for (std::size_t i = 0; i < rows.texts.size(); ++i) {
    rows.targets.emplace_back();
    for (std::size_t k = 0; k < table.fields.size(); ++k) {
      const auto value = parse_number(table.fields[k][i]);
      if (!value || !std::isfinite(static_cast<float>(*value)))
        throw FormatError(rows.name, rows.lines[i],
                          concat("expected a number in the label column ", table.label_names[k], " but has \"",
                                 table.fields[k][i], "\""));
      rows.targets.back().push_back(static_cast<float>(*value));
    }
  }
  return rows;
}

}  // namespace tempa::inline TEMPA_ABI
