// Launcher of kernels/bce_fused.cu.
#pragma once

#include <tempa/core/detail/loop_nest.hpp>
#include <tempa/core/dtype.hpp>
#include <tempa/device/cuda/backend.hpp>

namespace tempa::inline TEMPA_ABI::cuda {

/// Binary cross-entropy from logits with its gradient, l_i = w_i `math::BceWithLogits`(x_i, t_i, p_i): y = the losses,
/// or scale times their sum, and gradient_i = scale dl_i/dx_i, which `scale_loss_gradient` multiplies by that of y.
/// @param y (n), or (1) when `reduces`; with n = 0 it is 0 scale then. @param gradient (n), or nullptr. @param logits,
/// targets (n). @param pos_weight, weight p and w, indexed by `nest`; or nullptr for 1.
template <Floating T>
void bce_with_gradient(Backend backend, Accumulator<T>* y, Accumulator<T>* gradient, const T* logits,
                       const Accumulator<T>* targets, const Accumulator<T>* pos_weight, const Accumulator<T>* weight,
                       const LoopNest<2>& nest, Index n, bool reduces, Accumulator<T> scale);

}  // namespace tempa::inline TEMPA_ABI::cuda
