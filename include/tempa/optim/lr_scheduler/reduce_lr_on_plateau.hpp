// Lowers the learning rate when a metric no longer improves.
#pragma once

#include <tempa/optim/optimizer.hpp>

#include <map>
#include <string>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Which metric is better.
enum class PlateauMode {
  kMin,  ///< a smaller one, as a loss
  kMax,  ///< a larger one, as an accuracy
};

/// What `threshold` is measured in.
enum class ThresholdMode {
  kRel,  ///< shares of the best metric
  kAbs,  ///< the metric itself
};

/// Options of `ReduceLROnPlateau`, with PyTorch's names and defaults.
struct ReduceLROnPlateauOptions {
  PlateauMode mode = PlateauMode::kMin;
  double factor = 0.1;
  Index patience = 10;      ///< bad steps that are tolerated; the next one lowers the rate
  double threshold = 1e-4;  ///< an improvement by less is none
  ThresholdMode threshold_mode = ThresholdMode::kRel;
  Index cooldown = 0;  ///< steps after a reduction in which bad ones are not counted
  double min_lr = 0;
  std::vector<double> min_lrs = {};  ///< one for each group, instead of min_lr
  double eps = 1e-8;                 ///< a change of the rate by no more is not made
};

/// After more than `patience` calls of `step` in a row without improvement: lr = max(factor lr, min_lr).
/// @source torch.optim.lr_scheduler.ReduceLROnPlateau
class ReduceLROnPlateau {
 public:
  /// @throws ConfigError for a factor outside [0,1), a negative option, or min_lrs of another number than the groups.
  explicit ReduceLROnPlateau(Optimizer& optimizer, ReduceLROnPlateauOptions options = {});
  ReduceLROnPlateau(const ReduceLROnPlateau&) = delete;
  ReduceLROnPlateau& operator=(const ReduceLROnPlateau&) = delete;

  /// Takes the metric of one evaluation; NaN is no improvement.
  /// @return whether the rates were due to be lowered.
  bool step(double metric);

  /// The best metric so far; infinity before the first.
  double best() const { return best_; }
  Index last_step() const { return last_step_; }

  const ReduceLROnPlateauOptions& options() const { return options_; }

  /// Best metric and counters by name; the rates are part of the optimizer's state.
  std::map<std::string, double> state_dict() const;
  /// @throws ConfigError naming what is missing or impossible; nothing was changed then.
  void load_state_dict(const std::map<std::string, double>& state);

 private:
  double worst() const;
  bool is_better(double metric) const;

  Optimizer& optimizer_;
  ReduceLROnPlateauOptions options_;
  double best_;
  Index cooldown_left_ = 0;
  Index last_step_ = 0;
  Index num_bad_steps_ = 0;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/optim/lr_scheduler/impl/reduce_lr_on_plateau.ipp>
#endif
