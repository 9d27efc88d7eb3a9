// Loss scaling: what makes float16 gradients large enough to be numbers.
#pragma once

#include <tempa/autograd/dispatch.hpp>
#include <tempa/autograd/tape.hpp>
#include <tempa/core/detail/compiled.hpp>
#include <tempa/cpu/loss_scale.hpp>
#include <tempa/cpu/numeric.hpp>
#include <tempa/math/loss_scale.hpp>
#include <tempa/optim/optimizer.hpp>
#include <tempa/tensor/tensor.hpp>

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

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

/// Whether a step was made. A CUDA device knows it first: reading it waits.
class StepTaken {
 public:
  explicit StepTaken(bool taken) : taken_(taken) {}
  /// @param skipped (1) on the device: 0, or 1 when the step was skipped.
  explicit StepTaken(Tensor<double> skipped) : skipped_(std::move(skipped)) {}

  // NOLINTNEXTLINE(google-explicit-constructor): it is used as what it says
  operator bool() const { return skipped_.empty() ? taken_ : skipped_.to_vector()[0] == 0; }

 private:
  bool taken_ = false;
  Tensor<double> skipped_;
};

/// Multiplies the loss, and so all gradients, by a scale that keeps them in float16's range, and finds the scale as it
/// goes: it grows as long as all gradients are finite, and where one is not the step is skipped and the scale shrinks.
///
///   scaler.scale(output.loss).backward();
///   scaler.step(optimizer, {.max_norm = 1.0});
///   scaler.update();
///
/// or, when the gradients are looked at before the step:
///
///   scaler.scale(output.loss).backward();
///   scaler.unscale(optimizer);
///   clip_grad_norm(optimizer, 1.0);
///   scaler.step(optimizer);
///   scaler.update();
///
/// 16-bit gradients keep the scale in memory and are divided by it where they are read (`Variable::grad_factor`), so
/// that what the scale has saved from underflow is not lost before the optimizer has it in float.
///
/// Of a loss on a CUDA device the scale stays in the device's memory: the host waits for it only in `unscale`, and
/// where it asks (for the scale, the counts, the state, whether a step was taken). So the first form never waits, and
/// can be recorded in a graph, see `TrainingGraphOptions::scaler`.
/// @source torch.amp.GradScaler; Micikevicius et al., "Mixed Precision Training", 2018
class GradScaler {
 public:
  /// @throws ConfigError for an option out of its range.
  explicit GradScaler(GradScalerOptions options = {}) : options_(options) {
    check(options_.init_scale > 0 && std::isfinite(options_.init_scale), "init_scale", "positive and finite",
          options_.init_scale);
    check(options_.growth_factor > 1 && std::isfinite(options_.growth_factor), "growth_factor", "above 1",
          options_.growth_factor);
    check(options_.backoff_factor > 0 && options_.backoff_factor < 1, "backoff_factor", "in (0,1)",
          options_.backoff_factor);
    check(options_.growth_interval >= 1, "growth_interval", "at least 1",
          static_cast<double>(options_.growth_interval));
    host_ = {.scale = static_cast<double>(static_cast<float>(options_.init_scale)),
             .growth_tracker = 0,
             .skipped_steps = 0,
             .found_nonfinite = 0,
             .growth_factor = options_.growth_factor,
             .backoff_factor = options_.backoff_factor,
             .growth_interval = static_cast<double>(options_.growth_interval)};
  }
  GradScaler(const GradScaler&) = delete;
  GradScaler& operator=(const GradScaler&) = delete;

  /// scale * loss. @param loss a loss, or several. @return the same shape.
  template <Floating T>
  Variable<T> scale(const Variable<T>& loss) {
    if (!options_.enabled) return loss;
    const ProfileScope scope("scale", ProfileCategory::kForward);
    move_to(loss.device());
    // The scale as it is now: another `update` may come before the backward pass.
    const Tensor<double> factor = is_on_device_ ? on_device_.rows(0, 1).clone() : Tensor<double>::from({host_.scale});
    const auto scaled = [factor](const Tensor<T>& x) {
      Tensor<T> y(x.shape(), x.device());
      on(x.device(), [&](auto backend) { scale_by(backend, y.data(), x.data(), x.numel(), factor.data()); });
      return y;
    };
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

  /// Steps the optimizer when all gradients are finite, after `unscale` if that was not called; clears the gradients in
  /// either case.
  /// @return whether the optimizer has stepped. @throws Error when it was called already since the last `update`; what
  /// `Optimizer::step` throws.
  StepTaken step(Optimizer& optimizer, StepOptions options = {}) {
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

  /// The scale of the next step, see `update_loss_scale`.
  /// @throws Error without a `step` or `unscale` before.
  void update() {
    if (!options_.enabled) return;
    if (progress_.empty()) throw Error("[GradScaler] update() must come after step() but no gradients were looked at");
    progress_.clear();
    if (is_on_device_) return update_on_device();
    update_loss_scale(host_);
  }

  /// The factor on the loss; 1 when not enabled.
  double get_scale() const { return options_.enabled ? state().scale : 1; }
  bool is_enabled() const { return options_.enabled; }
  /// Steps that were skipped because of an infinite or NaN gradient.
  Index skipped_steps() const { return static_cast<Index>(state().skipped_steps); }
  /// Steps since the last infinite gradient or growth.
  Index growth_tracker() const { return static_cast<Index>(state().growth_tracker); }
  const GradScalerOptions& options() const { return options_; }

  /// Scale and counts, all at once.
  LossScale state() const {
    LossScale result = host_;
    if (is_on_device_)
      detail::copy_bytes(&result, Device::cpu(), on_device_.data(), on_device_.device(), sizeof result);
    return result;
  }

  /// All numbers by PyTorch's names, and `skipped_steps`; empty when not enabled.
  std::map<std::string, double> state_dict() const {
    if (!options_.enabled) return {};
    const LossScale now = state();
    return {{"scale", now.scale},
            {"growth_factor", now.growth_factor},
            {"backoff_factor", now.backoff_factor},
            {"growth_interval", now.growth_interval},
            {"_growth_tracker", now.growth_tracker},
            {"skipped_steps", now.skipped_steps}};
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

  /// For steps in graphs, see `TrainingGraph`: the state, which stays at its place and is on the device after
  /// `move_to`; and what `update` does there.
  LossScale* device_state() { return reinterpret_cast<LossScale*>(on_device_.data()); }
  void update_on_device() {
    on(on_device_.device(), [this](auto backend) { update_loss_scale(backend, device_state()); });
  }
  /// Brings the state to a device, if it is not there; from a CUDA device to the host this waits.
  void move_to(Device device) {
    if (is_on_device_ ? on_device_.device() == device : device.is_cpu()) return;
    host_ = state();
    is_on_device_ = device.is_cuda();
    if (!is_on_device_) return;
    static_assert(sizeof(LossScale) == kNumbers * sizeof(double));
    if (on_device_.empty() || !(on_device_.device() == device)) on_device_ = Tensor<double>(Shape{kNumbers}, device);
    detail::copy_bytes(on_device_.data(), device, &host_, Device::cpu(), sizeof host_);
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

  static constexpr Index kNumbers = 7;  // of a `LossScale`

  GradScalerOptions options_;
  LossScale host_;            // the state, unless it is on a device
  Tensor<double> on_device_;  // (kNumbers)
  bool is_on_device_ = false;
  std::unordered_map<const Optimizer*, Progress> progress_;  // since the last update
};

}  // namespace tempa::inline TEMPA_ABI
