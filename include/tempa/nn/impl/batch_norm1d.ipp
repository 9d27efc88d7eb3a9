// The bodies of <tempa/nn/batch_norm1d.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/nn/batch_norm1d.hpp>
#include <tempa/nn/init.hpp>

namespace tempa::inline TEMPA_ABI {

template <Floating T>
BatchNorm1d<T>::BatchNorm1d(Index size, BatchNorm1dOptions chosen)
    : weight(constant_parameter<T>({size}, 1.0)),
      bias(constant_parameter<T>({size}, 0.0)),
      running_mean(Tensor<Accumulator<T>>::zeros({size})),
      running_var(Tensor<Accumulator<T>>::full({size}, 1)),
      num_batches_tracked(Tensor<std::int64_t>::zeros({})),
      options(chosen) {}

template <Floating T>
Variable<T> BatchNorm1d<T>::operator()(const Variable<T>& x) {
  return batch_norm1d(x, weight, bias, running_mean, running_var, num_batches_tracked, mode.training, options);
}

TEMPA_INSTANTIATE_CLASS(struct BatchNorm1d);

}  // namespace tempa::inline TEMPA_ABI
