// A schedule of the user's own.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/optim/lr_scheduler/lr_scheduler.hpp>

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("optim");

namespace tempa::inline TEMPA_ABI {

/// lr = base f(step), with one function for all groups or one for each:
/// `LambdaLR scheduler(optimizer, [](Index step) { return 1.0 / (1.0 + step); });`
/// @source torch.optim.lr_scheduler.LambdaLR
class LambdaLR final : public LRScheduler {
 public:
  using Factor = std::function<double(Index step)>;

  /// @throws ConfigError when there is no function, or when it gives a rate that is negative or not finite.
  LambdaLR(Optimizer& optimizer, const Factor& factor)
      : LambdaLR(optimizer, std::vector<Factor>(optimizer.num_groups(), factor)) {}
  /// @throws ConfigError as above, or when there is not one function for each group.
  LambdaLR(Optimizer& optimizer, std::vector<Factor> factors) : LRScheduler(optimizer), factors_(std::move(factors)) {
    if (factors_.size() != optimizer.num_groups())
      throw ConfigError(concat("[LambdaLR] expected ", optimizer.num_groups(),
                               " functions, one for each group, but got ", factors_.size()));
    for (const auto& factor : factors_)
      if (!factor) throw ConfigError("[LambdaLR] expected a function but got an empty one");
    apply();
  }

 private:
  double compute(Index step, double base_lr, std::size_t group) const override {
    return base_lr * factors_[group](step);
  }
  std::vector<Factor> factors_;
};

}  // namespace tempa::inline TEMPA_ABI
