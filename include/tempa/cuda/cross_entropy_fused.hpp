// Launcher of kernels/cross_entropy_fused.cu.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/cuda/backend.hpp>

#include <cstdint>

namespace tempa::inline TEMPA_ABI::cuda {

/// Cross-entropy from logits with its gradient: `log_softmax_forward`, `cross_entropy_forward` and, for losses that are
/// all multiplied by `scale`, `cross_entropy_backward`, without the log-probabilities. A label outside of [0,K) is
/// reported (fault.hpp), and has neither loss nor gradient.
/// @param losses (B). @param dlogits, logits (B,K); may be the same. @param labels (B). @param weights (K), or nullptr
/// for 1.
template <Floating T>
void cross_entropy_with_gradient(Backend backend, Accumulator<T>* losses, T* dlogits, const T* logits,
                                 const std::int32_t* labels, const Accumulator<T>* weights, Index rows, Index classes,
                                 Index ignored, Accumulator<T> smoothing, Accumulator<T> scale);

}  // namespace tempa::inline TEMPA_ABI::cuda
