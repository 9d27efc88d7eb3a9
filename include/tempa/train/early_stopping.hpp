// Watches a metric: which evaluation was best, and when to stop.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/core/error.hpp>
#include <tempa/core/shape.hpp>

#include <cmath>
#include <optional>

TEMPA_COMPILED_FILE("train");

namespace tempa::inline TEMPA_ABI {

/// Options of `EarlyStopping`.
struct EarlyStoppingOptions {
  Index patience = 3;      ///< evaluations without improvement until training stops
  double min_delta = 0.0;  ///< smallest change that is an improvement
  bool greater_is_better = true;
};

/// Remembers the best value of a metric and says when it has not improved for `patience` evaluations.
class EarlyStopping {
 public:
  /// @throws ConfigError for a patience below 1 or a negative min_delta.
  explicit EarlyStopping(EarlyStoppingOptions options = {}) : options_(options) {
    if (options.patience < 1)
      throw ConfigError(concat("[EarlyStopping] patience must be at least 1 but is ", options.patience));
    if (!(options.min_delta >= 0))
      throw ConfigError(concat("[EarlyStopping] min_delta must not be negative but is ", options.min_delta));
  }

  /// Takes the next value of the metric. @return whether it is the best so far; a NaN never is.
  bool update(double value) {
    const double gain = options_.greater_is_better ? value - best_.value_or(value) : best_.value_or(value) - value;
    const bool improved = !std::isnan(value) && (!best_ || gain > options_.min_delta);
    if (improved) best_ = value;
    waited_ = improved ? 0 : waited_ + 1;
    return improved;
  }

  /// Whether none of the last `patience` values was an improvement.
  bool should_stop() const { return waited_ >= options_.patience; }
  /// The best value so far; nothing before the first.
  std::optional<double> best() const { return best_; }
  /// Values since the best one.
  Index waited() const { return waited_; }
  /// Continues from the `best()` and `waited()` of another one.
  void restore(std::optional<double> best, Index waited) {
    best_ = best;
    waited_ = waited;
  }

 private:
  EarlyStoppingOptions options_;
  std::optional<double> best_;
  Index waited_ = 0;
};

}  // namespace tempa::inline TEMPA_ABI
