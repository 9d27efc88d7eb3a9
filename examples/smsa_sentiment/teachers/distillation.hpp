// What teachers say, as targets for a student.
#pragma once

#include <tempa/autograd/no_grad.hpp>
#include <tempa/ops/arithmetic.hpp>
#include <tempa/ops/softmax.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace teachers {

using namespace tempa;

/// The opinion of M classifiers: the geometric mean of their probabilities, normalized, which is
/// p_i = softmax(1/M sum_m log_softmax(logits_mi)).
/// @param logits (M) of (B,K) each. @return (B,K), the soft targets of a student, see `cross_entropy`
/// @throws ValueError for no classifier; ShapeError where the shapes differ.
/// @source Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a Neural Network"
template <Real T>
Tensor<T> ensemble_probabilities(std::span<const Tensor<T>> logits) {
  if (logits.empty()) throw ValueError("[ensemble_probabilities] expected at least one classifier but got none");
  const NoGrad no_grad;
  Variable<T> sum = log_softmax(Variable<T>(logits.front()), -1);  // (B,K)
  for (const Tensor<T>& more : logits.subspan(1)) {
    check_shape("ensemble_probabilities", "logits", more.shape(), logits.front().shape());
    sum = sum + log_softmax(Variable<T>(more), -1);
  }
  return softmax(sum / static_cast<double>(logits.size()), -1).value();
}

/// The targets that class weights and label smoothing make of labels: row i has w_y ((1 - s) [k = y] + s/K), y its
/// label. As soft targets they may share batches with those of teachers.
/// @param labels (n) in [0,K). @param class_weights (K), or empty for 1. @param smoothing s in [0,1].
/// @return (n) of K each. @throws ValueError for a label outside of its range, with its row.
inline std::vector<std::vector<float>> soft_labels(std::span<const std::int32_t> labels, Index classes,
                                                   std::span<const double> class_weights, double smoothing) {
  std::vector<std::vector<float>> targets;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || labels[i] >= classes)
      throw ValueError(concat("[soft_labels] labels must be in [0,", classes, ") but row ", i, " has ", labels[i]));
    const auto label = static_cast<std::size_t>(labels[i]);
    const double weight = class_weights.empty() ? 1.0 : class_weights[label];
    std::vector<float>& row = targets.emplace_back(
        static_cast<std::size_t>(classes), static_cast<float>(weight * smoothing / static_cast<double>(classes)));
    row[label] += static_cast<float>(weight * (1 - smoothing));
  }
  return targets;
}

}  // namespace teachers
