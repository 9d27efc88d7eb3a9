// What every learning rate schedule is: the rate of each group as a function of the number of steps.
#pragma once

#include <tempa/optim/optimizer.hpp>

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Sets the learning rates of an optimizer as a function of the calls of `step`, one a batch or one an epoch as the
/// user calls it. The rates that the optimizer has when the scheduler is made are its base rates; the constructor sets
/// the rates of step 0. Rates are computed afresh from the base rates, so an optimizer takes one such scheduler.
/// @source torch.optim.lr_scheduler.LRScheduler
class LRScheduler {
 public:
  LRScheduler(const LRScheduler&) = delete;
  LRScheduler& operator=(const LRScheduler&) = delete;
  virtual ~LRScheduler() = default;

  /// Goes on to the next step and sets its rates.
  void step();
  /// Number of steps taken: PyTorch's last_epoch.
  Index last_step() const { return last_step_; }
  /// The rate of `group` at any step, past or to come. @throws ConfigError when there is no such group.
  double lr_at(Index step, std::size_t group = 0) const;

  /// Step and base rates by name. @source torch.optim.lr_scheduler.LRScheduler.state_dict
  std::map<std::string, double> state_dict() const;
  /// Takes `state` over and sets the rates. @throws ConfigError naming what is missing or impossible.
  void load_state_dict(const std::map<std::string, double>& state);

 protected:
  explicit LRScheduler(Optimizer& optimizer);

  /// The rate at `step` of a group with the rate `base_lr` in the beginning.
  virtual double compute(Index step, double base_lr, std::size_t group) const = 0;

  /// Sets the rates of the current step; the last act of every scheduler's constructor.
  void apply();

  const std::vector<double>& base_lrs() const { return base_lrs_; }

 private:
  Optimizer& optimizer_;
  std::vector<double> base_lrs_;
  Index last_step_ = 0;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/optim/lr_scheduler/impl/lr_scheduler.ipp>
#endif
