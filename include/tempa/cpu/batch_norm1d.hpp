// Normalization of channels over the batch. A thread owns whole channels, so that no sum depends on the number of
// threads; sums are kept in double, as in PyTorch.
#pragma once

#include <tempa/core/parallel.hpp>
#include <tempa/cpu/accumulate.hpp>

#include <algorithm>
#include <cmath>

namespace tempa::inline TEMPA_ABI::cpu {

namespace detail {

template <Floating T>
double in_double(T x) {
  return static_cast<double>(widen(x));
}

/// Calls `f(c)` for every channel, in parallel.
template <typename F>
void for_each_channel(Index batch, Index channels, Index length, F f) {
  const Index grain = std::max<Index>(1, kElementwiseGrain / std::max<Index>(1, batch * length));
  parallel_for(0, channels, grain, [=](Index begin, Index end) {
    for (Index c = begin; c < end; ++c) f(c);
  });
}

/// Calls `f(i)` for the offset i of every element of channel c in (B,C,L), in order.
template <typename F>
void for_each_of_channel(Index c, Index batch, Index channels, Index length, F f) {
  for (Index b = 0; b < batch; ++b) {
    const Index first = (b * channels + c) * length;
    for (Index i = first; i < first + length; ++i) f(i);
  }
}

}  // namespace detail

/// Mean and variance (without Bessel's correction) of every channel, in two passes.
/// @param mean, variance (C). @param x (B,C,L) with B L > 0.
template <Floating T>
void batch_norm_statistics(Backend, Accumulator<T>* mean, Accumulator<T>* variance, const T* x, Index batch,
                           Index channels, Index length) {
  const auto count = static_cast<double>(batch * length);
  detail::for_each_channel(batch, channels, length, [=](Index c) {
    double sum = 0, squares = 0;
    detail::for_each_of_channel(c, batch, channels, length, [&](Index i) { sum += detail::in_double(x[i]); });
    const double m = sum / count;
    detail::for_each_of_channel(c, batch, channels, length, [&](Index i) {
      const double d = detail::in_double(x[i]) - m;
      squares += d * d;
    });
    mean[c] = static_cast<Accumulator<T>>(m);
    variance[c] = static_cast<Accumulator<T>>(squares / count);
  });
}

/// running = (1 - factor) running + factor batch, the variance with Bessel's correction.
/// @param running_mean, running_var, mean, variance (C). @param count elements of a channel, at least 2.
template <Real T>
void batch_norm_track(Backend, T* running_mean, T* running_var, const T* mean, const T* variance, Index channels,
                      Index count, double factor) {
  const auto n = static_cast<double>(count);
  const auto keep = static_cast<T>(1 - factor), move = static_cast<T>(factor);
  const auto unbiased = static_cast<T>(factor * n / (n - 1));
  for (Index c = 0; c < channels; ++c) {
    running_mean[c] = keep * running_mean[c] + move * mean[c];
    running_var[c] = keep * running_var[c] + unbiased * variance[c];
  }
}

/// y = (x - mean) / sqrt(variance + eps) gamma + beta.
/// @param y, x (B,C,L). @param mean, variance (C). @param gamma, beta (C), or nullptr for 1 and 0.
template <Floating T>
void batch_norm_forward(Backend, T* y, const T* x, const Accumulator<T>* mean, const Accumulator<T>* variance,
                        const T* gamma, const T* beta, Index batch, Index channels, Index length, double eps) {
  using A = Accumulator<T>;
  detail::for_each_channel(batch, channels, length, [=](Index c) {
    const auto rstd = static_cast<A>(1 / std::sqrt(static_cast<double>(variance[c]) + eps));
    const A m = mean[c], scale = gamma != nullptr ? widen(gamma[c]) : A(1);
    const A shift = beta != nullptr ? widen(beta[c]) : A(0);
    detail::for_each_of_channel(c, batch, channels, length,
                                [&](Index i) { y[i] = narrow<T>((widen(x[i]) - m) * rstd * scale + shift); });
  });
}

/// With xhat = (x - mean) rstd: dgamma += sum dy xhat, dbeta += sum dy, and dx = gamma rstd dy where mean and variance
/// are constants, gamma rstd (dy - mean(dy) - xhat mean(dy xhat)) where they are the batch's own.
/// @param dx (B,C,L), or nullptr. @param dgamma, dbeta (C), or nullptr. @param dy, x (B,C,L). @param mean, variance
/// (C).
/// @param gamma (C), or nullptr for 1.
template <Floating T>
void batch_norm_backward(Backend, T* dx, T* dgamma, T* dbeta, const T* dy, const T* x, const Accumulator<T>* mean,
                         const Accumulator<T>* variance, const T* gamma, Index batch, Index channels, Index length,
                         double eps, bool own_statistics) {
  using A = Accumulator<T>;
  const auto count = static_cast<double>(batch * length);
  detail::for_each_channel(batch, channels, length, [=](Index c) {
    const double rstd = 1 / std::sqrt(static_cast<double>(variance[c]) + eps), m = static_cast<double>(mean[c]);
    double sum = 0, dot = 0;
    detail::for_each_of_channel(c, batch, channels, length, [&](Index i) {
      sum += detail::in_double(dy[i]);
      dot += detail::in_double(dy[i]) * (detail::in_double(x[i]) - m) * rstd;
    });
    if (dgamma != nullptr) dgamma[c] = narrow<T>(widen(dgamma[c]) + static_cast<A>(dot));
    if (dbeta != nullptr) dbeta[c] = narrow<T>(widen(dbeta[c]) + static_cast<A>(sum));
    if (dx == nullptr) return;
    const double scale = rstd * (gamma != nullptr ? detail::in_double(gamma[c]) : 1.0);
    const double mean_dy = own_statistics ? sum / count : 0, mean_dot = own_statistics ? dot / count : 0;
    detail::for_each_of_channel(c, batch, channels, length, [&](Index i) {
      const double xhat = (detail::in_double(x[i]) - m) * rstd;
      dx[i] = narrow<T>(static_cast<A>(scale * (detail::in_double(dy[i]) - mean_dy - xhat * mean_dot)));
    });
  });
}

}  // namespace tempa::inline TEMPA_ABI::cpu
