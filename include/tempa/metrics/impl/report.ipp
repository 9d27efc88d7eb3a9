// The bodies of <tempa/metrics/report.hpp>.
#pragma once

#include <tempa/metrics/report.hpp>

#include <utf8proc.h>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE Index text_width(std::string_view text, bool terminal_columns) {
  Index width = 0;
  while (!text.empty()) {
    utf8proc_int32_t code_point = -1;
    const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
    const utf8proc_ssize_t size = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size()), &code_point);
    width += terminal_columns && code_point >= 0 ? utf8proc_charwidth(code_point) : 1;
    text.remove_prefix(size > 0 ? static_cast<std::size_t>(size) : 1U);
  }
  return width;
}

namespace detail {

TEMPA_INLINE std::string pad_left(std::string_view text, Index width, bool terminal_columns) {
  const Index missing = std::max<Index>(width - text_width(text, terminal_columns), 0);
  return std::string(static_cast<std::size_t>(missing), ' ') + std::string(text);
}

TEMPA_INLINE std::string fixed(double value, int digits) {
  if (std::isnan(value)) return "nan";
  const int size = std::snprintf(nullptr, 0, "%.*f", digits, value);
  std::string text(static_cast<std::size_t>(size), '\0');
  std::snprintf(text.data(), text.size() + 1, "%.*f", digits, value);
  return text;
}

TEMPA_INLINE std::string name_of(const std::vector<std::string>& names, Index k) {
  return names.empty() ? std::to_string(k) : names[static_cast<std::size_t>(k)];
}

TEMPA_INLINE void check_names(std::string_view who, const std::vector<std::string>& names, Index num_classes) {
  if (!names.empty() && static_cast<Index>(names.size()) != num_classes)
    throw ValueError(
        concat("[", who, "] expected a name for each of ", num_classes, " classes but got ", names.size()));
}

TEMPA_INLINE std::string ScoreTable::row(std::string_view name, std::string_view precision, std::string_view recall,
                                         std::string_view f1, std::string_view support) const {
  return pad_left(name, name_width, terminal_columns) + "  " + pad_left(precision, 9) + " " + pad_left(recall, 9) +
         " " + pad_left(f1, 9) + " " + pad_left(support, 9) + "\n";
}

TEMPA_INLINE std::string ScoreTable::row(std::string_view name, const Scores& s) const {
  return row(name, fixed(s.precision, digits), fixed(s.recall, digits), fixed(s.f1, digits), std::to_string(s.support));
}

TEMPA_INLINE void check_digits(std::string_view who, int digits) {
  if (digits < 0 || digits > 100) throw ValueError(concat("[", who, "] digits must be from 0 to 100 but is ", digits));
}

// @param accuracy whether the micro average is the accuracy and is labeled so.
inline std::string report_text(const PrecisionRecallF1& scores, const ReportOptions& options, bool accuracy) {
  check_digits("classification_report", options.digits);
  ScoreTable table{.name_width = std::max<Index>(text_width("weighted avg"), options.digits),
                   .digits = options.digits,
                   .terminal_columns = options.terminal_columns};
  for (const Index k : scores.classes)
    table.name_width = std::max(table.name_width, text_width(name_of(options.names, k), options.terminal_columns));
  std::string text = table.header();
  for (std::size_t i = 0; i < scores.classes.size(); ++i)
    text += table.row(name_of(options.names, scores.classes[i]), scores.per_class[i]);
  text += "\n";
  text += accuracy ? table.row("accuracy", "", "", fixed(scores.micro.f1, options.digits),
                               std::to_string(scores.micro.support))
                   : table.row("micro avg", scores.micro);
  text += table.row("macro avg", scores.macro) + table.row("weighted avg", scores.weighted);
  return scores.samples ? text + table.row("samples avg", *scores.samples) : text;
}

}  // namespace detail

TEMPA_INLINE std::string classification_report(const ConfusionMatrix& matrix, const ReportOptions& options) {
  detail::check_names("classification_report", options.names, matrix.num_classes());
  const PrecisionRecallF1 scores =
      precision_recall_f1(matrix, {.zero_division = options.zero_division, .classes = options.classes});
  const std::vector<Index> present = matrix.present_classes();
  const bool accuracy = std::all_of(present.begin(), present.end(), [&](Index k) {
    return std::find(scores.classes.begin(), scores.classes.end(), k) != scores.classes.end();
  });
  return detail::report_text(scores, options, accuracy);
}

TEMPA_INLINE std::string classification_report(std::span<const std::int32_t> labels,
                                               std::span<const std::int32_t> predictions, Index num_classes,
                                               const ReportOptions& options) {
  return classification_report(confusion_matrix(labels, predictions, num_classes), options);
}

TEMPA_INLINE std::string classification_report(const Tensor<float>& targets, const Tensor<float>& predictions,
                                               const ReportOptions& options) {
  check_rank("classification_report", "targets", targets.shape(), 2);
  detail::check_names("classification_report", options.names, targets.size(1));
  return detail::report_text(
      precision_recall_f1(targets, predictions, {.zero_division = options.zero_division, .classes = options.classes}),
      options, false);
}

TEMPA_INLINE std::string confusion_matrix_text(const ConfusionMatrix& matrix, const std::vector<std::string>& names) {
  detail::check_names("confusion_matrix_text", names, matrix.num_classes());
  constexpr std::string_view kCorner = "true \\ predicted";
  Index name_width = text_width(kCorner);
  std::vector<Index> widths;
  for (Index k = 0; k < matrix.num_classes(); ++k) {
    Index width = text_width(detail::name_of(names, k));
    name_width = std::max(name_width, width);
    for (Index t = 0; t < matrix.num_classes(); ++t)
      width = std::max(width, static_cast<Index>(std::to_string(matrix(t, k)).size()));
    widths.push_back(width);
  }
  std::string text = detail::pad_left(kCorner, name_width);
  for (Index k = 0; k < matrix.num_classes(); ++k)
    text += "  " + detail::pad_left(detail::name_of(names, k), widths[static_cast<std::size_t>(k)]);
  text += "\n";
  for (Index t = 0; t < matrix.num_classes(); ++t) {
    text += detail::pad_left(detail::name_of(names, t), name_width);
    for (Index k = 0; k < matrix.num_classes(); ++k)
      text += "  " + detail::pad_left(std::to_string(matrix(t, k)), widths[static_cast<std::size_t>(k)]);
    text += "\n";
  }
  return text;
}

}  // namespace tempa::inline TEMPA_ABI
