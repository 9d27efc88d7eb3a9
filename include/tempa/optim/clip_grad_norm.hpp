// Keeps the gradient of a bad batch from throwing the parameters away.
#pragma once

#include <tempa/autograd/dispatch.hpp>
#include <tempa/core/detail/compiled.hpp>
#include <tempa/cpu/numeric.hpp>
#include <tempa/optim/detail/parameter_list.hpp>
#include <tempa/tensor/profile_scope.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>

TEMPA_COMPILED_FILE("optim");

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

inline void check_max_norm(std::string_view who, double max_norm) {
  if (!(max_norm >= 0)) throw ConfigError(concat("[", who, "] max_norm must not be negative but is ", max_norm));
}

/// What clipping multiplies gradients of this norm by: min(1, max_norm / (norm + 1e-6)), NaN for a norm that is NaN.
inline double clip_factor(double norm, double max_norm) {
  const double coefficient = max_norm / (norm + 1e-6);
  return coefficient >= 1 ? 1.0 : coefficient;
}

/// Calls `f(i, variable)` for each parameter that is not frozen and has a gradient.
template <typename F>
void for_each_gradient(const ParameterList& parameters, const F& f) {
  for (std::size_t i = 0; i < parameters.size(); ++i)
    parameters[i].visit([&](const auto& v) {
      if (v.requires_grad() && v.has_grad()) f(i, v);
    });
}

}  // namespace detail

/// The norm of all gradients; parameters that are frozen or have none count for nothing.
/// @return L2 is summed in double, with the same bits for any number of threads.
/// @throws NumericalError naming the first parameter whose gradient is not finite, with error_if_nonfinite.
/// @source torch.nn.utils.get_total_norm
inline double total_grad_norm(const ParameterList& parameters, ClipGradNormOptions options = {}) {
  double norm = 0;
  detail::for_each_gradient(parameters, [&](std::size_t i, const auto& v) {
    const auto& grad = v.grad();
    count_bytes(grad);
    double part = 0;
    on(grad.device(), [&](auto backend) {
      part = options.norm_type == NormType::kL2 ? sum_of_squares(backend, grad.data(), grad.numel())
                                                : max_abs(backend, grad.data(), grad.numel());
    });
    part *= options.norm_type == NormType::kL2 ? v.grad_factor() * v.grad_factor() : std::abs(v.grad_factor());
    if (options.error_if_nonfinite && !std::isfinite(part)) {
      const std::string& name = parameters[i].name;
      throw NumericalError(concat("[clip_grad_norm] expected finite gradients but parameter ",
                                  name.empty() ? std::to_string(i) : name, " ", grad.shape(), " has ",
                                  std::isnan(part) ? "NaN" : "infinity", " in its gradient"));
    }
    if (options.norm_type == NormType::kL2 || std::isnan(part)) {
      norm += part;
    } else if (part > norm) {
      norm = part;
    }
  });
  return options.norm_type == NormType::kL2 ? std::sqrt(norm) : norm;
}

/// Scales all gradients by min(1, max_norm / (norm + 1e-6)): in place, 16-bit ones by their `grad_factor`.
/// Where a step follows, `optimizer.step({.max_norm = ...})` saves a pass over the gradients.
/// @param max_norm not negative; infinity only measures.
/// @return the norm before clipping, see `total_grad_norm`.
/// @throws ConfigError for a negative or NaN max_norm; NumericalError as `total_grad_norm`; the gradients are unchanged
///   then.
/// @source torch.nn.utils.clip_grad_norm_
inline double clip_grad_norm(const ParameterList& parameters, double max_norm, ClipGradNormOptions options = {}) {
  detail::check_max_norm("clip_grad_norm", max_norm);
  const ProfileScope scope("clip_grad_norm", ProfileCategory::kOptimizer);
  const double norm = total_grad_norm(parameters, options);
  const double factor = detail::clip_factor(norm, max_norm);
  if (factor != 1) detail::for_each_gradient(parameters, [&](std::size_t, const auto& v) { v.multiply_grad(factor); });
  return norm;
}

}  // namespace tempa::inline TEMPA_ABI
