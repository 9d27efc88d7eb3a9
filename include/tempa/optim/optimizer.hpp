// What every optimizer is, and the loop over groups and parameters that all share.
#pragma once

#include <tempa/autograd/dispatch.hpp>
#include <tempa/cpu/convert.hpp>
#include <tempa/optim/parameter_list.hpp>

#include <cmath>
#include <concepts>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Options of `Optimizer::step`.
struct StepOptions {
  /// Leave the gradients, which are cleared otherwise.
  bool keep_gradients = false;
};

/// Everything that an optimizer remembers, by name: `groups.<g>.<option>` and `state.<parameter>.step` are numbers,
/// `state.<parameter>.exp_avg` and the like are tensors that share storage with the optimizer, and so is
/// `state.<parameter>.master` of a 16-bit parameter.
struct OptimizerState {
  std::map<std::string, double> numbers;
  std::map<std::string, std::variant<Tensor<float>, Tensor<double>>> tensors;
};

/// Parameters with options of their own.
template <typename Options>
struct ParamGroup {
  ParameterList parameters;
  Options options = {};
};

/// The side of an optimizer that schedulers, clipping and trainers hold by reference.
class Optimizer {
 public:
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;
  virtual ~Optimizer() = default;

  /// Updates every parameter that requires a gradient and has one, then clears all gradients.
  /// @throws OutOfMemoryError when there is no room for moments; nothing was changed then.
  void step(StepOptions options = {}) {
    update_all();
    if (!options.keep_gradients) zero_grad();
  }
  /// Drops all gradients: `has_grad` is false then. @source torch.optim.Optimizer.zero_grad
  void zero_grad() {
    for (const auto& parameter : parameters_) parameter.visit([](const auto& v) { v.clear_grad(); });
  }

  /// All parameters, in the order of the groups; one without a name is called by its number here.
  const ParameterList& parameters() const { return parameters_; }
  virtual std::size_t num_groups() const = 0;
  /// Learning rate of a group. @throws ConfigError when there is no such group.
  virtual double lr(std::size_t group = 0) const = 0;
  /// @throws ConfigError for a negative, infinite or NaN rate, or when there is no such group.
  virtual void set_lr(std::size_t group, double lr) = 0;

  /// Options, step counts and moments. @source torch.optim.Optimizer.state_dict
  virtual OptimizerState state_dict() const = 0;
  /// Takes over a copy of `state`. @throws ConfigError naming what is missing, left over or of another shape; nothing
  /// was changed then.
  virtual void load_state_dict(const OptimizerState& state) = 0;

 protected:
  Optimizer() = default;
  virtual void update_all() = 0;

  ParameterList parameters_;
};

namespace detail {

/// @throws ConfigError `[who] field must …` unless `holds`.
inline void check_option(bool holds, std::string_view who, std::string_view field, std::string_view rule,
                         double value) {
  if (!holds) throw ConfigError(concat("[", who, "] ", field, " must be ", rule, " but is ", value));
}
inline void check_not_negative(std::string_view who, std::string_view field, double value) {
  check_option(value >= 0 && std::isfinite(value), who, field, "finite and not negative", value);
}

/// A parameter and what its optimizer remembers of it, in float for a 16-bit parameter.
template <typename Rule, Floating T>
struct Slot {
  Variable<T> variable;
  Index step = 0;
  Tensor<Accumulator<T>> master = {};  ///< of a 16-bit parameter the weights in full precision, from the first step on
  typename Rule::template State<Accumulator<T>> state = {};
};

}  // namespace detail

/// What a rule updates in one step.
template <Floating T>
struct ParameterUpdate {
  Accumulator<T>* weights;  ///< (n) the parameter, or the float32 master weights of a 16-bit one
  T* copy;                  ///< (n) the 16-bit parameter, which becomes `weights` rounded; nullptr for float and double
  const T* grad;            ///< (n)
  double grad_factor;       ///< by which the gradient is multiplied, see `Variable::grad_factor`
  Index n;
  Device device;
};

/// An optimizer made of a rule for one parameter; an own one is a struct like `SGDRule`:
/// `kName`; `Options`, an aggregate with an `lr` and a `visit(f)` that calls `f("lr", lr)` and so on;
/// `State<T>`, T float or double, with a `visit(f)` over its tensors; `check(options)`; `prepare(state, value,
/// options)`, which allocates; and `update(parameter, state, step, options)` of a `ParameterUpdate`, where step is 1 in
/// the parameter's first update.
///
/// A 16-bit parameter has float32 master weights here, since most steps are smaller than what 16 bits can resolve: the
/// rule updates those, and the parameter becomes their rounding in the same pass. They start as the parameter's values
/// in its first step. Elements that something else changes afterwards (`load_state_dict`) are taken over from the
/// parameter. Gradients have the parameter's type, as in PyTorch.
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

  std::size_t num_groups() const override { return groups_.size(); }
  double lr(std::size_t group = 0) const override { return static_cast<double>(options(group).lr); }
  void set_lr(std::size_t group, double lr) override {
    Options changed = options(group);
    changed.lr = lr;
    set_options(group, changed);
  }
  /// @throws ConfigError when there is no such group.
  const Options& options(std::size_t group = 0) const { return groups_[check_group(group)].options; }
  /// @throws ConfigError for options out of range, or when there is no such group.
  void set_options(std::size_t group, const Options& options) {
    Rule::check(options);
    groups_[check_group(group)].options = options;
  }

  OptimizerState state_dict() const override {
    OptimizerState result;
    auto groups = groups_;
    auto slots = slots_;
    visit_state(
        groups, slots,
        [&](const std::string& name, auto& number) { result.numbers[name] = static_cast<double>(number); },
        [&](const std::string& name, auto& tensor, const Shape&) {
          if (!tensor.empty()) result.tensors.emplace(name, tensor);
        });
    return result;
  }

  void load_state_dict(const OptimizerState& state) override {
    auto groups = groups_;
    auto slots = slots_;
    std::unordered_set<std::string> known;
    visit_state(
        groups, slots,
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
    for (const auto& group : groups) Rule::check(group.options);
    groups_ = std::move(groups);
    slots_ = std::move(slots);
  }

 protected:
  void update_all() override {
    for_each_updated([]<Floating T>(detail::Slot<Rule, T>& slot, const Options& options) {
      const Tensor<T>& value = slot.variable.value();
      Rule::prepare(slot.state, value, options);
      if constexpr (!Real<T>) {
        if (!slot.master.empty()) return;
        Tensor<Accumulator<T>> master(value.shape(), value.device());
        on(value.device(), [&](auto backend) { convert(backend, master.data(), value.data(), value.numel()); });
        slot.master = std::move(master);
      }
    });
    for_each_updated([]<Floating T>(detail::Slot<Rule, T>& slot, const Options& options) {
      Tensor<T>& value = slot.variable.mutable_value();
      ParameterUpdate<T> update{.weights = nullptr,
                                .copy = nullptr,
                                .grad = slot.variable.grad().data(),
                                .grad_factor = slot.variable.grad_factor(),
                                .n = value.numel(),
                                .device = value.device()};
      if constexpr (Real<T>) {
        update.weights = value.data();
      } else {
        update.weights = slot.master.data();
        update.copy = value.data();
      }
      Rule::update(update, slot.state, ++slot.step, options);
    });
  }

 private:
  using AnySlot = std::variant<detail::Slot<Rule, float>, detail::Slot<Rule, double>, detail::Slot<Rule, float16>,
                               detail::Slot<Rule, bfloat16>>;
  struct Range {
    Options options;
    std::size_t begin, end;  // of slots_
  };

  template <typename... Args>
  [[noreturn]] static void fail(const Args&... args) {
    throw ConfigError(concat("[", Rule::kName, "] ", args...));
  }

  std::size_t check_group(std::size_t group) const {
    if (group >= groups_.size()) fail("expected a group below ", groups_.size(), " but got ", group);
    return group;
  }

  void add_group(const ParameterList& parameters, const Options& options) {
    Rule::check(options);
    if (parameters.empty()) fail("expected at least one parameter in group ", groups_.size());
    const std::size_t begin = slots_.size();
    for (OptimizedParameter parameter : parameters) {
      if (parameter.name.empty()) parameter.name = std::to_string(slots_.size());
      parameter.visit([&](const auto& variable) {
        if (!variable.defined()) fail("parameter ", parameter.name, " is undefined");
        if (!variable.is_leaf()) fail("parameter ", parameter.name, " is the result of an operation, not a leaf");
        slots_.push_back(detail::Slot<Rule, typename std::remove_cvref_t<decltype(variable)>::value_type>{variable});
      });
      if (!ids_.insert(parameter.id()).second) fail("parameter ", parameter.name, " was given twice");
      if (!names_.insert(parameter.name).second)
        fail("two parameters are named ", parameter.name, ", so a saved state could not tell them apart");
      parameters_.push_back(std::move(parameter));
    }
    groups_.push_back({options, begin, slots_.size()});
  }

  template <typename F>
  void for_each_updated(const F& f) {
    for (const auto& group : groups_)
      for (std::size_t i = group.begin; i < group.end; ++i)
        std::visit(
            [&](auto& slot) {
              if (slot.variable.requires_grad() && slot.variable.has_grad()) f(slot, group.options);
            },
            slots_[i]);
  }

  /// Calls `number(name, value&)` and `tensor(name, tensor&, shape)` for all that is saved.
  template <typename Number, typename TensorF>
  void visit_state(std::vector<Range>& groups, std::vector<AnySlot>& slots, const Number& number,
                   const TensorF& tensor) const {
    for (std::size_t g = 0; g < groups.size(); ++g)
      groups[g].options.visit(
          [&](std::string_view option, auto& value) { number(concat("groups.", g, ".", option), value); });
    for (std::size_t i = 0; i < slots.size(); ++i) {
      const std::string prefix = concat("state.", parameters_[i].name, ".");
      std::visit(
          [&](auto& slot) {
            number(prefix + "step", slot.step);
            if constexpr (!Real<typename decltype(slot.variable)::value_type>)
              tensor(prefix + "master", slot.master, slot.variable.shape());
            slot.state.visit([&](std::string_view name, auto& value) {
              tensor(prefix + std::string(name), value, slot.variable.shape());
            });
          },
          slots[i]);
    }
  }

  std::vector<Range> groups_;
  std::vector<AnySlot> slots_;  // parallel to parameters_
  std::unordered_set<const void*> ids_;
  std::unordered_set<std::string> names_;
};

}  // namespace tempa::inline TEMPA_ABI
