// The bodies of <tempa/nn/layer_norm.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/nn/init.hpp>
#include <tempa/nn/layer_norm.hpp>
#include <tempa/ops/layer_norm.hpp>

namespace tempa::inline TEMPA_ABI {

template <Floating T>
LayerNorm<T>::LayerNorm(Index size, double epsilon)
    : weight(constant_parameter<T>({size}, 1.0)), bias(constant_parameter<T>({size}, 0.0)), eps(epsilon) {}

template <Floating T>
Variable<T> LayerNorm<T>::operator()(const Variable<T>& x) const {
  return layer_norm(x, weight, bias, eps);
}

TEMPA_INSTANTIATE_CLASS(struct LayerNorm);

}  // namespace tempa::inline TEMPA_ABI
