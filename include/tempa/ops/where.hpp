// Chooses between two values by a mask.
#pragma once

#include <tempa/autograd/dispatch.hpp>
#include <tempa/autograd/variable.hpp>
#include <tempa/cpu/copy.hpp>

#include <cstdint>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// The elements of `x` repeated to `shape`; x itself when it has that shape.
template <Element T>
Tensor<T> repeated(const Tensor<T>& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  Tensor<T> y(shape, x.device());
  on(x.device(),
     [&](auto backend) { copy_nest(backend, y.data(), x.data(), broadcast_nest(shape, x.shape()), y.numel()); });
  return y;
}

}  // namespace detail

/// y_i = a_i where the mask is not 0, else b_i, after broadcasting.
/// @param mask, a, b shapes that broadcast.
/// @return y, the common shape
/// @saves the mask at that shape.
/// @throws ShapeError, DeviceError.
/// @source torch.where
template <Floating T>
Variable<T> where(const Tensor<std::uint8_t>& mask, const Variable<T>& a, const Variable<T>& b);

/// y_i = value where the mask is not 0, else x_i. @param mask broadcasts to the shape of x. @return the shape of x.
/// @saves the mask at that shape. @throws ShapeError, DeviceError. @source torch.masked_fill
template <Floating T>
Variable<T> masked_fill(const Variable<T>& x, const Tensor<std::uint8_t>& mask, double value);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/ops/impl/where.ipp>
#endif
