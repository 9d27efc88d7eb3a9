// Dropout, residual sum and LayerNorm, which end both halves of a transformer layer, as one operation.
#pragma once

#include <tempa/autograd/variable.hpp>
#include <tempa/core/random.hpp>

namespace tempa::inline TEMPA_ABI {

/// Options of `dropout_add_layer_norm`.
struct DropoutAddLayerNormOptions {
  double eps = 1e-5;     ///< added to the variance
  double drop_prob = 0;  ///< probability of dropping an element of x, in [0,1]
  /// Where the mask's numbers come from; nullptr is `default_generator()`. Not touched when `drop_prob` is 0.
  Generator* generator = nullptr;
};

/// y = layer_norm(dropout(x) + residual), with the same bits as the three operations.
/// @param x, residual (…,C). @param gamma, beta (C).
/// @return y (…,C)
/// @saves dropout(x) + residual, mean and rstd; the mask is computed again.
/// @throws ShapeError, DeviceError; ValueError for a drop_prob outside of [0,1].
/// @source transformers BertSelfOutput, BertOutput without their linear layer
template <Floating T>
Variable<T> dropout_add_layer_norm(const Variable<T>& x, const Variable<T>& residual, const Variable<T>& gamma,
                                   const Variable<T>& beta, const DropoutAddLayerNormOptions& options = {});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/ops/impl/dropout_add_layer_norm.ipp>
#endif
