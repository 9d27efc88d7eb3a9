// Softmax and its logarithm along any axis.
#pragma once

#include <tempa/autograd/variable.hpp>

namespace tempa::inline TEMPA_ABI {

/// y_i = e^(x_i) / sum_j e^(x_j) along `axis`, computed after subtracting the largest x. The last axis is the fastest.
/// @param x any shape of rank 1 or more. @param axis may be negative.
/// @return y, the shape of x
/// @saves y.
/// @throws ShapeError for an axis outside of the shape.
/// @source torch.softmax
template <Floating T>
Variable<T> softmax(const Variable<T>& x, Index axis = -1);

/// y_i = x_i - log sum_j e^(x_j) along `axis`, exact where softmax itself is too small for a float.
/// @param x any shape of rank 1 or more. @param axis may be negative.
/// @return y, the shape of x
/// @saves y.
/// @throws ShapeError for an axis outside of the shape.
/// @source torch.log_softmax
template <Floating T>
Variable<T> log_softmax(const Variable<T>& x, Index axis = -1);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/ops/impl/softmax.ipp>
#endif
