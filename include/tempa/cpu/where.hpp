// Chooses between two values by a mask.
#pragma once

#include <tempa/core/parallel.hpp>
#include <tempa/cpu/accumulate.hpp>

#include <cstdint>

namespace tempa::inline TEMPA_ABI::cpu {

/// y_i = a_i where mask_i is not 0, else b_i. @param y, mask, a, b (n).
template <Floating T>
void where_forward(Backend, T* y, const std::uint8_t* mask, const T* a, const T* b, Index n) {
  parallel_for(0, n, kElementwiseGrain, [=](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) y[i] = mask[i] != 0 ? a[i] : b[i];
  });
}

/// da_i = dy_i where mask_i is not 0, else 0; db_i the other way round. @param da, db (n), or nullptr.
template <Floating T>
void where_backward(Backend, T* da, T* db, const T* dy, const std::uint8_t* mask, Index n) {
  parallel_for(0, n, kElementwiseGrain, [=](Index begin, Index end) {
    if (da != nullptr)
      for (Index i = begin; i < end; ++i) da[i] = mask[i] != 0 ? dy[i] : T{};
    if (db != nullptr)
      for (Index i = begin; i < end; ++i) db[i] = mask[i] != 0 ? T{} : dy[i];
  });
}

}  // namespace tempa::inline TEMPA_ABI::cpu
