// Lowers the learning rate when a metric no longer improves.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/optim/optimizer.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("optim");

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
  Index patience = 10;      ///< bad steps that are borne; the next one lowers the rate
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
  explicit ReduceLROnPlateau(Optimizer& optimizer, ReduceLROnPlateauOptions options = {})
      : optimizer_(optimizer), options_(std::move(options)), best_(worst()) {
    constexpr const char* kWho = "ReduceLROnPlateau";
    detail::check_option(options_.factor >= 0 && options_.factor < 1, kWho, "factor", "in [0,1)", options_.factor);
    detail::check_not_negative(kWho, "patience", static_cast<double>(options_.patience));
    detail::check_not_negative(kWho, "threshold", options_.threshold);
    detail::check_not_negative(kWho, "cooldown", static_cast<double>(options_.cooldown));
    detail::check_not_negative(kWho, "min_lr", options_.min_lr);
    detail::check_not_negative(kWho, "eps", options_.eps);
    if (options_.min_lrs.empty()) options_.min_lrs.assign(optimizer.num_groups(), options_.min_lr);
    if (options_.min_lrs.size() != optimizer.num_groups())
      throw ConfigError(concat("[ReduceLROnPlateau] min_lrs must have one rate for each of ", optimizer.num_groups(),
                               " groups but has ", options_.min_lrs.size()));
    for (const double min_lr : options_.min_lrs) detail::check_not_negative(kWho, "min_lrs", min_lr);
  }
  ReduceLROnPlateau(const ReduceLROnPlateau&) = delete;
  ReduceLROnPlateau& operator=(const ReduceLROnPlateau&) = delete;

  /// Takes the metric of one evaluation; NaN is no improvement.
  /// @return whether the rates were due to be lowered.
  bool step(double metric) {
    ++last_step_;
    if (is_better(metric)) {
      best_ = metric;
      num_bad_steps_ = 0;
    } else {
      ++num_bad_steps_;
    }
    if (cooldown_left_ > 0) {
      --cooldown_left_;
      num_bad_steps_ = 0;
    }
    if (num_bad_steps_ <= options_.patience) return false;
    for (std::size_t g = 0; g < options_.min_lrs.size(); ++g) {
      const double lr = optimizer_.lr(g), lowered = std::max(lr * options_.factor, options_.min_lrs[g]);
      if (lr - lowered > options_.eps) optimizer_.set_lr(g, lowered);
    }
    cooldown_left_ = options_.cooldown;
    num_bad_steps_ = 0;
    return true;
  }

  /// The best metric so far; infinity before the first.
  double best() const { return best_; }
  Index last_step() const { return last_step_; }

  const ReduceLROnPlateauOptions& options() const { return options_; }

  /// Best metric and counters by name; the rates are part of the optimizer's state.
  std::map<std::string, double> state_dict() const {
    return {{"best", best_},
            {"cooldown_left", static_cast<double>(cooldown_left_)},
            {"last_step", static_cast<double>(last_step_)},
            {"num_bad_steps", static_cast<double>(num_bad_steps_)}};
  }
  /// @throws ConfigError naming what is missing or impossible; nothing was changed then.
  void load_state_dict(const std::map<std::string, double>& state) {
    const auto read = [&](const char* name) {
      const auto found = state.find(name);
      if (found == state.end()) throw ConfigError(concat("[ReduceLROnPlateau] the saved state has no ", name));
      return found->second;
    };
    const auto count = [&](const char* name) {
      const double value = read(name);
      detail::check_option(value >= 0 && value <= 0x1p53, "ReduceLROnPlateau", name, "a count", value);
      return static_cast<Index>(value);
    };
    const double best = read("best");
    const Index cooldown_left = count("cooldown_left"), last_step = count("last_step"),
                num_bad_steps = count("num_bad_steps");
    best_ = best;
    cooldown_left_ = cooldown_left;
    last_step_ = last_step;
    num_bad_steps_ = num_bad_steps;
  }

 private:
  double worst() const {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    return options_.mode == PlateauMode::kMin ? kInfinity : -kInfinity;
  }
  bool is_better(double metric) const {
    const double margin = options_.mode == PlateauMode::kMin ? -options_.threshold : options_.threshold;
    const double bound = options_.threshold_mode == ThresholdMode::kRel ? best_ * (1 + margin) : best_ + margin;
    return options_.mode == PlateauMode::kMin ? metric < bound : metric > bound;
  }

  Optimizer& optimizer_;
  ReduceLROnPlateauOptions options_;
  double best_;
  Index cooldown_left_ = 0;
  Index last_step_ = 0;
  Index num_bad_steps_ = 0;
};

}  // namespace tempa::inline TEMPA_ABI
