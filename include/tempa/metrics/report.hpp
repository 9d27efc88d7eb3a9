// Scores and confusion matrices as text.
#pragma once

#include <tempa/metrics/precision_recall_f1.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Options of `classification_report`.
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
Index text_width(std::string_view text, bool terminal_columns = true);

namespace detail {

std::string pad_left(std::string_view text, Index width, bool terminal_columns = true);

std::string fixed(double value, int digits);

std::string name_of(const std::vector<std::string>& names, Index k);

void check_names(std::string_view who, const std::vector<std::string>& names, Index num_classes);

/// A table of scores: a row a class, with its name on the right of the first column.
struct ScoreTable {
  Index name_width = 0;
  int digits = 2;
  bool terminal_columns = false;

  std::string row(std::string_view name, std::string_view precision, std::string_view recall, std::string_view f1,
                  std::string_view support) const;
  std::string row(std::string_view name, const Scores& s) const;
  std::string header() const { return row("", "precision", "recall", "f1-score", "support") + "\n"; }
};

// @param who the function's name in errors.
void check_digits(std::string_view who, int digits);

}  // namespace detail

/// Precision, recall, F1 and support of each class, accuracy and averages, as a table.
/// @return scikit-learn's text, character for character; only where no prediction is right does scikit-learn write the
///   supports as 1.0, and this 1.
/// @throws ValueError for a wrong number of names or digits, and as `precision_recall_f1`.
/// @source scikit-learn `classification_report`
std::string classification_report(const ConfusionMatrix& matrix, const ReportOptions& options = {});

/// The same of predictions. @param labels (n) true classes. @param predictions (n) predicted classes.
/// @param num_classes K. @throws ShapeError, ValueError as `confusion_matrix` and above.
std::string classification_report(std::span<const std::int32_t> labels, std::span<const std::int32_t> predictions,
                                  Index num_classes, const ReportOptions& options = {});

/// The same where an example has any number of labels, with micro and samples averages in place of the accuracy.
/// @param targets, @param predictions (B,K) of 0 and 1. @throws ShapeError, ValueError as `precision_recall_f1`.
std::string classification_report(const Tensor<float>& targets, const Tensor<float>& predictions,
                                  const ReportOptions& options = {});

/// A confusion matrix as a table for a terminal: a row for each true class, a column for each predicted one.
/// @param names (K) of the classes; empty: their numbers. @throws ValueError for a wrong number of names.
std::string confusion_matrix_text(const ConfusionMatrix& matrix, const std::vector<std::string>& names = {});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/metrics/impl/report.ipp>
#endif
