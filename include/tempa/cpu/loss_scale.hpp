// The loss scale of `GradScaler`.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/parallel.hpp>
#include <tempa/cpu/accumulate.hpp>
#include <tempa/cpu/backend.hpp>
#include <tempa/math/loss_scale.hpp>

namespace tempa::inline TEMPA_ABI::cpu {

/// y = factor x. @param y, x (n); may be the same. @param factor (1)
template <Floating T>
void scale_by(Backend, T* y, const T* x, Index n, const double* factor) {
  parallel_for(0, n, kElementwiseGrain, [=, by = static_cast<Accumulator<T>>(*factor)](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) y[i] = narrow<T>(by * widen(x[i]));
  });
}

/// `update_loss_scale`. @param state (1)
inline void update_loss_scale(Backend, LossScale* state) { tempa::update_loss_scale(*state); }

}  // namespace tempa::inline TEMPA_ABI::cpu
