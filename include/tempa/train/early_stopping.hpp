// Watches a metric: which evaluation was best, and when to stop.
#pragma once

#include <tempa/core/shape.hpp>

#include <optional>

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
  explicit EarlyStopping(EarlyStoppingOptions options = {});

  /// Takes the next value of the metric. @return whether it is the best so far; a NaN never is.
  bool update(double value);

  /// Whether none of the last `patience` values was an improvement.
  bool should_stop() const { return waited_ >= options_.patience; }
  /// The best value so far; nothing before the first.
  std::optional<double> best() const { return best_; }
  /// Values since the best one.
  Index waited() const { return waited_; }
  /// Continues from the `best()` and `waited()` of another one.
  void restore(std::optional<double> best, Index waited);

 private:
  EarlyStoppingOptions options_;
  std::optional<double> best_;
  Index waited_ = 0;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/train/impl/early_stopping.ipp>
#endif
