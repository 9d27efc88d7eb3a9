// Loss scaling: what makes float16 gradients large enough to be numbers.
#pragma once

#include <tempa/autograd/dispatch.hpp>
#include <tempa/autograd/tape.hpp>
#include <tempa/core/compiled.hpp>
#include <tempa/cpu/optimizer.hpp>
#include <tempa/optim/optimizer.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

TEMPA_COMPILED_FILE("optim");

namespace tempa::inline TEMPA_ABI {

/// Options of `GradScaler`, with PyTorch's names and defaults.
struct GradScalerOptions {
  double init_scale = 65536;
  double growth_factor = 2;     ///< of the scale after `growth_interval` steps without an infinite gradient
  double backoff_factor = 0.5;  ///< of the scale after a step with one
  Index growth_interval = 2000;
  bool enabled = true;  ///< false: everything is passed through
};

/// Multiplies the loss, and so all gradients, by a scale that keeps them in float16's range, and finds the scale as it
/// goes: it grows as long as all gradients are finite, and where one is not the step is skipped and the scale shrinks.
///
///   scaler.scale(output.loss).backward();
///   scaler.unscale(optimizer);                    // only when gradients are looked at before the step
///   clip_grad_norm(optimizer, 1.0);
///   scaler.step(optimizer);
///   scaler.update();
///
/// 16-bit gradients keep the scale in memory and are divided by it where they are read (`Variable::grad_factor`), so
/// that what the scale has saved from underflow is not lost before the optimizer has it in float.
/// @source torch.amp.GradScaler; Micikevicius et al., "Mixed Precision Training", 2018
class GradScaler {
 public:
  /// @throws ConfigError for an option out of its range.
  explicit GradScaler(GradScalerOptions options = {})
      : options_(options), scale_(static_cast<double>(static_cast<float>(options.init_scale))) {
    check(options_.init_scale > 0 && std::isfinite(options_.init_scale), "init_scale", "positive and finite",
          options_.init_scale);
    check(options_.growth_factor > 1 && std::isfinite(options_.growth_factor), "growth_factor", "above 1",
          options_.growth_factor);
    check(options_.backoff_factor > 0 && options_.backoff_factor < 1, "backoff_factor", "in (0,1)",
          options_.backoff_factor);
    check(options_.growth_interval >= 1, "growth_interval", "at least 1",
          static_cast<double>(options_.growth_interval));
  }

  /// scale * loss. @param loss a loss, or several. @return the same shape.
  template <Floating T>
  Variable<T> scale(const Variable<T>& loss) const {
    if (!options_.enabled) return loss;
    const auto scaled = [factor = static_cast<Accumulator<T>>(scale_)](const Tensor<T>& x) {
      Tensor<T> y = x.clone();
      on(y.device(), [&](auto backend) { scale_in_place(backend, y.data(), y.numel(), factor); });
      return y;
    };
    const ProfileScope scope("scale", ProfileCategory::kForward);
    return record("scale", scaled(loss.value()), {loss},
                  [=](const Tensor<T>& dy) { loss.accumulate_grad(scaled(dy)); });
  }

  /// Divides the gradients by the scale, and notes whether one is infinite or NaN.
  /// @return whether all are finite. @throws Error when it was called already since the last `update`, or after `step`.
  bool unscale(const Optimizer& optimizer) {
    if (!options_.enabled) return true;
    const ProfileScope scope("unscale", ProfileCategory::kOptimizer);
    Progress& progress = progress_[&optimizer];
    if (progress.stage != Stage::kReady)
      throw Error(concat("[GradScaler] unscale() of this optimizer must come once between two update() but ",
                         progress.stage == Stage::kUnscaled ? "unscale()" : "step()", " was called already"));
    const double factor = 1 / scale_;
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
    return !progress.found_nonfinite;
  }

  /// Steps the optimizer when all gradients are finite, after `unscale` if that was not called; clears the gradients in
  /// either case.
  /// @return whether the optimizer has stepped. @throws Error when it was called already since the last `update`.
  bool step(Optimizer& optimizer, StepOptions options = {}) {
    if (!options_.enabled) {
      optimizer.step(options);
      return true;
    }
    if (progress_[&optimizer].stage == Stage::kStepped)
      throw Error("[GradScaler] step() of this optimizer must come once between two update() but was called already");
    if (progress_[&optimizer].stage == Stage::kReady) unscale(optimizer);
    Progress& progress = progress_[&optimizer];
    progress.stage = Stage::kStepped;
    if (!progress.found_nonfinite) {
      optimizer.step(options);
      return true;
    }
    ++skipped_steps_;
    if (!options.keep_gradients) optimizer.zero_grad();
    return false;
  }

  /// The scale of the next step: times `backoff_factor` after an infinite gradient, times `growth_factor` after
  /// `growth_interval` steps without, as long as it stays a float.
  /// @throws Error without a `step` or `unscale` before.
  void update() {
    if (!options_.enabled) return;
    if (progress_.empty()) throw Error("[GradScaler] update() must come after step() but no gradients were looked at");
    bool found_nonfinite = false;
    for (const auto& entry : progress_) found_nonfinite = found_nonfinite || entry.second.found_nonfinite;
    progress_.clear();
    if (found_nonfinite) {
      scale_ = static_cast<double>(static_cast<float>(scale_ * options_.backoff_factor));
      growth_tracker_ = 0;
    } else if (++growth_tracker_ == options_.growth_interval) {
      const double grown = scale_ * options_.growth_factor;
      if (grown <= static_cast<double>(std::numeric_limits<float>::max()))
        scale_ = static_cast<double>(static_cast<float>(grown));
      growth_tracker_ = 0;
    }
  }

  /// The factor on the loss; 1 when not enabled.
  double get_scale() const { return options_.enabled ? scale_ : 1; }
  bool is_enabled() const { return options_.enabled; }
  /// Steps that were skipped because of an infinite or NaN gradient.
  Index skipped_steps() const { return skipped_steps_; }
  /// Steps since the last infinite gradient or growth.
  Index growth_tracker() const { return growth_tracker_; }
  const GradScalerOptions& options() const { return options_; }

  /// All numbers by PyTorch's names, and `skipped_steps`; empty when not enabled.
  std::map<std::string, double> state_dict() const {
    if (!options_.enabled) return {};
    return {{"scale", scale_},
            {"growth_factor", options_.growth_factor},
            {"backoff_factor", options_.backoff_factor},
            {"growth_interval", static_cast<double>(options_.growth_interval)},
            {"_growth_tracker", static_cast<double>(growth_tracker_)},
            {"skipped_steps", static_cast<double>(skipped_steps_)}};
  }
  /// Takes over what `state_dict` gave. @throws ConfigError naming what is missing or out of its range; nothing was
  /// changed then.
  void load_state_dict(const std::map<std::string, double>& state) {
    if (!options_.enabled) return;
    const auto get = [&](const char* name) {
      const auto found = state.find(name);
      if (found == state.end()) throw ConfigError(concat("[GradScaler] the saved state has no ", name));
      return found->second;
    };
    const auto count = [&](const char* name) {
      const double value = get(name);
      check(value >= 0 && value <= 0x1p53 && value == std::floor(value), name, "a whole number", value);
      return static_cast<Index>(value);
    };
    GradScaler loaded({.init_scale = get("scale"),
                       .growth_factor = get("growth_factor"),
                       .backoff_factor = get("backoff_factor"),
                       .growth_interval = count("growth_interval")});
    loaded.growth_tracker_ = count("_growth_tracker");
    loaded.skipped_steps_ = count("skipped_steps");
    *this = loaded;
  }

 private:
  enum class Stage { kReady, kUnscaled, kStepped };
  struct Progress {
    Stage stage = Stage::kReady;
    bool found_nonfinite = false;
  };

  static void check(bool holds, std::string_view field, std::string_view rule, double value) {
    detail::check_option(holds, "GradScaler", field, rule, value);
  }

  GradScalerOptions options_;
  double scale_;
  Index growth_tracker_ = 0, skipped_steps_ = 0;
  std::unordered_map<const Optimizer*, Progress> progress_;  // since the last update
};

}  // namespace tempa::inline TEMPA_ABI
