// The optimizers that are made of a rule for one element.
#pragma once

#include <tempa/optim/detail/device_step.hpp>
#include <tempa/optim/detail/host_step.hpp>
#include <tempa/optim/detail/slots.hpp>
#include <tempa/optim/optimizer.hpp>
#include <tempa/tensor/profile_scope.hpp>

#include <cmath>
#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// An optimizer made of a rule; an own one is a struct like `SGDRule`: `kName`; `Options`, an aggregate with an `lr`
/// and a `visit(f)` that calls `f("lr", lr)` and so on; `check(options)`; and `Formula`, what is computed for each
/// element (tempa/math/optimizer.hpp), with `kMomentNames` of its arrays, the optional one last,
/// `uses_optional_moment(options)` and `group(options)`, what it reads of them.
///
/// A 16-bit parameter has float32 master weights here, since most steps are smaller than what 16 bits can resolve: the
/// rule updates those, and the parameter becomes their rounding in the same pass. They start in its first step as what
/// the parameter was before it was rounded (`Variable::unrounded`), else as its values. Elements that something else
/// changes afterwards are taken over from the parameter. Gradients have the parameter's type, as in PyTorch.
template <typename Rule>
class RuleOptimizer : public Optimizer {
 public:
  using Options = typename Rule::Options;
  using Group = ParamGroup<Options>;

  /// One group. @throws ConfigError for options out of range, no parameters, one given twice or two of one name, an
  /// undefined one, and the result of an operation.
  explicit RuleOptimizer(const ParameterList& parameters, Options options = {}) { add_group(parameters, options); }
  /// Several groups: `AdamW optimizer({{body.parameters(), {.lr = 1e-5}}, {head.parameters(), {.lr = 1e-3}}});`
  /// @throws ConfigError as above.
  explicit RuleOptimizer(const std::vector<Group>& groups) {
    if (groups.empty()) throw ConfigError(concat("[", Rule::kName, "] expected at least one group of parameters"));
    for (const auto& group : groups) add_group(group.parameters, group.options);
  }

  std::size_t num_groups() const override { return slots_.groups.size(); }
  double lr(std::size_t group = 0) const override { return static_cast<double>(options(group).lr); }
  void set_lr(std::size_t group, double lr) override {
    Options changed = options(group);
    changed.lr = lr;
    set_options(group, changed);
  }
  /// @throws ConfigError when there is no such group.
  const Options& options(std::size_t group = 0) const { return slots_.groups[check_group(group)].options; }
  /// @throws ConfigError for options out of range, or when there is no such group.
  void set_options(std::size_t group, const Options& options) {
    Rule::check(options);
    slots_.groups[check_group(group)].options = options;
  }

  double grad_norm() override { return device_step_.has_norm() ? device_step_.norm() : host_step_.norm(); }
  void take_back_count() override { device_step_.take_back_count(slots_); }
  void settle_count() override { device_step_.settle_count(slots_); }

  bool step_scaled(const StepOptions& options, detail::LossScaleOfStep scale) override {
    const ProfileScope scope(Rule::kName, ProfileCategory::kOptimizer);
    slots_.prepare();
    return device_step_.update(slots_, options, scale);
  }

  std::unique_ptr<detail::RecordedStep> record_step(const StepOptions& options,
                                                    detail::LossScaleOfStep scale) override {
    auto recorded = device_step_.record(slots_, options, scale);
    if (recorded == nullptr)
      throw CudaError(concat("[", Rule::kName, "] a recorded step needs parameters on one CUDA device, of one age, ",
                             "and with a GradScaler not in double"));
    zero_grad();
    return recorded;
  }

  OptimizerState state_dict() const override {
    OptimizerState result;
    auto saved = slots_;
    saved.note_unrounded();
    device_step_.settle_copy(saved);
    saved.visit_state(
        parameters_, [&](const std::string& name, auto& number) { result.numbers[name] = static_cast<double>(number); },
        [&](const std::string& name, auto& tensor, const Shape&) {
          if (!tensor.empty()) result.tensors.emplace(name, tensor);
        });
    return result;
  }

  void load_state_dict(const OptimizerState& state) override {
    auto loaded = slots_;
    std::unordered_set<std::string> known;
    loaded.visit_state(
        parameters_,
        [&](const std::string& name, auto& number) {
          known.insert(name);
          const auto found = state.numbers.find(name);
          if (found == state.numbers.end()) fail("the saved state has no ", name);
          using NumberT = std::remove_cvref_t<decltype(number)>;
          constexpr double kLargest =
              std::same_as<NumberT, bool> ? 1 : 0x1p53;  // counts and switches are whole numbers
          const double saved = found->second;
          if (std::integral<NumberT> && !(saved >= 0 && saved <= kLargest && saved == std::floor(saved)))
            fail(name, " must be a whole number from 0 to ", kLargest, " but is ", saved);
          number = static_cast<NumberT>(saved);
        },
        [&](const std::string& name, auto& tensor, const Shape& shape) {
          known.insert(name);
          using TensorT = std::remove_cvref_t<decltype(tensor)>;
          tensor = TensorT();
          const auto found = state.tensors.find(name);
          if (found == state.tensors.end()) return;  // not updated yet, or switched off by an option
          const auto* saved = std::get_if<TensorT>(&found->second);
          if (saved == nullptr) fail(name, " was saved in another precision");
          if (!(saved->shape() == shape)) fail(name, " must have shape ", shape, " but has ", saved->shape());
          tensor = saved->clone();
        });
    const auto check_known = [&](const std::string& name) {
      if (!known.contains(name)) fail("the saved state has ", name, ", which is not known here");
    };
    for (const auto& entry : state.numbers) check_known(entry.first);
    for (const auto& entry : state.tensors) check_known(entry.first);
    for (const auto& group : loaded.groups) Rule::check(group.options);
    for (auto& any : loaded.all) std::visit([](auto& slot) { slot.set_step(slot.step); }, any);
    slots_ = std::move(loaded);
    slots_.forget_unrounded();
    device_step_.forget_count();
  }

 protected:
  void update_all(const StepOptions& options) override {
    const ProfileScope scope(Rule::kName, ProfileCategory::kOptimizer);
    slots_.prepare();
    device_step_.settle_count(slots_);
    if (!device_step_.update(slots_, options)) host_step_.update(slots_, parameters_, options);
  }

 private:
  template <typename... Args>
  [[noreturn]] static void fail(const Args&... args) {
    throw ConfigError(concat("[", Rule::kName, "] ", args...));
  }

  std::size_t check_group(std::size_t group) const {
    if (group >= slots_.groups.size()) fail("expected a group below ", slots_.groups.size(), " but got ", group);
    return group;
  }

  void add_group(const ParameterList& parameters, const Options& options) {
    Rule::check(options);
    if (parameters.empty()) fail("expected at least one parameter in group ", slots_.groups.size());
    const std::size_t begin = slots_.all.size();
    for (OptimizedParameter parameter : parameters) {
      if (parameter.name.empty()) parameter.name = std::to_string(slots_.all.size());
      parameter.visit([&](const auto& variable) {
        if (!variable.defined()) fail("parameter ", parameter.name, " is undefined");
        if (!variable.is_leaf()) fail("parameter ", parameter.name, " is the result of an operation, not a leaf");
        slots_.all.push_back(
            detail::Slot<Rule, typename std::remove_cvref_t<decltype(variable)>::value_type>{variable});
      });
      if (!ids_.insert(parameter.id()).second) fail("parameter ", parameter.name, " was given twice");
      if (!names_.insert(parameter.name).second)
        fail("two parameters are named ", parameter.name, ", so a saved state could not tell them apart");
      parameters_.push_back(std::move(parameter));
    }
    slots_.groups.push_back({options, begin, slots_.all.size()});
  }

  detail::Slots<Rule> slots_;  // its slots are parallel to parameters_
  detail::HostStep<Rule> host_step_;
  detail::DeviceStep<Rule> device_step_;
  std::unordered_set<const void*> ids_;
  std::unordered_set<std::string> names_;
};

}  // namespace tempa::inline TEMPA_ABI
