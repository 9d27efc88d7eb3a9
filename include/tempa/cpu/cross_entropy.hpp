// Cross-entropy of log-probabilities, and its gradient with respect to the logits in one pass.
#pragma once

#include <tempa/core/parallel.hpp>
#include <tempa/cpu/accumulate.hpp>
#include <tempa/math/exp.hpp>

#include <algorithm>
#include <cstdint>

namespace tempa::inline TEMPA_ABI::cpu {

/// l_i = -(1 - s) w_y logp_iy - s/K sum_k w_k logp_ik with y = labels_i and s the smoothing; 0 where y is `ignored`
/// or w_y = 0.
/// @param losses (B). @param log_prob (B,K). @param labels (B). @param weights (K), or nullptr for 1.
template <Real T>
void cross_entropy_forward(Backend, T* losses, const T* log_prob, const std::int32_t* labels, const T* weights,
                           Index rows, Index classes, Index ignored, T smoothing) {
  const Index grain = std::max<Index>(1, kElementwiseGrain / std::max<Index>(1, classes));
  const T share = smoothing / static_cast<T>(classes);
  parallel_for(0, rows, grain, [=](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      losses[i] = T(0);
      const Index label = labels[i];
      if (label == ignored || (weights != nullptr && weights[label] == T(0))) continue;
      const T* row = log_prob + i * classes;
      const T own = weights != nullptr ? weights[label] * row[label] : row[label];
      T sum = 0;
      if (smoothing > T(0)) {
        if (weights != nullptr) {
#pragma omp simd reduction(+ : sum)
          for (Index k = 0; k < classes; ++k) sum += weights[k] * row[k];
        } else {
#pragma omp simd reduction(+ : sum)
          for (Index k = 0; k < classes; ++k) sum += row[k];
        }
      }
      losses[i] = -(T(1) - smoothing) * own - share * sum;
    }
  });
}

/// dlogits_ik = d_i (p_ik sum_c a_ic - a_ik), with a_ik = (1 - s) w_y [k = y] + s/K w_k the factor of -logp_ik in l_i,
/// and d_i = scale dlosses_i.
/// @param dlogits (B,K). @param dlosses (B), or one number for all rows when `one_for_all`. The rest as in forward.
template <Real T>
void cross_entropy_backward(Backend, T* dlogits, const T* dlosses, bool one_for_all, T scale, const T* log_prob,
                            const std::int32_t* labels, const T* weights, Index rows, Index classes, Index ignored,
                            T smoothing) {
  const Index grain = std::max<Index>(1, kElementwiseGrain / 4 / std::max<Index>(1, classes));
  const T share = smoothing / static_cast<T>(classes);
  T weight_sum = static_cast<T>(classes);
  if (weights != nullptr) {
    weight_sum = T(0);
    for (Index k = 0; k < classes; ++k) weight_sum += weights[k];
  }
  parallel_for(0, rows, grain, [=](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      T* out = dlogits + i * classes;
      const Index label = labels[i];
      if (label == ignored || (weights != nullptr && weights[label] == T(0))) {
        std::fill_n(out, classes, T(0));
        continue;
      }
      const T* row = log_prob + i * classes;
      const T d = scale * dlosses[one_for_all ? 0 : i];
      const T own = (T(1) - smoothing) * (weights != nullptr ? weights[label] : T(1));
      const T total = d * (own + share * weight_sum);
      const T shared = d * share;
      if (weights != nullptr && share > T(0)) {
#pragma omp simd
        for (Index k = 0; k < classes; ++k) out[k] = math::exp(row[k]) * total - shared * weights[k];
      } else {
#pragma omp simd
        for (Index k = 0; k < classes; ++k) out[k] = math::exp(row[k]) * total - shared;
      }
      out[label] -= d * own;
    }
  });
}

}  // namespace tempa::inline TEMPA_ABI::cpu
