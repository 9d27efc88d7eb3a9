// Launchers of kernels/cross_entropy.cu.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/device/cuda/backend.hpp>

#include <cstdint>

namespace tempa::inline TEMPA_ABI::cuda {

/// l_i = -(1 - s) w_y logp_iy - s/K sum_k w_k logp_ik with y = labels_i and s the smoothing; 0 where y is `ignored`
/// or w_y = 0. A label outside of [0,K) is reported (fault.hpp).
/// @param losses (B). @param log_prob (B,K). @param labels (B). @param weights (K), or nullptr for 1.
template <Real T>
void cross_entropy_forward(Backend backend, T* losses, const T* log_prob, const std::int32_t* labels, const T* weights,
                           Index rows, Index classes, Index ignored, T smoothing);

/// dlogits_ik = d_i (p_ik sum_c a_ic - a_ik), with a_ik = (1 - s) w_y [k = y] + s/K w_k the factor of -logp_ik in l_i,
/// and d_i = scale dlosses_i.
/// @param dlogits (B,K). @param dlosses (B), or one number for all rows when `one_for_all`. The rest as in forward.
template <Real T>
void cross_entropy_backward(Backend backend, T* dlogits, const T* dlosses, bool one_for_all, T scale, const T* log_prob,
                            const std::int32_t* labels, const T* weights, Index rows, Index classes, Index ignored,
                            T smoothing);

}  // namespace tempa::inline TEMPA_ABI::cuda
