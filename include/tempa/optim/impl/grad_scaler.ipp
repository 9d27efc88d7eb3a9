// The bodies of <tempa/optim/grad_scaler.hpp>.
#pragma once

#include <tempa/optim/detail/host_step.hpp>
#include <tempa/optim/grad_scaler.hpp>

#include <cmath>
#include <cstdint>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE GradScaler::GradScaler(GradScalerOptions options) : options_(options) {
  check(options_.init_scale > 0 && std::isfinite(options_.init_scale), "init_scale", "positive and finite",
        options_.init_scale);
  check(options_.growth_factor > 1 && std::isfinite(options_.growth_factor), "growth_factor", "above 1",
        options_.growth_factor);
  check(options_.backoff_factor > 0 && options_.backoff_factor < 1, "backoff_factor", "in (0,1)",
        options_.backoff_factor);
  check(options_.growth_interval >= 1, "growth_interval", "at least 1", static_cast<double>(options_.growth_interval));
  host_ = {.scale = static_cast<double>(static_cast<float>(options_.init_scale)),
           .growth_tracker = 0,
           .skipped_steps = 0,
           .found_nonfinite = 0,
           .growth_factor = options_.growth_factor,
           .backoff_factor = options_.backoff_factor,
           .growth_interval = static_cast<double>(options_.growth_interval)};
}

TEMPA_INLINE bool GradScaler::unscale(const Optimizer& optimizer) {
  if (!options_.enabled) return true;
  const ProfileScope scope("unscale", ProfileCategory::kOptimizer);
  Progress& progress = progress_[&optimizer];
  if (progress.stage != Stage::kReady)
    throw Error(concat("[GradScaler] unscale() of this optimizer must come once between two update() but ",
                       progress.stage == Stage::kUnscaled ? "unscale()" : "step()", " was called already"));
  move_to(Device::cpu());
  const double factor = 1 / host_.scale;
  std::map<std::string, Tensor<std::int32_t>> found;  // (1) by device, so that each is asked only once
  for (const auto& parameter : optimizer.parameters())
    parameter.visit([&](const auto& v) {
      if (!v.requires_grad() || !v.has_grad()) return;
      auto& flag = found.try_emplace(concat(v.device())).first->second;
      if (flag.empty()) flag = Tensor<std::int32_t>::zeros({1}, v.device());
      on(v.device(), [&](auto backend) { find_nonfinite(backend, flag.data(), v.grad().data(), v.grad().numel()); });
      v.multiply_grad(factor);
    });
  progress = {Stage::kUnscaled, false};
  for (const auto& entry : found)
    progress.found_nonfinite = progress.found_nonfinite || entry.second.to(Device::cpu()).item() != 0;
  if (progress.found_nonfinite) host_.found_nonfinite = 1;
  return !progress.found_nonfinite;
}

TEMPA_INLINE StepTaken GradScaler::step(Optimizer& optimizer, StepOptions options) {
  if (!options_.enabled) {
    optimizer.step(options);
    return StepTaken(true);
  }
  if (progress_[&optimizer].stage == Stage::kStepped)
    throw Error("[GradScaler] step() of this optimizer must come once between two update() but was called already");
  if (progress_[&optimizer].stage == Stage::kReady && !options.keep_gradients) {
    detail::check_max_norm("Optimizer", options.max_norm.value_or(0));
    const Device device = optimizer.parameters()[0].visit([](const auto& v) { return v.device(); });
    if (device.is_cuda()) {
      move_to(device);
      Tensor<double> skipped({1}, device);
      if (optimizer.step_scaled(options, {.state = device_state(), .is_skipped = skipped.data()})) {
        progress_[&optimizer].stage = Stage::kStepped;
        optimizer.zero_grad();
        return StepTaken(skipped);
      }
    }
  }
  if (progress_[&optimizer].stage == Stage::kReady) unscale(optimizer);
  Progress& progress = progress_[&optimizer];
  progress.stage = Stage::kStepped;
  if (!progress.found_nonfinite) {
    optimizer.step(options);
    return StepTaken(true);
  }
  move_to(Device::cpu());
  ++host_.skipped_steps;
  if (!options.keep_gradients) optimizer.zero_grad();
  return StepTaken(false);
}

TEMPA_INLINE void GradScaler::update() {
  if (!options_.enabled) return;
  if (progress_.empty()) throw Error("[GradScaler] update() must come after step() but no gradients were looked at");
  progress_.clear();
  if (is_on_device_) return update_on_device();
  update_loss_scale(host_);
}

TEMPA_INLINE LossScale GradScaler::state() const {
  LossScale result = host_;
  if (is_on_device_) detail::copy_bytes(&result, Device::cpu(), on_device_.data(), on_device_.device(), sizeof result);
  return result;
}

TEMPA_INLINE std::map<std::string, double> GradScaler::state_dict() const {
  if (!options_.enabled) return {};
  const LossScale now = state();
  return {{"scale", now.scale},
          {"growth_factor", now.growth_factor},
          {"backoff_factor", now.backoff_factor},
          {"growth_interval", now.growth_interval},
          {"_growth_tracker", now.growth_tracker},
          {"skipped_steps", now.skipped_steps}};
}

TEMPA_INLINE void GradScaler::load_state_dict(const std::map<std::string, double>& state) {
  if (!options_.enabled) return;
  const auto get = [&](const char* name) {
    const auto found = state.find(name);
    if (found == state.end()) throw ConfigError(concat("[GradScaler] the saved state has no ", name));
    return found->second;
  };
  const auto count = [&](const char* name) {
    const double value = get(name);
    check(value >= 0 && value <= 0x1p53 && value == std::floor(value), name, "a whole number", value);
    return value;
  };
  const GradScaler loaded({.init_scale = get("scale"),
                           .growth_factor = get("growth_factor"),
                           .backoff_factor = get("backoff_factor"),
                           .growth_interval = static_cast<Index>(count("growth_interval"))});
  LossScale scale = loaded.host_;
  scale.growth_tracker = count("_growth_tracker");
  scale.skipped_steps = count("skipped_steps");
  options_ = loaded.options_;
  host_ = scale;
  is_on_device_ = false;
  progress_.clear();
}

TEMPA_INLINE void GradScaler::update_on_device() {
  on(on_device_.device(), [this](auto backend) { update_loss_scale(backend, device_state()); });
}

TEMPA_INLINE void GradScaler::move_to(Device device) {
  if (is_on_device_ ? on_device_.device() == device : device.is_cpu()) return;
  host_ = state();
  is_on_device_ = device.is_cuda();
  if (!is_on_device_) return;
  static_assert(sizeof(LossScale) == kNumbers * sizeof(double));
  if (on_device_.empty() || !(on_device_.device() == device)) on_device_ = Tensor<double>(Shape{kNumbers}, device);
  detail::copy_bytes(on_device_.data(), device, &host_, Device::cpu(), sizeof host_);
}

TEMPA_INLINE void GradScaler::check(bool holds, std::string_view field, std::string_view rule, double value) {
  detail::check_option(holds, "GradScaler", field, rule, value);
}

}  // namespace tempa::inline TEMPA_ABI
