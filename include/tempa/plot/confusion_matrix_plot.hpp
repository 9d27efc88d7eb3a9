// Confusion matrices as pictures.
#pragma once

#include <tempa/metrics/confusion_matrix.hpp>
#include <tempa/plot/picture.hpp>

#include <string>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// What a cell of a confusion matrix shows.
enum class Normalize {
  kNone,  ///< counts
  kTrue,  ///< shares of each true class: the diagonal is the recall
  kPred,  ///< shares of each predicted class: the diagonal is the precision
  kAll    ///< shares of all
};

/// Options of `plot_confusion_matrix`.
struct ConfusionMatrixPlotOptions {
  std::string title{};
  Normalize normalize = Normalize::kNone;
  std::string true_label = "True class";
  std::string predicted_label = "Predicted class";
};

/// A confusion matrix with a row for each true class and a column for each predicted one, counts or shares in the
/// cells. The picture is as large as the classes and their names need.
/// @param names of the K classes, or none for their numbers.
/// @throws ShapeError when there are names, but not one for each class; ValueError for more than 400 classes or names
///   that are not valid UTF-8.
/// @source scikit-learn ConfusionMatrixDisplay
Picture plot_confusion_matrix(const ConfusionMatrix& matrix, const std::vector<std::string>& names = {},
                              ConfusionMatrixPlotOptions options = {});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/plot/impl/confusion_matrix_plot.ipp>
#endif
