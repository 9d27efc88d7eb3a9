// What every learning rate schedule is: the rate of each group as a function of the number of steps.
#pragma once

#include <tempa/optim/optimizer.hpp>

#include <cstddef>
#include <limits>
#include <map>
#include <string>
#include <utility>
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
  void step() {
    ++last_step_;
    apply();
  }
  /// Number of steps taken: PyTorch's last_epoch.
  Index last_step() const { return last_step_; }
  /// The rate of `group` at any step, past or to come. @throws ConfigError when there is no such group.
  double lr_at(Index step, std::size_t group = 0) const {
    if (group >= base_lrs_.size())
      throw ConfigError(concat("[LRScheduler] expected a group below ", base_lrs_.size(), " but got ", group));
    return compute(step, base_lrs_[group], group);
  }

  /// Step and base rates by name. @source torch.optim.lr_scheduler.LRScheduler.state_dict
  std::map<std::string, double> state_dict() const {
    std::map<std::string, double> state{{"last_step", static_cast<double>(last_step_)}};
    for (std::size_t g = 0; g < base_lrs_.size(); ++g) state[concat("base_lr.", g)] = base_lrs_[g];
    return state;
  }
  /// Takes `state` over and sets the rates. @throws ConfigError naming what is missing or impossible.
  void load_state_dict(const std::map<std::string, double>& state) {
    const auto read = [&](const std::string& name, double largest) {
      const auto found = state.find(name);
      if (found == state.end()) throw ConfigError(concat("[LRScheduler] the saved state has no ", name));
      detail::check_option(found->second >= 0 && found->second <= largest, "LRScheduler", name,
                           "finite and not negative", found->second);
      return found->second;
    };
    if (state.size() != base_lrs_.size() + 1)
      throw ConfigError(concat("[LRScheduler] expected the state of ", base_lrs_.size(), " groups but got ",
                               static_cast<Index>(state.size()) - 1));
    const auto step = static_cast<Index>(read("last_step", 0x1p53));
    std::vector<double> base_lrs;
    for (std::size_t g = 0; g < base_lrs_.size(); ++g)
      base_lrs.push_back(read(concat("base_lr.", g), std::numeric_limits<double>::max()));
    last_step_ = step;
    base_lrs_ = std::move(base_lrs);
    apply();
  }

 protected:
  explicit LRScheduler(Optimizer& optimizer) : optimizer_(optimizer) {
    for (std::size_t g = 0; g < optimizer.num_groups(); ++g) base_lrs_.push_back(optimizer.lr(g));
  }

  /// The rate at `step` of a group with the rate `base_lr` in the beginning.
  virtual double compute(Index step, double base_lr, std::size_t group) const = 0;

  /// Sets the rates of the current step; the last act of every scheduler's constructor.
  void apply() {
    for (std::size_t g = 0; g < base_lrs_.size(); ++g) optimizer_.set_lr(g, lr_at(last_step_, g));
  }

  const std::vector<double>& base_lrs() const { return base_lrs_; }

 private:
  Optimizer& optimizer_;
  std::vector<double> base_lrs_;
  Index last_step_ = 0;
};

}  // namespace tempa::inline TEMPA_ABI
