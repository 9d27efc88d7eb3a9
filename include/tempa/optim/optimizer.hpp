// What every optimizer is.
#pragma once

#include <tempa/optim/clip_grad_norm.hpp>
#include <tempa/optim/detail/parameter_list.hpp>
#include <tempa/optim/detail/recorded_step.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace tempa::inline TEMPA_ABI {

/// Options of `Optimizer::step`.
struct StepOptions {
  /// Leave the gradients, which are cleared otherwise.
  bool keep_gradients = false;
  /// Update with the gradients clipped to this L2 norm, as `clip_grad_norm` does, but within the update: gradients that
  /// are kept are as they were. Infinity only measures the norm, nothing does neither. On a CUDA device all of it
  /// happens there: the host does not wait.
  std::optional<double> max_norm = std::nullopt;
  /// With max_norm: leave parameters and moments as they are when the norm is NaN or infinite.
  bool skip_nonfinite = false;
};

/// Everything that an optimizer remembers, by name: `groups.<g>.<option>` and `state.<parameter>.step` are numbers,
/// `state.<parameter>.exp_avg` and the like are tensors that share storage with the optimizer, and so is
/// `state.<parameter>.master` of a 16-bit parameter.
struct OptimizerState {
  std::map<std::string, double> numbers;
  std::map<std::string, std::variant<Tensor<float>, Tensor<double>>> tensors;
};

/// Parameters with options of their own.
template <typename Options>
struct ParamGroup {
  ParameterList parameters;
  Options options = {};
};

/// The side of an optimizer that schedulers, clipping and trainers hold by reference.
class Optimizer {
 public:
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;
  virtual ~Optimizer() = default;

  /// Updates every parameter that requires a gradient and has one, then clears all gradients.
  /// @throws OutOfMemoryError when there is no room for moments; nothing was changed then.
  /// ConfigError for a negative or NaN max_norm.
  void step(StepOptions options = {});
  /// The norm that the latest step with a `max_norm` found, before clipping. Waits for the device.
  virtual double grad_norm() = 0;
  /// After a step whose norm turned out not to be finite, with `skip_nonfinite`: a CUDA device has skipped it, but the
  /// host has counted it. Takes that back; does nothing on the CPU, which has not, and after a step of a `GradScaler`.
  virtual void take_back_count() {}
  /// A step during the capture of a graph, see `TrainingGraph`. @param scale of a `GradScaler` that has scaled the
  /// loss.
  /// @throws CudaError when the parameters are not all on one device and of one age.
  virtual std::unique_ptr<detail::RecordedStep> record_step(const StepOptions&, detail::LossScaleOfStep = {});
  /// A step by gradients of a loss that a `GradScaler` has scaled, without the host waiting for whether they are
  /// finite; the gradients stay. @return false, with nothing done, when the parameters are not all on one device and of
  /// one age.
  virtual bool step_scaled(const StepOptions&, detail::LossScaleOfStep) { return false; }
  /// Takes the steps that `step_scaled`, or a graph, has skipped off the count. Waits for the device when there were
  /// such steps.
  virtual void settle_count() {}
  /// Drops all gradients: `has_grad` is false then. @source torch.optim.Optimizer.zero_grad
  void zero_grad();

  /// All parameters, in the order of the groups; one without a name is called by its number here.
  const ParameterList& parameters() const { return parameters_; }
  virtual std::size_t num_groups() const = 0;
  /// Learning rate of a group. @throws ConfigError when there is no such group.
  virtual double lr(std::size_t group = 0) const = 0;
  /// @throws ConfigError for a negative, infinite or NaN rate, or when there is no such group.
  virtual void set_lr(std::size_t group, double lr) = 0;

  /// Options, step counts and moments. @source torch.optim.Optimizer.state_dict
  virtual OptimizerState state_dict() const = 0;
  /// Takes over a copy of `state`. @throws ConfigError naming what is missing, left over or of another shape; nothing
  /// was changed then.
  virtual void load_state_dict(const OptimizerState& state) = 0;

 protected:
  Optimizer() = default;
  virtual void update_all(const StepOptions& options) = 0;

  ParameterList parameters_;
};

namespace detail {

/// @throws ConfigError `[who] field must …` unless `holds`.
void check_option(bool holds, std::string_view who, std::string_view field, std::string_view rule, double value);
void check_not_negative(std::string_view who, std::string_view field, double value);

}  // namespace detail

/// `clip_grad_norm` for all parameters of an optimizer. On a GPU `optimizer.step({.max_norm = …})` does the same
/// without the host waiting for the norm.
double clip_grad_norm(const Optimizer& optimizer, double max_norm, ClipGradNormOptions options = {});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/optim/impl/optimizer.ipp>
#endif
