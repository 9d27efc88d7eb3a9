// What makes a plain struct a module: it can show its members by name.
//
// A module has a member template `visit(f)` that calls `f("name", member)` for each member that matters: a `Variable`
// is a parameter, a `Tensor` a buffer that is saved with the model, a `TrainingMode` the switch between training and
// evaluation, anything with a `visit` of its own a sub-module, a `std::vector` of modules a list. Names join with dots,
// as in a PyTorch state dict. Nothing is registered and nothing is inherited; all functions here work on any such
// struct.
#pragma once

#include <tempa/autograd/variable.hpp>
#include <tempa/io/state_dict.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Whether a module trains (dropout drops, batch norm uses the batch) or evaluates.
struct TrainingMode {
  bool training = true;
  explicit operator bool() const { return training; }
};

namespace detail {
struct AnyVisitor {
  template <typename Member>
  void operator()(std::string_view, Member&) const {}
};
template <typename T>
inline constexpr bool is_variable = false;
template <typename T>
inline constexpr bool is_variable<Variable<T>> = true;
template <typename T>
inline constexpr bool is_tensor = false;
template <typename T>
inline constexpr bool is_tensor<Tensor<T>> = true;
}  // namespace detail

/// A struct whose `visit(f)` calls `f(name, member)` for its members.
template <typename M>
concept Module = requires(M& module) {
  module.visit(detail::AnyVisitor{});
};

/// Calls `f(name, leaf)` for every parameter (`Variable<T>&`), buffer (`Tensor<T>&`) and `TrainingMode&` in `module`.
/// An undefined variable (a layer without bias) is left out.
template <typename M, typename F>
void for_each_leaf(M& member, const std::string& name, const F& f) {
  if constexpr (detail::is_variable<M>) {
    if (member.defined()) f(name, member);
  } else if constexpr (detail::is_tensor<M> || std::same_as<M, TrainingMode>) {
    f(name, member);
  } else if constexpr (Module<M>) {
    member.visit([&](std::string_view part, auto& child) {
      for_each_leaf(child, name.empty() ? std::string(part) : name + "." + std::string(part), f);
    });
  } else {
    for (std::size_t i = 0; i < member.size(); ++i)
      for_each_leaf(member[i], name.empty() ? std::to_string(i) : name + "." + std::to_string(i), f);
  }
}

/// A parameter with its name in the state dict.
template <Floating T>
struct NamedParameter {
  std::string name;
  Variable<T> variable;
};

/// All parameters with their names, in the order of `visit`; a shared one appears once, under its first name.
/// @source torch.nn.Module.named_parameters
template <Floating T, Module M>
std::vector<NamedParameter<T>> named_parameters(M& module) {
  std::vector<NamedParameter<T>> result;
  std::unordered_set<const void*> seen;
  for_each_leaf(module, "", [&](const std::string& name, auto& leaf) {
    if constexpr (std::same_as<std::remove_cvref_t<decltype(leaf)>, Variable<T>>)
      if (seen.insert(leaf.node().get()).second) result.push_back({name, leaf});
  });
  return result;
}

/// Number of elements of all parameters, frozen ones included.
template <Module M>
Index parameter_count(M& module) {
  Index count = 0;
  std::unordered_set<const void*> seen;
  for_each_leaf(module, "", [&](const std::string&, auto& leaf) {
    if constexpr (detail::is_variable<std::remove_cvref_t<decltype(leaf)>>)
      if (seen.insert(leaf.node().get()).second) count += leaf.numel();
  });
  return count;
}

/// Switches every part of `module` to training or to evaluation.
template <Module M>
void set_training(M& module, bool training) {
  for_each_leaf(module, "", [&](const std::string&, auto& leaf) {
    if constexpr (std::same_as<std::remove_cvref_t<decltype(leaf)>, TrainingMode>) leaf.training = training;
  });
}

/// Freezes (false) or thaws (true) every parameter of `module`: `set_requires_grad(model.bert.embeddings, false)`.
template <Module M>
void set_requires_grad(M& module, bool requires_grad) {
  for_each_leaf(module, "", [&](const std::string&, auto& leaf) {
    if constexpr (detail::is_variable<std::remove_cvref_t<decltype(leaf)>>) leaf.set_requires_grad(requires_grad);
  });
}

/// Moves parameters and buffers to `device`. @throws DeviceError.
template <Module M>
void move_to(M& module, Device device) {
  for_each_leaf(module, "", [&](const std::string&, auto& leaf) {
    using Leaf = std::remove_cvref_t<decltype(leaf)>;
    if constexpr (detail::is_variable<Leaf>) leaf.mutable_value() = leaf.value().to(device);
    if constexpr (detail::is_tensor<Leaf>) leaf = leaf.to(device);
  });
}

/// Where the parameters of `module` are: the device of the first one, the CPU when there is none.
template <Module M>
Device device_of(M& module) {
  std::optional<Device> device;
  for_each_leaf(module, "", [&](const std::string&, auto& leaf) {
    if constexpr (detail::is_variable<std::remove_cvref_t<decltype(leaf)>>)
      if (!device) device = leaf.device();
  });
  return device.value_or(Device::cpu());
}

/// What `module` is called with, moved to its device by `input.to(device)`; an input without `to` as it is.
template <Module M, typename Input>
decltype(auto) input_for(M& module, const Input& input) {
  if constexpr (requires { input.to(Device::cpu()); }) {
    return input.to(device_of(module));
  } else {
    return (input);
  }
}

/// Parameters and buffers by name; the tensors share the module's storage.
/// @source torch.nn.Module.state_dict
template <Module M>
StateDict state_dict(M& module) {
  StateDict result;
  for_each_leaf(module, "", [&](const std::string& name, auto& leaf) {
    using Leaf = std::remove_cvref_t<decltype(leaf)>;
    if constexpr (detail::is_variable<Leaf>) result.insert(name, leaf.value());
    if constexpr (detail::is_tensor<Leaf>) result.insert(name, leaf);
  });
  return result;
}

/// Copies tensors of the same names and shapes into `module`, converted to its types.
/// @return what was missing, left over or of another shape; nothing is thrown for those.
template <Module M>
LoadReport load_state_dict(M& module, const StateDict& state) {
  StateDict target = state_dict(module);
  return copy_matching(state, target);
}

/// Gives a module the member functions that PyTorch users look for. Optional: `struct Head : ModuleMembers<Head, T>`.
template <typename Self, Floating T>
struct ModuleMembers {
  /// Handles to all parameters, for an optimizer.
  std::vector<NamedParameter<T>> named_parameters() { return tempa::named_parameters<T>(self()); }
  std::vector<Variable<T>> parameters() {
    std::vector<Variable<T>> result;
    for (auto& parameter : named_parameters()) result.push_back(std::move(parameter.variable));
    return result;
  }
  StateDict state_dict() { return tempa::state_dict(self()); }
  LoadReport load_state_dict(const StateDict& state) { return tempa::load_state_dict(self(), state); }
  Index parameter_count() { return tempa::parameter_count(self()); }
  void train(bool training = true) { set_training(self(), training); }
  void eval() { train(false); }
  void to(Device device) { move_to(self(), device); }

 private:
  Self& self() { return static_cast<Self&>(*this); }
};

}  // namespace tempa::inline TEMPA_ABI
