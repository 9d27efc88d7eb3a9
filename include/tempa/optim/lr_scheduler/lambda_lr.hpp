// A schedule of the user's own.
#pragma once

#include <tempa/optim/lr_scheduler/lr_scheduler.hpp>

#include <cstddef>
#include <functional>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// lr = base f(step), with one function for all groups or one for each:
/// `LambdaLR scheduler(optimizer, [](Index step) { return 1.0 / (1.0 + step); });`
/// @source torch.optim.lr_scheduler.LambdaLR
class LambdaLR final : public LRScheduler {
 public:
  using Factor = std::function<double(Index step)>;

  /// @throws ConfigError when there is no function, or when it gives a rate that is negative or not finite.
  LambdaLR(Optimizer& optimizer, const Factor& factor);
  /// @throws ConfigError as above, or when there is not one function for each group.
  LambdaLR(Optimizer& optimizer, std::vector<Factor> factors);

 private:
  double compute(Index step, double base_lr, std::size_t group) const override;
  std::vector<Factor> factors_;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/optim/lr_scheduler/impl/lambda_lr.ipp>
#endif
