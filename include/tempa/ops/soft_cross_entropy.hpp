// Cross-entropy of logits and the probabilities of classes.
#pragma once

#include <tempa/ops/cross_entropy.hpp>

namespace tempa::inline TEMPA_ABI {

/// l_i = -sum_k w_k ((1 - s) q_ik + s/K) log p_ik, with p_i = softmax(logits_i), q_i = target_probs_i, s the smoothing.
/// The mean is sum_i l_i / B. Rows of `target_probs` need not sum to one; `ignore_index` has no meaning here.
/// @param logits (B,K). @param target_probs (B,K) probability of each class, without gradient.
/// @return a scalar (), or (B) without reduction; in float for 16-bit logits, which are cast first
/// @saves log p and the weighted targets, 2 B K sizeof(Accumulator<T>) bytes.
/// @throws ShapeError, DeviceError; ValueError for a smoothing outside of its range.
/// @source torch.nn.functional.cross_entropy with probabilities as target
template <Floating T>
Variable<Accumulator<T>> cross_entropy(const Variable<T>& logits, const Tensor<Accumulator<T>>& target_probs,
                                       const CrossEntropyOptions& options = {});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/ops/impl/soft_cross_entropy.ipp>
#endif
