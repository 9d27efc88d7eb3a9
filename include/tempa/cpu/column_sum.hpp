// Sums over the rows of a matrix, the gradient of everything that is broadcast along rows.
#pragma once

#include <tempa/core/compiled.hpp>
#include <tempa/core/dtype.hpp>
#include <tempa/core/parallel.hpp>
#include <tempa/cpu/backend.hpp>

#include <algorithm>

namespace tempa::inline TEMPA_ABI::cpu {

/// y_j += sum_i x_ij, summed before it is added. Every thread owns whole columns, so that the order of the sum does not
/// depend on their number.
/// @param y (cols). @param x (rows,cols).
template <Floating T>
void column_sum_accumulate(Backend, T* y, const T* x, Index rows, Index cols) {
  constexpr Index kColumns = 64;  // whose sums are kept in registers or cache
  parallel_for(0, (cols + kColumns - 1) / kColumns, 1, [=](Index first, Index last) {
    for (Index begin = first * kColumns; begin < std::min(cols, last * kColumns); begin += kColumns) {
      const Index count = std::min(kColumns, cols - begin);
      Accumulator<T> sum[kColumns] = {};
      for (Index i = 0; i < rows; ++i)
        for (Index j = 0; j < count; ++j) sum[j] += widen(x[i * cols + begin + j]);
      for (Index j = 0; j < count; ++j) y[begin + j] = narrow<T>(widen(y[begin + j]) + sum[j]);
    }
  });
}

TEMPA_COMPILED_FUNCTION(column_sum_accumulate);

}  // namespace tempa::inline TEMPA_ABI::cpu
