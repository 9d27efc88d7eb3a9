// The bodies of <tempa/optim/optimizer.hpp>.
#pragma once

#include <tempa/optim/optimizer.hpp>
#include <tempa/tensor/profile_scope.hpp>

#include <cmath>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE void Optimizer::step(StepOptions options) {
  detail::check_max_norm("Optimizer", options.max_norm.value_or(0));
  update_all(options);
  if (!options.keep_gradients) zero_grad();
}

TEMPA_INLINE std::unique_ptr<detail::RecordedStep> Optimizer::record_step(const StepOptions&, detail::LossScaleOfStep) {
  throw CudaError("[Optimizer] this optimizer cannot be recorded in a graph");
}

TEMPA_INLINE void Optimizer::zero_grad() {
  const ProfileScope scope("zero_grad", ProfileCategory::kOptimizer);
  for (const auto& parameter : parameters_) parameter.visit([](const auto& v) { v.clear_grad(); });
}

namespace detail {

TEMPA_INLINE void check_option(bool holds, std::string_view who, std::string_view field, std::string_view rule,
                               double value) {
  if (!holds) throw ConfigError(concat("[", who, "] ", field, " must be ", rule, " but is ", value));
}

TEMPA_INLINE void check_not_negative(std::string_view who, std::string_view field, double value) {
  check_option(value >= 0 && std::isfinite(value), who, field, "finite and not negative", value);
}

}  // namespace detail

TEMPA_INLINE double clip_grad_norm(const Optimizer& optimizer, double max_norm, ClipGradNormOptions options) {
  return clip_grad_norm(optimizer.parameters(), max_norm, options);
}

}  // namespace tempa::inline TEMPA_ABI
