// The bodies of <tempa/ops/soft_cross_entropy.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/ops/arithmetic.hpp>
#include <tempa/ops/cast.hpp>
#include <tempa/ops/mse_loss.hpp>
#include <tempa/ops/soft_cross_entropy.hpp>
#include <tempa/ops/softmax.hpp>

namespace tempa::inline TEMPA_ABI {

template <Floating T>
Variable<Accumulator<T>> cross_entropy(const Variable<T>& logits, const Tensor<Accumulator<T>>& target_probs,
                                       const CrossEntropyOptions& options) {
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

}  // namespace detail

TEMPA_INSTANTIATE_OVERLOAD(cross_entropy, detail::SoftCrossEntropy);

}  // namespace tempa::inline TEMPA_ABI
