// Launchers of kernels/gather.cu. An index out of range is reported (fault.hpp) and otherwise ignored.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/device/cuda/backend.hpp>

#include <concepts>

namespace tempa::inline TEMPA_ABI::cuda {

/// y_okj = x_o,index(k),j. @param y (outer,count,inner). @param x (outer,middle,inner). @param index (count).
template <Floating T, std::integral I>
void index_select_forward(Backend backend, T* y, const T* x, const I* index, Index outer, Index middle, Index inner,
                          Index count);

/// dx_o,index(k),j += dy_okj; a 16-bit sum is rounded once. @param dx (outer,middle,inner).
/// @param dy (outer,count,inner). @param index (count).
template <Floating T, std::integral I>
void index_select_backward(Backend backend, T* dx, const T* dy, const I* index, Index outer, Index middle, Index inner,
                           Index count);

/// y_okj = x_o,index(okj),j. @param y, index (outer,count,inner). @param x (outer,middle,inner).
template <Floating T, std::integral I>
void gather_forward(Backend backend, T* y, const T* x, const I* index, Index outer, Index middle, Index inner,
                    Index count);

/// dx_o,index(okj),j += dy_okj; a 16-bit sum is rounded once. @param dx (outer,middle,inner).
/// @param dy, index (outer,count,inner).
template <Floating T, std::integral I>
void gather_backward(Backend backend, T* dx, const T* dy, const I* index, Index outer, Index middle, Index inner,
                     Index count);

}  // namespace tempa::inline TEMPA_ABI::cuda
