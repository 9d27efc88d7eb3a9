// The bodies of <tempa/nn/init.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/nn/init.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE void DeferredInit::draw(const std::unordered_set<const void*>& nodes) const {
  for (const auto& [node, fill] : fills_)
    if (nodes.contains(node)) fill();
}

TEMPA_INLINE DeferredInit*& DeferredInit::current() {
  thread_local DeferredInit* at_work = nullptr;
  return at_work;
}

template <Floating T>
Variable<T> constant_parameter(Shape shape, double value) {
  return make_parameter<T>(
      shape, [value](Tensor<Accumulator<T>>& elements) { elements.fill(static_cast<Accumulator<T>>(value)); });
}

template <Floating T>
Variable<T> normal_parameter(Shape shape, double stddev, Generator& generator) {
  return make_parameter<T>(shape, [stddev, &generator](Tensor<Accumulator<T>>& elements) {
    for (auto& element : elements.span()) element = static_cast<Accumulator<T>>(stddev * generator.normal());
  });
}

template <Floating T>
Variable<T> uniform_parameter(Shape shape, double bound, Generator& generator) {
  return make_parameter<T>(shape, [bound, &generator](Tensor<Accumulator<T>>& elements) {
    for (auto& element : elements.span())
      element = static_cast<Accumulator<T>>(bound * (2.0 * generator.uniform() - 1.0));
  });
}

TEMPA_INSTANTIATE_FUNCTION(constant_parameter);
TEMPA_INSTANTIATE_FUNCTION(normal_parameter);
TEMPA_INSTANTIATE_FUNCTION(uniform_parameter);

}  // namespace tempa::inline TEMPA_ABI
