// The bodies of <tempa/optim/clip_grad_norm.hpp>.
#pragma once

#include <tempa/autograd/dispatch.hpp>
#include <tempa/cpu/numeric.hpp>
#include <tempa/optim/clip_grad_norm.hpp>
#include <tempa/tensor/profile_scope.hpp>

#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <string>

namespace tempa::inline TEMPA_ABI {

namespace detail {

TEMPA_INLINE void check_max_norm(std::string_view who, double max_norm) {
  if (!(max_norm >= 0)) throw ConfigError(concat("[", who, "] max_norm must not be negative but is ", max_norm));
}

TEMPA_INLINE double clip_factor(double norm, double max_norm) {
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

TEMPA_INLINE double total_grad_norm(const ParameterList& parameters, ClipGradNormOptions options) {
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

TEMPA_INLINE double clip_grad_norm(const ParameterList& parameters, double max_norm, ClipGradNormOptions options) {
  detail::check_max_norm("clip_grad_norm", max_norm);
  const ProfileScope scope("clip_grad_norm", ProfileCategory::kOptimizer);
  const double norm = total_grad_norm(parameters, options);
  const double factor = detail::clip_factor(norm, max_norm);
  if (factor != 1) detail::for_each_gradient(parameters, [&](std::size_t, const auto& v) { v.multiply_grad(factor); });
  return norm;
}

}  // namespace tempa::inline TEMPA_ABI
