// Launcher of kernels/cross_entropy_fused.cu.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/device/cuda/backend.hpp>

#include <cstdint>

namespace tempa::inline TEMPA_ABI::cuda {

/// Cross-entropy from logits with its gradient: `log_softmax_forward`, `cross_entropy_forward` and, for losses that are
/// all multiplied by `scale`, `cross_entropy_backward`, without the log-probabilities. A label outside of [0,K) is
/// reported (fault.hpp), and has neither loss nor gradient.
/// @param losses (B). @param dlogits, logits (B,K); may be the same where T is float or double; dlogits may be nullptr.
/// @param labels (B). @param weights (K), or nullptr for 1.
template <Floating T>
void cross_entropy_with_gradient(Backend backend, Accumulator<T>* losses, Accumulator<T>* dlogits, const T* logits,
                                 const std::int32_t* labels, const Accumulator<T>* weights, Index rows, Index classes,
                                 Index ignored, Accumulator<T> smoothing, Accumulator<T> scale);

/// y = inverse sum_i losses_i, where inverse is 1 / (sum of the weights of the labels that count) for the mean, 0
/// if there are none, and 1 for the sum.
/// @param y, inverse (1), on the device. @param losses, labels (B). @param weights (K), or nullptr for 1.
template <Real T>
void reduce_losses(Backend backend, T* y, T* inverse, const T* losses, const std::int32_t* labels, const T* weights,
                   Index rows, Index classes, Index ignored, bool mean);

/// dlogits_ik = dlosses_i inverse gradient_ik: the end of `cross_entropy_with_gradient` with scale 1, and, with K = 1,
/// of `bce_with_gradient`.
/// @param dlogits, gradient (B,K). @param dlosses (B), or one number for all rows when `one_for_all`. @param inverse
/// (1), or nullptr for 1. @param labels (B), of which those that are `ignored` have no gradient whatever dlosses and
/// inverse are; or nullptr.
template <Floating T>
void scale_loss_gradient(Backend backend, T* dlogits, const Accumulator<T>* gradient, const Accumulator<T>* dlosses,
                         bool one_for_all, const Accumulator<T>* inverse, const std::int32_t* labels, Index rows,
                         Index classes, Index ignored);

}  // namespace tempa::inline TEMPA_ABI::cuda
