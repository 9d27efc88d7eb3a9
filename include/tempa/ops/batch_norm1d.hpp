// Batch normalization of (B,C) and (B,C,L).
#pragma once

#include <tempa/autograd/variable.hpp>

#include <cstdint>
#include <optional>

namespace tempa::inline TEMPA_ABI {

/// Options of `batch_norm1d`.
struct BatchNorm1dOptions {
  /// Added to the variance.
  double eps = 1e-5;
  /// Weight of the batch in the running statistics; nullopt makes them the plain average over all batches.
  std::optional<double> momentum = 0.1;
};

/// y = (x - E[x]) / sqrt(Var[x] + eps) gamma + beta for every channel c. In training E and Var are those of the batch
/// (Var without Bessel's correction), and the running ones move towards them: running = (1 - momentum) running +
/// momentum batch, the variance with Bessel's correction. In evaluation E and Var are the running ones.
/// @param x (B,C) or (B,C,L). @param gamma, beta (C), or empty for 1 and 0.
/// @param running_mean, running_var (C), changed in place in training; or both empty: E and Var are always the batch's.
/// @param num_batches_tracked () counts the batches of training; may be empty unless momentum is nullopt.
/// @return y, the shape of x
/// @saves E and Var, 2 C sizeof(Accumulator<T>) bytes.
/// @throws ShapeError, DeviceError; ValueError for a single value per channel where the batch's statistics are used.
/// @source Ioffe and Szegedy 2015; torch.nn.BatchNorm1d
template <Floating T>
Variable<T> batch_norm1d(const Variable<T>& x, const Variable<T>& gamma, const Variable<T>& beta,
                         Tensor<Accumulator<T>> running_mean, Tensor<Accumulator<T>> running_var,
                         Tensor<std::int64_t> num_batches_tracked, bool training,
                         const BatchNorm1dOptions& options = {});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/ops/impl/batch_norm1d.ipp>
#endif
