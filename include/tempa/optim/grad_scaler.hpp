// Loss scaling: what makes float16 gradients large enough to be numbers.
#pragma once

#include <tempa/autograd/dispatch.hpp>
#include <tempa/autograd/tape.hpp>
#include <tempa/cpu/loss_scale.hpp>
#include <tempa/math/loss_scale.hpp>
#include <tempa/optim/optimizer.hpp>
#include <tempa/tensor/profile_scope.hpp>
#include <tempa/tensor/tensor.hpp>

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

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
/// or, when the gradients are inspected before the step:
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
  explicit GradScaler(GradScalerOptions options = {});
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
  bool unscale(const Optimizer& optimizer);

  /// Steps the optimizer when all gradients are finite, after `unscale` if that was not called; clears the gradients in
  /// either case.
  /// @return whether the optimizer has stepped. @throws Error when it was called already since the last `update`; what
  /// `Optimizer::step` throws.
  StepTaken step(Optimizer& optimizer, StepOptions options = {});

  /// The scale of the next step, see `update_loss_scale`.
  /// @throws Error without a `step` or `unscale` before.
  void update();

  /// The factor on the loss; 1 when not enabled.
  double get_scale() const { return options_.enabled ? state().scale : 1; }
  bool is_enabled() const { return options_.enabled; }
  /// Steps that were skipped because of an infinite or NaN gradient.
  Index skipped_steps() const { return static_cast<Index>(state().skipped_steps); }
  /// Steps since the last infinite gradient or growth.
  Index growth_tracker() const { return static_cast<Index>(state().growth_tracker); }
  const GradScalerOptions& options() const { return options_; }

  /// Scale and counts, all at once.
  LossScale state() const;

  /// All numbers by PyTorch's names, and `skipped_steps`; empty when not enabled.
  std::map<std::string, double> state_dict() const;
  /// Takes over what `state_dict` gave. @throws ConfigError naming what is missing or out of its range; nothing was
  /// changed then.
  void load_state_dict(const std::map<std::string, double>& state);

  /// For steps in graphs, see `TrainingGraph`: the state, which stays at its place and is on the device after
  /// `move_to`; and what `update` does there.
  LossScale* device_state() { return reinterpret_cast<LossScale*>(on_device_.data()); }
  void update_on_device();
  /// Brings the state to a device, if it is not there; from a CUDA device to the host this waits.
  void move_to(Device device);

 private:
  enum class Stage { kReady, kUnscaled, kStepped };
  struct Progress {
    Stage stage = Stage::kReady;
    bool found_nonfinite = false;
  };

  static void check(bool holds, std::string_view field, std::string_view rule, double value);

  static constexpr Index kNumbers = 7;  // of a `LossScale`

  GradScalerOptions options_;
  LossScale host_;            // the state, unless it is on a device
  Tensor<double> on_device_;  // (kNumbers)
  bool is_on_device_ = false;
  std::unordered_map<const Optimizer*, Progress> progress_;  // since the last update
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/optim/impl/grad_scaler.ipp>
#endif
