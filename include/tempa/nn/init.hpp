// Starting values of parameters.
#pragma once

#include <tempa/autograd/variable.hpp>
#include <tempa/core/random.hpp>

#include <cmath>

namespace tempa::inline TEMPA_ABI {

/// A parameter with every element `value`.
template <Real T>
Variable<T> constant_parameter(Shape shape, double value) {
  return Variable<T>(Tensor<T>::full(shape, element_cast<T>(value)), true);
}

/// A parameter drawn from N(0, stddev^2).
template <Real T>
Variable<T> normal_parameter(Shape shape, double stddev, Generator& generator = default_generator()) {
  Tensor<T> value(shape);
  for (T& element : value.span()) element = element_cast<T>(stddev * generator.normal());
  return Variable<T>(std::move(value), true);
}

/// A parameter drawn uniformly from [-bound, bound).
template <Real T>
Variable<T> uniform_parameter(Shape shape, double bound, Generator& generator = default_generator()) {
  Tensor<T> value(shape);
  for (T& element : value.span()) element = element_cast<T>(bound * (2.0 * generator.uniform() - 1.0));
  return Variable<T>(std::move(value), true);
}

}  // namespace tempa::inline TEMPA_ABI
