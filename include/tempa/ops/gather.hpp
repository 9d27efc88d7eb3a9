// Selects elements by index.
#pragma once

#include <tempa/autograd/variable.hpp>

#include <concepts>

namespace tempa::inline TEMPA_ABI {

/// The slices of x at `index` along `axis`: y_okj = x_o,index(k),j.
/// @param x any shape of rank 1 or more. @param axis may be negative. @param index (k) of int32 or int64; may repeat.
/// @return the shape of x with k along the axis
/// @saves the indices.
/// @throws ShapeError; ValueError for an index outside of the axis; DeviceError.
/// @source torch.index_select
template <Floating T, std::signed_integral I>
Variable<T> index_select(const Variable<T>& x, Index axis, const Tensor<I>& index);

/// One element along `axis` for each element of `index`: y_okj = x_o,index(okj),j.
/// @param x any shape of rank 1 or more. @param axis may be negative.
/// @param index the shape of x except for the size of the axis, of int32 or int64.
/// @return the shape of index
/// @saves the indices.
/// @throws ShapeError; ValueError for an index outside of the axis; DeviceError.
/// @source torch.gather, which also takes an index that is smaller in the other dimensions
template <Floating T, std::signed_integral I>
Variable<T> gather(const Variable<T>& x, Index axis, const Tensor<I>& index);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/ops/impl/gather.ipp>
#endif
