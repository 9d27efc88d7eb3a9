// Modules: plain structs that list their members by name.
//
// A module has a member template `visit(f)` that calls `f("name", member)` for each member that matters: a `Variable`
// is a parameter, a `Tensor` a buffer that is saved with the model, a `TrainingMode` the switch between training and
// evaluation, anything with its own `visit` a submodule, a `std::vector` of modules a list. Names join with dots,
// as in a PyTorch state dict. Nothing is registered and nothing is inherited; all functions here work on any such
// struct.
#pragma once

#include <tempa/autograd/variable.hpp>
#include <tempa/io/state_dict.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
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

/// A parameter (`Variable<T>*`), a buffer (`Tensor<T>*`) or a switch (`TrainingMode*`) inside a module.
using LeafPointer = std::variant<Variable<float>*, Variable<double>*, Variable<float16>*, Variable<bfloat16>*,
                                 Tensor<float>*, Tensor<double>*, Tensor<float16>*, Tensor<bfloat16>*,
                                 Tensor<std::int32_t>*, Tensor<std::int64_t>*, Tensor<std::uint8_t>*, TrainingMode*>;

/// A leaf with its name, which is its name in the state dict if it has a place there.
struct Leaf {
  std::string name;
  LeafPointer pointer;
};

namespace detail {

/// The visitor of `leaves`: one type for all purposes, so that a module's `visit` is compiled once.
class LeafCollector {
 public:
  explicit LeafCollector(std::vector<Leaf>& leaves, std::string prefix = {});

  template <typename Member>
  void operator()(std::string_view part, Member& member) const {
    if constexpr (is_variable<Member>) {
      if (member.defined()) add(part, &member);
    } else if constexpr (std::constructible_from<LeafPointer, Member*>) {
      add(part, &member);
    } else if constexpr (Module<Member>) {
      member.visit(inside(part));
    } else {
      const LeafCollector list = inside(part);
      for (std::size_t i = 0; i < member.size(); ++i) list(std::to_string(i), member[i]);
    }
  }

 private:
  void add(std::string_view part, LeafPointer pointer) const;
  LeafCollector inside(std::string_view part) const;

  std::vector<Leaf>& leaves_;
  std::string prefix_;
};

/// Calls `f(name, Variable<T>&)` for the parameters of a module; for a shared one, as often as it is visited.
template <typename F>
void for_each_parameter(const std::vector<Leaf>& leaves, const F& f) {
  for (const Leaf& leaf : leaves)
    std::visit(
        [&](auto* pointer) {
          if constexpr (is_variable<std::remove_pointer_t<decltype(pointer)>>) f(leaf.name, *pointer);
        },
        leaf.pointer);
}

/// Calls `f(name, Tensor<T>&)` for the buffers of a module.
template <typename F>
void for_each_buffer(const std::vector<Leaf>& leaves, const F& f) {
  for (const Leaf& leaf : leaves)
    std::visit(
        [&](auto* pointer) {
          if constexpr (is_tensor<std::remove_pointer_t<decltype(pointer)>>) f(leaf.name, *pointer);
        },
        leaf.pointer);
}

/// Calls `f(mode)` for the switches of a module.
template <typename F>
void for_each_mode(const std::vector<Leaf>& leaves, const F& f) {
  for (const Leaf& leaf : leaves)
    if (TrainingMode* const* mode = std::get_if<TrainingMode*>(&leaf.pointer)) f(**mode);
}

}  // namespace detail

/// Every parameter, buffer and switch of `module`, in the order of `visit`. An undefined variable (a layer without
/// bias) is left out; a shared one is listed as often as it is visited. The pointers are valid as long as nothing in
/// the module is added, removed or moved.
template <Module M>
std::vector<Leaf> leaves(M& module) {
  std::vector<Leaf> result;
  module.visit(detail::LeafCollector(result));
  return result;
}

/// A parameter with its name in the state dict.
template <Floating T>
struct NamedParameter {
  std::string name;
  Variable<T> variable;
};

namespace detail {

template <Floating T>
std::vector<NamedParameter<T>> named_parameters(const std::vector<Leaf>& leaves);

Index parameter_count(const std::vector<Leaf>& leaves);

void set_training(const std::vector<Leaf>& leaves, bool training);

void set_requires_grad(const std::vector<Leaf>& leaves, bool requires_grad);

void move_to(const std::vector<Leaf>& leaves, Device device);

Device device_of(const std::vector<Leaf>& leaves);

StateDict state_dict(const std::vector<Leaf>& leaves);

/// Copies what `report` names as loaded into parameters and buffers, converted between floating-point types. A
/// parameter with several names gets the tensor of the last one.
/// @param report of `match_state` for the source and these leaves' `state_dict`.
void copy_loaded(const std::vector<Leaf>& leaves, const LoadReport& report, const StateDict& source);

LoadReport load_state_dict(const std::vector<Leaf>& leaves, const StateDict& source);

}  // namespace detail

/// All parameters with their names, in the order of `visit`; a shared one appears once, under its first name.
/// @source torch.nn.Module.named_parameters
template <Floating T, Module M>
std::vector<NamedParameter<T>> named_parameters(M& module) {
  return detail::named_parameters<T>(leaves(module));
}

/// Number of elements of all parameters, frozen ones included.
template <Module M>
Index parameter_count(M& module) {
  return detail::parameter_count(leaves(module));
}

/// Switches every part of `module` to training or to evaluation.
template <Module M>
void set_training(M& module, bool training) {
  detail::set_training(leaves(module), training);
}

/// Freezes (false) or unfreezes (true) every parameter of `module`: `set_requires_grad(model.bert.embeddings, false)`.
template <Module M>
void set_requires_grad(M& module, bool requires_grad) {
  detail::set_requires_grad(leaves(module), requires_grad);
}

/// Moves parameters and buffers to `device`. @throws DeviceError.
template <Module M>
void move_to(M& module, Device device) {
  detail::move_to(leaves(module), device);
}

/// The device of the parameters of `module`: that of the first one, the CPU when there is none.
template <Module M>
Device device_of(M& module) {
  return detail::device_of(leaves(module));
}

/// `input` moved to the device of `module` by `input.to(device)`; an input without `to` is returned unchanged.
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
  return detail::state_dict(leaves(module));
}

/// Copies tensors of the same names and shapes into `module`, converted to its types.
/// @return what was missing, unused or of another shape; none of these is an error.
template <Module M>
LoadReport load_state_dict(M& module, const StateDict& state) {
  return detail::load_state_dict(leaves(module), state);
}

/// Adds the member functions that PyTorch users expect to a module. Optional: `struct Head : ModuleMembers<Head, T>`.
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

#if !defined(TEMPA_SEPARATE)
#include <tempa/nn/impl/module.ipp>
#endif
