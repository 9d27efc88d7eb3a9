// Whether a model predicts the same for every example.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/metrics/confusion_matrix.hpp>
#include <tempa/tensor/tensor.hpp>

#include <optional>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// @return the one class that is predicted for all examples of several classes; nothing where predictions differ, or
///   all are of one class. @param confusion a row for each true class, a column for each predicted one.
std::optional<Index> sole_prediction(const ConfusionMatrix& confusion);

/// The same where a row has several labels. @param targets, outputs (n,K) of 0 and 1.
/// @return the labels that are predicted for every row, although the rows differ. @throws ShapeError.
std::optional<std::vector<Index>> sole_prediction(const Tensor<float>& targets, const Tensor<float>& outputs);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/metrics/impl/sole_prediction.ipp>
#endif
