// Sums over the rows of a matrix, the gradient of everything that is broadcast along rows.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/parallel.hpp>
#include <tempa/cpu/backend.hpp>

#include <vector>

namespace tempa::inline TEMPA_ABI::cpu {

/// y_j += sum_i x_ij, rounded to a 16-bit type once. Every thread owns whole columns, so that the order of the sum does
/// not depend on their number.
/// @param y (cols). @param x (rows,cols).
template <Floating T>
void column_sum_accumulate(Backend, T* y, const T* x, Index rows, Index cols) {
  constexpr Index kColumnsOfThread = 64;
  parallel_for(0, cols, kColumnsOfThread, [=](Index begin, Index end) {
    if constexpr (Real<T>) {
      for (Index i = 0; i < rows; ++i)
        for (Index j = begin; j < end; ++j) y[j] += x[i * cols + j];
    } else {
      std::vector<float> sums(static_cast<std::size_t>(end - begin));
      float* const sum = sums.data();
      for (Index i = 0; i < rows; ++i)
        for (Index j = 0; j < end - begin; ++j) sum[j] += widen(x[i * cols + begin + j]);
      for (Index j = begin; j < end; ++j) y[j] = narrow<T>(widen(y[j]) + sum[j - begin]);
    }
  });
}

}  // namespace tempa::inline TEMPA_ABI::cpu
