// The bodies of <tempa/nn/module.hpp>.
#pragma once

#include <tempa/autograd/no_grad.hpp>
#include <tempa/core/detail/instantiate.hpp>
#include <tempa/nn/module.hpp>

#include <optional>
#include <unordered_map>
#include <unordered_set>

namespace tempa::inline TEMPA_ABI {

namespace detail {

TEMPA_INLINE LeafCollector::LeafCollector(std::vector<Leaf>& leaves, std::string prefix)
    : leaves_(leaves), prefix_(std::move(prefix)) {}

TEMPA_INLINE void LeafCollector::add(std::string_view part, LeafPointer pointer) const {
  leaves_.push_back({prefix_ + std::string(part), pointer});
}

TEMPA_INLINE LeafCollector LeafCollector::inside(std::string_view part) const {
  return LeafCollector(leaves_, prefix_ + std::string(part) + ".");
}

template <Floating T>
std::vector<NamedParameter<T>> named_parameters(const std::vector<Leaf>& leaves) {
  std::vector<NamedParameter<T>> result;
  std::unordered_set<const void*> seen;
  for (const Leaf& leaf : leaves)
    if (Variable<T>* const* variable = std::get_if<Variable<T>*>(&leaf.pointer))
      if (seen.insert((*variable)->node().get()).second) result.push_back({leaf.name, **variable});
  return result;
}

TEMPA_INLINE Index parameter_count(const std::vector<Leaf>& leaves) {
  Index count = 0;
  std::unordered_set<const void*> seen;
  for_each_parameter(leaves, [&](const std::string&, const auto& variable) {
    if (seen.insert(variable.node().get()).second) count += variable.numel();
  });
  return count;
}

TEMPA_INLINE void set_training(const std::vector<Leaf>& leaves, bool training) {
  for_each_mode(leaves, [&](TrainingMode& mode) { mode.training = training; });
}

TEMPA_INLINE void set_requires_grad(const std::vector<Leaf>& leaves, bool requires_grad) {
  for_each_parameter(leaves, [&](const std::string&, auto& variable) { variable.set_requires_grad(requires_grad); });
}

TEMPA_INLINE void move_to(const std::vector<Leaf>& leaves, Device device) {
  for_each_parameter(leaves, [&](const std::string&, auto& variable) { variable.move_to(device); });
  for_each_buffer(leaves, [&](const std::string&, auto& buffer) { buffer = buffer.to(device); });
}

TEMPA_INLINE Device device_of(const std::vector<Leaf>& leaves) {
  std::optional<Device> device;
  for_each_parameter(leaves, [&](const std::string&, const auto& variable) {
    if (!device) device = variable.device();
  });
  return device.value_or(Device::cpu());
}

TEMPA_INLINE StateDict state_dict(const std::vector<Leaf>& leaves) {
  StateDict result;
  for (const Leaf& leaf : leaves)
    std::visit(
        [&](auto* pointer) {
          using Type = std::remove_pointer_t<decltype(pointer)>;
          if constexpr (is_variable<Type>) result.insert(leaf.name, pointer->value());
          if constexpr (is_tensor<Type>) result.insert(leaf.name, *pointer);
        },
        leaf.pointer);
  return result;
}

/// parameter = source[name], converted between floating-point types.
template <Floating T>
void load_parameter(Variable<T>& parameter, const StateDict& source, const std::string& name) {
  const Device device = parameter.device();
  if constexpr (!Real<T>)
    if (dtype(source.at(name)) != dtype_of<T>)
      return parameter.assign_rounded(source.get<Accumulator<T>>(name).to(device));
  parameter.assign(source.get<T>(name).to(device));
}

TEMPA_INLINE void copy_loaded(const std::vector<Leaf>& leaves, const LoadReport& report, const StateDict& source) {
  const std::unordered_set<std::string_view> loaded(report.loaded.begin(), report.loaded.end());
  std::unordered_map<const void*, const Leaf*> targets;
  for (const Leaf& leaf : leaves) {
    if (!loaded.contains(leaf.name)) continue;
    std::visit(
        [&](auto* pointer) {
          if constexpr (is_variable<std::remove_pointer_t<decltype(pointer)>>) {
            targets[pointer->node().get()] = &leaf;
          } else {
            targets[pointer] = &leaf;
          }
        },
        leaf.pointer);
  }
  std::vector<const Leaf*> order;
  for (const auto& target : targets) order.push_back(target.second);
  parallel_for(0, static_cast<Index>(order.size()), 8, [&, records = grad_enabled()](Index begin, Index end) {
    std::optional<NoGrad> no_grad;  // applies the loading thread's setting in the other threads
    if (!records) no_grad.emplace();
    for (Index i = begin; i < end; ++i) {
      const Leaf& leaf = *order[static_cast<std::size_t>(i)];
      std::visit(
          [&](auto* pointer) {
            using Type = std::remove_pointer_t<decltype(pointer)>;
            if constexpr (is_variable<Type>) load_parameter(*pointer, source, leaf.name);
            if constexpr (is_tensor<Type>)
              pointer->copy_from(source.get<typename Type::value_type>(leaf.name).to(pointer->device()));
          },
          leaf.pointer);
    }
  });
}

TEMPA_INLINE LoadReport load_state_dict(const std::vector<Leaf>& leaves, const StateDict& source) {
  LoadReport report = match_state(source, state_dict(leaves));
  copy_loaded(leaves, report, source);
  return report;
}

}  // namespace detail

TEMPA_INSTANTIATE_FUNCTION(detail::named_parameters);

}  // namespace tempa::inline TEMPA_ABI
