// The bodies of <tempa/nn/linear.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/nn/init.hpp>
#include <tempa/nn/linear.hpp>
#include <tempa/ops/linear.hpp>

#include <cmath>

namespace tempa::inline TEMPA_ABI {

template <Floating T>
Linear<T>::Linear(Index in, Index out, LinearOptions options) {
  if (in < 1 || out < 1) throw ConfigError(concat("[Linear] sizes must be positive but are in=", in, " out=", out));
  const double bound = 1.0 / std::sqrt(static_cast<double>(in));
  weight = options.initializer_range ? normal_parameter<T>({out, in}, *options.initializer_range)
                                     : uniform_parameter<T>({out, in}, bound);
  if (options.bias)
    bias = options.initializer_range ? constant_parameter<T>({out}, 0.0) : uniform_parameter<T>({out}, bound);
}

template <Floating T>
Variable<T> Linear<T>::operator()(const Variable<T>& x) const {
  return linear(x, weight, bias);
}

TEMPA_INSTANTIATE_CLASS(struct Linear);

}  // namespace tempa::inline TEMPA_ABI
