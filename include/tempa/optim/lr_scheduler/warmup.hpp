// The linear warm-up that the schedules of transformers begin with.
#pragma once

#include <tempa/optim/optimizer.hpp>

#include <algorithm>
#include <cmath>
#include <string_view>

namespace tempa::inline TEMPA_ABI::detail {

/// Length of the warm-up and of the whole training, in steps.
struct WarmupPlan {
  Index num_warmup_steps = 0;
  Index num_training_steps = 0;

  /// step / num_warmup_steps, during the warm-up.
  double rising(Index step) const { return static_cast<double>(step) / static_cast<double>(num_warmup_steps); }
  /// Share of the steps after the warm-up that are done.
  double progress(Index step) const;
};

/// Reads a plan off options with num_training_steps, num_warmup_steps and warmup_ratio.
/// A ratio means ceil(ratio num_training_steps) steps; a ratio that was written as a float (0.1f is a little more than
/// 0.1) must not become a step more, so what is above a whole number by less than a float's rounding is that number.
/// @throws ConfigError for a negative number, a ratio outside [0,1], both kinds of warm-up, or one beyond the training.
template <typename Options>
WarmupPlan warmup_plan(std::string_view who, const Options& options) {
  const auto total = static_cast<double>(options.num_training_steps);
  const auto steps = static_cast<double>(options.num_warmup_steps);
  check_option(options.num_training_steps >= 1, who, "num_training_steps", "at least 1", total);
  check_not_negative(who, "num_warmup_steps", steps);
  check_option(options.warmup_ratio >= 0 && options.warmup_ratio <= 1, who, "warmup_ratio", "in [0,1]",
               options.warmup_ratio);
  if (options.num_warmup_steps > 0 && options.warmup_ratio > 0)
    throw ConfigError(concat("[", who, "] expected num_warmup_steps or warmup_ratio but got both: ",
                             options.num_warmup_steps, " and ", options.warmup_ratio));
  if (options.num_warmup_steps > options.num_training_steps)
    throw ConfigError(concat("[", who, "] num_warmup_steps must not be above num_training_steps (",
                             options.num_training_steps, ") but is ", options.num_warmup_steps));
  constexpr double kFloatRounding = 0x1p-23;
  const auto from_ratio = static_cast<Index>(std::ceil(total * options.warmup_ratio * (1 - kFloatRounding)));
  return {std::max(options.num_warmup_steps, from_ratio), options.num_training_steps};
}

}  // namespace tempa::inline TEMPA_ABI::detail

#if !defined(TEMPA_SEPARATE)
#include <tempa/optim/lr_scheduler/impl/warmup.ipp>
#endif
