// Keeps the gradient of a bad batch from throwing the parameters away.
#pragma once

#include <tempa/autograd/dispatch.hpp>
#include <tempa/core/profile_scope.hpp>
#include <tempa/cpu/optimizer.hpp>
#include <tempa/optim/parameter_list.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
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
inline void check_max_norm(std::string_view who, double max_norm) {
  if (!(max_norm >= 0)) throw ConfigError(concat("[", who, "] max_norm must not be negative but is ", max_norm));
}
}  // namespace detail

/// Scales all gradients by min(1, max_norm / (norm + 1e-6)): in place, 16-bit ones by their `grad_factor`.
/// Parameters that are frozen or have no gradient count for nothing.
/// @param max_norm not negative; infinity only measures.
/// @return the norm before clipping; L2 is summed in double, with the same bits for any number of threads.
/// @throws ConfigError for a negative or NaN max_norm; NumericalError naming the first parameter whose gradient is not
///   finite, with error_if_nonfinite; the gradients are unchanged then.
/// @source torch.nn.utils.clip_grad_norm_
inline double clip_grad_norm(const ParameterList& parameters, double max_norm, ClipGradNormOptions options = {}) {
  detail::check_max_norm("clip_grad_norm", max_norm);
  const ProfileScope scope("clip_grad_norm", ProfileCategory::kOptimizer);
  const auto for_each_gradient = [&](const auto& f) {
    for (std::size_t i = 0; i < parameters.size(); ++i)
      parameters[i].visit([&](const auto& v) {
        if (v.requires_grad() && v.has_grad()) f(i, v);
      });
  };

  double norm = 0;
  for_each_gradient([&](std::size_t i, const auto& v) {
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
  if (options.norm_type == NormType::kL2) norm = std::sqrt(norm);

  const double coefficient = max_norm / (norm + 1e-6);
  if (coefficient >= 1) return norm;  // PyTorch multiplies by 1
  for_each_gradient([&](std::size_t, const auto& v) { v.multiply_grad(coefficient); });
  return norm;
}

}  // namespace tempa::inline TEMPA_ABI
