// Cross-entropy of logits and class labels.
#pragma once

#include <tempa/ops/loss_reduction.hpp>
#include <tempa/tensor/tensor.hpp>

#include <cstdint>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Options of `cross_entropy`.
struct CrossEntropyOptions {
  /// (K) weight of each class, or empty for 1. The mean divides by the weights of the labels.
  std::vector<double> class_weights{};
  /// Rows with this label have no loss and do not count in the mean.
  Index ignore_index = -100;
  /// s in [0,1]: the part of the target that is spread over all classes.
  double label_smoothing = 0;
  Reduction reduction = Reduction::kMean;
};

/// What the mean of `cross_entropy` divides by: the sum of the weights of all labels that count, sum_i w_y.
/// @param labels (B) classes in [0,K), or `ignore_index`. @param classes K.
/// @throws ValueError naming the row of a label outside of its range.
double cross_entropy_weight(const Tensor<std::int32_t>& labels, Index classes, const CrossEntropyOptions& options = {});

/// l_i = -(1 - s) w_y log p_iy - s/K sum_k w_k log p_ik, with p_i = softmax(logits_i), y = labels_i, s the smoothing.
/// The mean is sum_i l_i / sum_i w_y. Where no row counts it is 0 without a gradient, so that a batch of ignored rows
/// adds nothing to a step (PyTorch: NaN); and l_i = 0 where w_y = 0, so that this holds for each row (PyTorch: the
/// smoothed part of such a row stays).
/// @param logits (B,K). @param labels (B) classes in [0,K), or `ignore_index`.
/// @return a scalar (), or (B) without reduction; in float for 16-bit logits, which the CPU casts first
/// @saves log p, or on a GPU the gradient, B K sizeof(Accumulator<T>) bytes.
/// @throws ShapeError, DeviceError; ValueError for a smoothing outside of its range, or a label (found on a CUDA
/// device, it is thrown by the next call that waits for the device).
/// @source torch.nn.functional.cross_entropy
template <Floating T>
Variable<Accumulator<T>> cross_entropy(const Variable<T>& logits, const Tensor<std::int32_t>& labels,
                                       const CrossEntropyOptions& options = {});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/ops/impl/cross_entropy.ipp>
#endif
