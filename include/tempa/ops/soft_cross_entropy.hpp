// Cross-entropy of logits and the probabilities of classes.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/ops/arithmetic.hpp>
#include <tempa/ops/cast.hpp>
#include <tempa/ops/cross_entropy.hpp>
#include <tempa/ops/softmax.hpp>

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
                                       const CrossEntropyOptions& options = {}) {
  if constexpr (!Real<T>) {
    return cross_entropy(cast<Accumulator<T>>(logits), target_probs, options);
  } else {
    check_rank("cross_entropy", "logits", logits.shape(), 2);
    check_shape("cross_entropy", "target_probs", target_probs.shape(), logits.shape());
    check_same_device("cross_entropy", logits, target_probs);
    const Index classes = logits.size(1);
    if (!(options.label_smoothing >= 0 && options.label_smoothing <= 1))
      throw ValueError(concat("[cross_entropy] label_smoothing must be in [0,1] but is ", options.label_smoothing));
    Variable<T> targets(target_probs);  // (B,K)
    if (options.label_smoothing > 0)
      targets = targets * (1 - options.label_smoothing) + options.label_smoothing / static_cast<double>(classes);
    if (const auto count = static_cast<Index>(options.class_weights.size()); count != 0) {
      check_shape("cross_entropy", "class_weights", Shape{count}, {classes});
      targets = targets *
                Variable<T>(Tensor<double>::from(options.class_weights).template cast<T>().to(logits.device()));  // (K)
    }
    return detail::reduce_loss(-sum(targets * log_softmax(logits, -1), -1), options.reduction);
  }
}

namespace detail {
template <Floating T>
using SoftCrossEntropy = Variable<Accumulator<T>>(const Variable<T>&, const Tensor<Accumulator<T>>&,
                                                  const CrossEntropyOptions&);
}
TEMPA_COMPILED_OVERLOAD(cross_entropy, detail::SoftCrossEntropy);

}  // namespace tempa::inline TEMPA_ABI
