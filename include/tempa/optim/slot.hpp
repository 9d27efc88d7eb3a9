// What an optimizer remembers of its parameters.
#pragma once

#include <tempa/autograd/variable.hpp>
#include <tempa/tensor/tensor.hpp>

#include <cstddef>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tempa::inline TEMPA_ABI::detail {

/// A parameter and what its optimizer remembers of it, in float for a 16-bit parameter.
template <typename Rule, Floating T>
struct Slot {
  Variable<T> variable;
  Index step = 0;
  Tensor<Accumulator<T>> master = {};  ///< of a 16-bit parameter the weights in full precision, from the first step on
  typename Rule::template State<Accumulator<T>> state = {};
};

/// The master weights of a 16-bit parameter: what it was before it was rounded, else its values.
template <typename Rule, Floating T>
void prepare_master(Slot<Rule, T>& slot) {
  if constexpr (!Real<T>) {
    if (auto given = slot.variable.take_unrounded(); given.empty()) {
      if (slot.master.empty()) slot.master = slot.variable.value().template cast<Accumulator<T>>();
    } else if (slot.master.empty()) {
      slot.master = std::move(given);
    } else {  // loaded anew; a recorded step refers to this storage
      slot.master.copy_from(given);
    }
  }
}

template <typename Rule>
using AnySlot = std::variant<Slot<Rule, float>, Slot<Rule, double>, Slot<Rule, float16>, Slot<Rule, bfloat16>>;

/// What is saved of these parameters: their `unrounded` counts as master weights, which they will become.
template <typename Rule>
void note_unrounded(std::vector<AnySlot<Rule>>& slots) {
  for (auto& any : slots)
    std::visit(
        []<Floating T>(Slot<Rule, T>& slot) {
          if constexpr (!Real<T>)
            if (!slot.variable.unrounded().empty()) slot.master = slot.variable.unrounded();
        },
        any);
}

/// From here on nothing but `master` is known of them.
template <typename Rule>
void forget_unrounded(const std::vector<AnySlot<Rule>>& slots) {
  for (const auto& any : slots) std::visit([](const auto& slot) { slot.variable.take_unrounded(); }, any);
}

#if defined(TEMPA_WITH_CUDA)
/// Which parameters have a gradient, by their place in `slots`.
template <typename Rule>
std::vector<std::size_t> updated_slots(const std::vector<AnySlot<Rule>>& slots) {
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < slots.size(); ++i)
    std::visit(
        [&](const auto& slot) {
          if (slot.variable.requires_grad() && slot.variable.has_grad()) result.push_back(i);
        },
        slots[i]);
  return result;
}

/// Where parameters, masters, what comes next into them, and moments lie, and what is frozen.
template <typename Rule>
std::vector<const void*> references(std::vector<AnySlot<Rule>>& slots) {
  std::vector<const void*> result;
  for (auto& any : slots)
    std::visit(
        [&](auto& slot) {
          result.push_back(slot.variable.requires_grad() ? slot.variable.value().data() : nullptr);
          result.push_back(slot.master.data());
          result.push_back(slot.variable.unrounded().data());
          slot.state.visit([&](std::string_view, auto& tensor) { result.push_back(tensor.data()); });
        },
        any);
  return result;
}

/// As if the latest `steps` of these parameters had not been counted.
template <typename Rule>
void take_back(std::vector<AnySlot<Rule>>& slots, const std::vector<std::size_t>& counted, Index steps) {
  if constexpr (requires { typename Rule::OnDevice; }) {
    if (steps == 0) return;
    for (const std::size_t i : counted)
      std::visit([&](auto& slot) { Rule::OnDevice::take_back(slot.state, slot.step -= steps); }, slots[i]);
  }
}

/// The steps that a loss scale has skipped on the device, and that the host, which does not know, has counted.
template <typename Rule>
class SkippedSteps {
 public:
  /// Where the device counts them.
  double* data() { return count_.data(); }

  /// Room to count, 0 at first. @throws OutOfMemoryError.
  void reserve(Device device, std::vector<AnySlot<Rule>>& slots) {
    if (!count_.empty() && count_.device() == device) return;
    settle(slots);
    count_ = Tensor<double>::zeros({1}, device);
  }
  /// From here on the counts of these parameters, and of no others, include skipped steps.
  void count_for(const std::vector<std::size_t>& updated, std::vector<AnySlot<Rule>>& slots) {
    if (counted_ == updated) return;
    settle(slots);
    counted_ = updated;
  }
  /// Takes them back from `slots`, or a copy of them. Waits for the device when there may be such steps.
  void take_back_from(std::vector<AnySlot<Rule>>& slots) const {
    if (!counted_.empty()) take_back<Rule>(slots, counted_, static_cast<Index>(count_.to_vector()[0]));
  }
  /// Takes them back, and begins again.
  void settle(std::vector<AnySlot<Rule>>& slots) {
    take_back_from(slots);
    forget();
  }
  void forget() {
    if (!counted_.empty()) count_.fill(0);
    counted_.clear();
  }

 private:
  std::vector<std::size_t> counted_;  // whose step counts include them
  Tensor<double> count_;              // (1)
};
#endif

}  // namespace tempa::inline TEMPA_ABI::detail
