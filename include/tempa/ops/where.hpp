// Chooses between two values by a mask.
#pragma once

#include <tempa/autograd/variable.hpp>

#include <cstdint>

namespace tempa::inline TEMPA_ABI {

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
