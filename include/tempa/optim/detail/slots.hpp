// The parameters of an optimizer, in groups with options of their own.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/optim/detail/parameter_list.hpp>
#include <tempa/optim/detail/slot.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tempa::inline TEMPA_ABI::detail {

/// All that an optimizer remembers; a copy shares the tensors' storage.
template <typename Rule>
struct Slots {
  using Any = std::variant<Slot<Rule, float>, Slot<Rule, double>, Slot<Rule, float16>, Slot<Rule, bfloat16>>;
  struct Group {
    typename Rule::Options options;
    std::size_t begin, end;  ///< of `all`
  };

  std::vector<Group> groups;
  std::vector<Any> all;

  /// Allocates what the parameters with gradients lack: moments and master weights.
  void prepare() {
    for_each_updated([](auto& slot, const auto& options, std::size_t) { slot.prepare(options); });
  }

  /// Calls `f(slot, options, group)` for every parameter with a gradient.
  template <typename F>
  void for_each_updated(const F& f) {
    for (std::size_t g = 0; g < groups.size(); ++g)
      for (std::size_t i = groups[g].begin; i < groups[g].end; ++i)
        std::visit(
            [&](auto& slot) {
              if (slot.is_updated()) f(slot, groups[g].options, g);
            },
            all[i]);
  }
  /// Which parameters have a gradient, by their place in `all`.
  std::vector<std::size_t> updated() const {
    std::vector<std::size_t> result;
    for (std::size_t i = 0; i < all.size(); ++i)
      if (std::visit([](const auto& slot) { return slot.is_updated(); }, all[i])) result.push_back(i);
    return result;
  }

  /// As if the latest `steps` of these parameters had not been counted.
  void take_back(const std::vector<std::size_t>& counted, Index steps) {
    if (steps == 0) return;
    for (const std::size_t i : counted) std::visit([&](auto& slot) { slot.set_step(slot.step - steps); }, all[i]);
  }

  /// What is saved of these parameters: their `unrounded` counts as master weights, which they will become.
  void note_unrounded() {
    for (auto& any : all)
      std::visit(
          []<Floating T>(Slot<Rule, T>& slot) {
            if constexpr (!Real<T>)
              if (!slot.variable.unrounded().empty()) slot.master = slot.variable.unrounded();
          },
          any);
  }
  /// From here on nothing but `master` is known of them.
  void forget_unrounded() const {
    for (const auto& any : all) std::visit([](const auto& slot) { slot.variable.take_unrounded(); }, any);
  }

  /// Where parameters, masters, what comes next into them, and moments lie, and what is frozen.
  std::vector<const void*> references() const {
    std::vector<const void*> result;
    for (const auto& any : all)
      std::visit(
          [&](const auto& slot) {
            result.push_back(slot.variable.requires_grad() ? slot.variable.value().data() : nullptr);
            result.push_back(slot.master.data());
            result.push_back(slot.variable.unrounded().data());
            for (const auto& moment : slot.moments) result.push_back(moment.data());
          },
          any);
    return result;
  }

  /// Calls `number(name, value&)` and `tensor(name, tensor&, shape)` for all that is saved.
  /// @param parameters whose names they are, parallel to `all`.
  template <typename Number, typename TensorF>
  void visit_state(const ParameterList& parameters, const Number& number, const TensorF& tensor) {
    for (std::size_t g = 0; g < groups.size(); ++g)
      groups[g].options.visit(
          [&](std::string_view option, auto& value) { number(concat("groups.", g, ".", option), value); });
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::string prefix = concat("state.", parameters[i].name, ".");
      std::visit(
          [&]<Floating T>(Slot<Rule, T>& slot) {
            number(prefix + "step", slot.step);
            if constexpr (!Real<T>) tensor(prefix + "master", slot.master, slot.variable.shape());
            for (std::size_t m = 0; m < slot.moments.size(); ++m)
              tensor(prefix + std::string(Rule::kMomentNames[m]), slot.moments[m], slot.variable.shape());
          },
          all[i]);
    }
  }
};

}  // namespace tempa::inline TEMPA_ABI::detail
