// The bodies of <tempa/optim/lr_scheduler/lr_scheduler.hpp>.
#pragma once

#include <tempa/optim/detail/host_step.hpp>
#include <tempa/optim/lr_scheduler/lr_scheduler.hpp>

#include <limits>
#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE void LRScheduler::step() {
  ++last_step_;
  apply();
}

TEMPA_INLINE double LRScheduler::lr_at(Index step, std::size_t group) const {
  if (group >= base_lrs_.size())
    throw ConfigError(concat("[LRScheduler] expected a group below ", base_lrs_.size(), " but got ", group));
  return compute(step, base_lrs_[group], group);
}

TEMPA_INLINE std::map<std::string, double> LRScheduler::state_dict() const {
  std::map<std::string, double> state{{"last_step", static_cast<double>(last_step_)}};
  for (std::size_t g = 0; g < base_lrs_.size(); ++g) state[concat("base_lr.", g)] = base_lrs_[g];
  return state;
}

TEMPA_INLINE void LRScheduler::load_state_dict(const std::map<std::string, double>& state) {
  const auto read = [&](const std::string& name, double largest) {
    const auto found = state.find(name);
    if (found == state.end()) throw ConfigError(concat("[LRScheduler] the saved state has no ", name));
    detail::check_option(found->second >= 0 && found->second <= largest, "LRScheduler", name, "finite and not negative",
                         found->second);
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

TEMPA_INLINE LRScheduler::LRScheduler(Optimizer& optimizer) : optimizer_(optimizer) {
  for (std::size_t g = 0; g < optimizer.num_groups(); ++g) base_lrs_.push_back(optimizer.lr(g));
}

TEMPA_INLINE void LRScheduler::apply() {
  for (std::size_t g = 0; g < base_lrs_.size(); ++g) optimizer_.set_lr(g, lr_at(last_step_, g));
}

}  // namespace tempa::inline TEMPA_ABI
