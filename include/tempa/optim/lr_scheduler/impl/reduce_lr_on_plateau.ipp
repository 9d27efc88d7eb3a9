// The bodies of <tempa/optim/lr_scheduler/reduce_lr_on_plateau.hpp>.
#pragma once

#include <tempa/optim/lr_scheduler/reduce_lr_on_plateau.hpp>
#include <tempa/optim/lr_scheduler/warmup.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE ReduceLROnPlateau::ReduceLROnPlateau(Optimizer& optimizer, ReduceLROnPlateauOptions options)
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

TEMPA_INLINE bool ReduceLROnPlateau::step(double metric) {
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

TEMPA_INLINE std::map<std::string, double> ReduceLROnPlateau::state_dict() const {
  return {{"best", best_},
          {"cooldown_left", static_cast<double>(cooldown_left_)},
          {"last_step", static_cast<double>(last_step_)},
          {"num_bad_steps", static_cast<double>(num_bad_steps_)}};
}

TEMPA_INLINE void ReduceLROnPlateau::load_state_dict(const std::map<std::string, double>& state) {
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

TEMPA_INLINE double ReduceLROnPlateau::worst() const {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return options_.mode == PlateauMode::kMin ? kInfinity : -kInfinity;
}

TEMPA_INLINE bool ReduceLROnPlateau::is_better(double metric) const {
  const double margin = options_.mode == PlateauMode::kMin ? -options_.threshold : options_.threshold;
  const double bound = options_.threshold_mode == ThresholdMode::kRel ? best_ * (1 + margin) : best_ + margin;
  return options_.mode == PlateauMode::kMin ? metric < bound : metric > bound;
}

}  // namespace tempa::inline TEMPA_ABI
