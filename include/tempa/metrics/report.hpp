// Scores and confusion matrices as text.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/metrics/precision_recall_f1.hpp>

#include <utf8proc.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <vector>

TEMPA_COMPILED_FILE("metrics");

namespace tempa::inline TEMPA_ABI {

struct ReportOptions {
  std::vector<std::string> names = {};  ///< (K) of all classes; empty: their numbers
  int digits = 2;                       ///< after the decimal point, 0 to 100
  double zero_division = 0.0;           ///< as `PrecisionRecallF1Options::zero_division`
  std::vector<Index> classes = {};      ///< as `PrecisionRecallF1Options::classes`
  /// Align by columns of a terminal, where a Chinese or Japanese character takes two, and not, as scikit-learn, by code
  /// points. The two differ only for such characters and for combining marks.
  bool terminal_columns = false;
};

/// Width of a text: columns of a terminal, or code points. @param text UTF-8; a byte that is not counts as 1.
inline Index text_width(std::string_view text, bool terminal_columns = true) {
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

inline std::string pad_left(std::string_view text, Index width, bool terminal_columns = true) {
  const Index missing = std::max<Index>(width - text_width(text, terminal_columns), 0);
  return std::string(static_cast<std::size_t>(missing), ' ') + std::string(text);
}

inline std::string fixed(double value, int digits) {
  if (std::isnan(value)) return "nan";
  const int size = std::snprintf(nullptr, 0, "%.*f", digits, value);
  std::string text(static_cast<std::size_t>(size), '\0');
  std::snprintf(text.data(), text.size() + 1, "%.*f", digits, value);
  return text;
}

inline std::string name_of(const std::vector<std::string>& names, Index k) {
  return names.empty() ? std::to_string(k) : names[static_cast<std::size_t>(k)];
}

inline void check_names(std::string_view who, const std::vector<std::string>& names, Index num_classes) {
  if (!names.empty() && static_cast<Index>(names.size()) != num_classes)
    throw ValueError(
        concat("[", who, "] expected a name for each of ", num_classes, " classes but got ", names.size()));
}

/// A table of scores: a row a class, with its name on the right of the first column.
struct ScoreTable {
  Index name_width = 0;
  int digits = 2;
  bool terminal_columns = false;

  std::string row(std::string_view name, std::string_view precision, std::string_view recall, std::string_view f1,
                  std::string_view support) const {
    return pad_left(name, name_width, terminal_columns) + "  " + pad_left(precision, 9) + " " + pad_left(recall, 9) +
           " " + pad_left(f1, 9) + " " + pad_left(support, 9) + "\n";
  }
  std::string row(std::string_view name, const Scores& s) const {
    return row(name, fixed(s.precision, digits), fixed(s.recall, digits), fixed(s.f1, digits),
               std::to_string(s.support));
  }
  std::string header() const { return row("", "precision", "recall", "f1-score", "support") + "\n"; }
};

// @param who the function's name in errors.
inline void check_digits(std::string_view who, int digits) {
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

/// Precision, recall, F1 and support of each class, accuracy and averages, as a table.
/// @return scikit-learn's text, character for character; only where no prediction is right does scikit-learn write the
///   supports as 1.0, and this 1.
/// @throws ValueError for a wrong number of names or digits, and as `precision_recall_f1`.
/// @source scikit-learn `classification_report`
inline std::string classification_report(const ConfusionMatrix& matrix, const ReportOptions& options = {}) {
  detail::check_names("classification_report", options.names, matrix.num_classes());
  const PrecisionRecallF1 scores =
      precision_recall_f1(matrix, {.zero_division = options.zero_division, .classes = options.classes});
  const std::vector<Index> present = matrix.present_classes();
  const bool accuracy = std::all_of(present.begin(), present.end(), [&](Index k) {
    return std::find(scores.classes.begin(), scores.classes.end(), k) != scores.classes.end();
  });
  return detail::report_text(scores, options, accuracy);
}

/// The same of predictions. @param labels (n) true classes. @param predictions (n) predicted classes.
/// @param num_classes K. @throws ShapeError, ValueError as `confusion_matrix` and above.
inline std::string classification_report(std::span<const std::int32_t> labels,
                                         std::span<const std::int32_t> predictions, Index num_classes,
                                         const ReportOptions& options = {}) {
  return classification_report(confusion_matrix(labels, predictions, num_classes), options);
}

/// The same where an example has any number of labels, with micro and samples averages in place of the accuracy.
/// @param targets, @param predictions (B,K) of 0 and 1. @throws ShapeError, ValueError as `precision_recall_f1`.
inline std::string classification_report(const Tensor<float>& targets, const Tensor<float>& predictions,
                                         const ReportOptions& options = {}) {
  check_rank("classification_report", "targets", targets.shape(), 2);
  detail::check_names("classification_report", options.names, targets.size(1));
  return detail::report_text(
      precision_recall_f1(targets, predictions, {.zero_division = options.zero_division, .classes = options.classes}),
      options, false);
}

/// A confusion matrix as a table for a terminal: a row for each true class, a column for each predicted one.
/// @param names (K) of the classes; empty: their numbers. @throws ValueError for a wrong number of names.
inline std::string confusion_matrix_text(const ConfusionMatrix& matrix, const std::vector<std::string>& names = {}) {
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
