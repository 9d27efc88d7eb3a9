// Copies a vector to every row of a matrix.
#pragma once

#include <tempa/core/compiled.hpp>
#include <tempa/core/dtype.hpp>
#include <tempa/core/parallel.hpp>
#include <tempa/cpu/backend.hpp>

#include <algorithm>

namespace tempa::inline TEMPA_ABI::cpu {

/// y_ij = b_j, to which a product with beta = 1 is then added. @param y (rows,cols). @param b (cols).
template <Floating T>
void broadcast_rows(Backend, T* y, const T* b, Index rows, Index cols) {
  parallel_for(0, rows, std::max<Index>(1, 32768 / std::max<Index>(cols, 1)), [=](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) std::copy_n(b, cols, y + i * cols);
  });
}

TEMPA_COMPILED_FUNCTION(broadcast_rows);

}  // namespace tempa::inline TEMPA_ABI::cpu
