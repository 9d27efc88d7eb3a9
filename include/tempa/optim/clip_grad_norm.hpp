// Keeps the gradient of a bad batch from throwing the parameters away.
#pragma once

#include <tempa/optim/detail/parameter_list.hpp>

#include <string_view>

namespace tempa::inline TEMPA_ABI {

/// The norm of all gradients laid end to end.
enum class NormType {
  kL2,   ///< sqrt(sum g^2)
  kInf,  ///< max |g|
};

/// Options of `clip_grad_norm`.
struct ClipGradNormOptions {
  NormType norm_type = NormType::kL2;
  /// Throw when a gradient is NaN or infinite, instead of scaling all by a coefficient that is NaN or 0.
  bool error_if_nonfinite = false;
};

namespace detail {

void check_max_norm(std::string_view who, double max_norm);

/// What clipping multiplies gradients of this norm by: min(1, max_norm / (norm + 1e-6)), NaN for a norm that is NaN.
double clip_factor(double norm, double max_norm);

}  // namespace detail

/// The norm of all gradients; parameters that are frozen or have none count for nothing.
/// @return L2 is summed in double, with the same bits for any number of threads.
/// @throws NumericalError naming the first parameter whose gradient is not finite, with error_if_nonfinite.
/// @source torch.nn.utils.get_total_norm
double total_grad_norm(const ParameterList& parameters, ClipGradNormOptions options = {});

/// Scales all gradients by min(1, max_norm / (norm + 1e-6)): in place, 16-bit ones by their `grad_factor`.
/// Where a step follows, `optimizer.step({.max_norm = ...})` saves a pass over the gradients.
/// @param max_norm not negative; infinity only measures.
/// @return the norm before clipping, see `total_grad_norm`.
/// @throws ConfigError for a negative or NaN max_norm; NumericalError as `total_grad_norm`; the gradients are unchanged
///   then.
/// @source torch.nn.utils.clip_grad_norm_
double clip_grad_norm(const ParameterList& parameters, double max_norm, ClipGradNormOptions options = {});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/optim/impl/clip_grad_norm.ipp>
#endif
