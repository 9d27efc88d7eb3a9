// Layer normalization over the last dimension.
#pragma once

#include <tempa/autograd/variable.hpp>

namespace tempa::inline TEMPA_ABI {

/// y = (x - E[x]) / sqrt(Var[x] + eps) * gamma + beta for every row, Var without Bessel's correction.
/// @param x (…,C). @param gamma, beta (C). @param eps added to the variance.
/// @return y (…,C)
/// @saves mean and rstd, 2 rows sizeof(Accumulator<T>) bytes.
/// @throws ShapeError, DeviceError.
/// @source Ba et al. 2016; torch.nn.functional.layer_norm
template <Floating T>
Variable<T> layer_norm(const Variable<T>& x, const Variable<T>& gamma, const Variable<T>& beta, double eps = 1e-5);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/ops/impl/layer_norm.ipp>
#endif
