// An optimizer's step, parameter by parameter.
#pragma once

#include <tempa/autograd/dispatch.hpp>
#include <tempa/cpu/optimizer.hpp>
#include <tempa/optim/clip_grad_norm.hpp>
#include <tempa/optim/detail/slots.hpp>
#include <tempa/optim/optimizer.hpp>

#include <cmath>
#include <cstddef>

namespace tempa::inline TEMPA_ABI::detail {

/// The step that the host leads: it knows the norm and all numbers, and starts a pass for each parameter, on whatever
/// device that lies.
template <typename Rule>
class HostStep {
 public:
  void update(Slots<Rule>& slots, const ParameterList& parameters, const StepOptions& options) {
    double clipping = 1;
    if (options.max_norm) {
      norm_ = total_grad_norm(parameters);
      if (options.skip_nonfinite && !std::isfinite(norm_)) return;
      clipping = clip_factor(norm_, *options.max_norm);
    }
    slots.for_each_updated([&]<Floating T>(Slot<Rule, T>& slot, const auto& of_group, std::size_t) {
      using Formula = typename Rule::Formula;
      slot.count_bytes_of_update();
      const bool is_first = slot.begin_step();
      const auto scalars = Formula::template scalars<Accumulator<T>>(
          Rule::group(of_group), static_cast<double>(slot.step), is_first, slot.variable.grad_factor() * clipping);
      on(slot.variable.device(), [&](auto backend) {
        optimizer_step<T, Formula>(backend, slot.weights(), slot.copy(), slot.moments_in_use(of_group),
                                   slot.variable.grad().data(), slot.variable.numel(), scalars);
      });
    });
  }
  /// The norm that the latest step with a `max_norm` found, before clipping.
  double norm() const { return norm_; }

 private:
  double norm_ = 0;
};

}  // namespace tempa::inline TEMPA_ABI::detail
