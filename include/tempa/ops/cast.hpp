// The same values in another floating-point type.
#pragma once

#include <tempa/autograd/tape.hpp>

#include <concepts>

namespace tempa::inline TEMPA_ABI {

/// x converted to `U`, and its gradient converted back; x itself when it has that type. @saves nothing.
/// @source torch.Tensor.to
template <Floating U, Floating T>
Variable<U> cast(const Variable<T>& x) {
  if constexpr (std::same_as<T, U>) {
    return x;
  } else {
    return record("cast", x.value().template cast<U>(), {x},
                  [=](const Tensor<U>& dy) { x.accumulate_grad(dy.template cast<T>()); });
  }
}

}  // namespace tempa::inline TEMPA_ABI
