// The optimizers that are made of a rule for one parameter.
#pragma once

#include <tempa/autograd/dispatch.hpp>
#include <tempa/optim/clip_grad_norm.hpp>
#include <tempa/optim/device_step.hpp>
#include <tempa/optim/optimizer.hpp>
#include <tempa/optim/slot.hpp>
#include <tempa/tensor/profile_scope.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

namespace tempa::inline TEMPA_ABI {

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

#if defined(TEMPA_WITH_CUDA)
  double grad_norm() override { return norm_is_on_device_ ? on_device_.norm() : grad_norm_; }

  void take_back_count() override { detail::take_back<Rule>(slots_, std::exchange(updated_on_device_, {}), 1); }

  bool step_scaled(const StepOptions& options, detail::LossScaleOfStep scale) override {
    const ProfileScope scope(Rule::kName, ProfileCategory::kOptimizer);
    prepare_all();
    return update_on_device(options, scale);
  }

  void settle_count() override { skipped_.settle(slots_); }

  std::unique_ptr<detail::RecordedStep> record_step(const StepOptions& options,
                                                    detail::LossScaleOfStep scale) override {
    auto recorded = std::make_unique<Recorded>(*this, options, scale);
    if constexpr (kHasDeviceStep) {
      {
        const cuda::OutsideGraph outside;  // moments outlive the graph
        prepare_all();
      }
      if (!collect(recorded->tables) || (scale.state != nullptr && recorded->tables.in_double()))
        throw CudaError(concat("[", Rule::kName, "] a recorded step needs parameters on one CUDA device, of one age, ",
                               "and with a GradScaler not in double"));
      {
        const cuda::OutsideGraph outside;  // the tables are written between launches
        recorded->tables.reserve(groups_.size());
        if (scale.state != nullptr) skipped_.reserve(device(), slots_);
      }
      recorded->tables.launch(options.max_norm || scale.state != nullptr);
      recorded->note();
      zero_grad();
      return recorded;
    } else {
      return Optimizer::record_step(options);
    }
  }
#endif

  OptimizerState state_dict() const override {
    OptimizerState result;
    auto groups = groups_;
    auto slots = slots_;
    detail::note_unrounded<Rule>(slots);
#if defined(TEMPA_WITH_CUDA)
    skipped_.take_back_from(slots);
#endif
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
    detail::forget_unrounded<Rule>(slots_);
#if defined(TEMPA_WITH_CUDA)
    skipped_.forget();
#endif
  }

 protected:
  void update_all(const StepOptions& options) override {
    const ProfileScope scope(Rule::kName, ProfileCategory::kOptimizer);
    prepare_all();
#if defined(TEMPA_WITH_CUDA)
    settle_count();
    if (update_on_device(options, {})) return;
#endif
    double clip_factor = 1;
    if (options.max_norm) {
      grad_norm_ = total_grad_norm(parameters_);
      if (options.skip_nonfinite && !std::isfinite(grad_norm_)) return;
      clip_factor = detail::clip_factor(grad_norm_, *options.max_norm);
    }
    for_each_updated([&]<Floating T>(detail::Slot<Rule, T>& slot, const Options& of_group, std::size_t) {
      const auto [weights, copy] = weights_and_copy(slot);
      const ParameterUpdate<T> update{.weights = weights,
                                      .copy = copy,
                                      .grad = slot.variable.grad().data(),
                                      .grad_factor = slot.variable.grad_factor() * clip_factor,
                                      .n = slot.variable.numel(),
                                      .device = slot.variable.device()};
      count_update(slot);
      Rule::update(update, slot.state, ++slot.step, of_group);
    });
  }

 private:
  using AnySlot = detail::AnySlot<Rule>;
  struct Range {
    Options options;
    std::size_t begin, end;  // of slots_
  };

  /// Allocates what the parameters with gradients lack: moments and master weights.
  void prepare_all() {
    for_each_updated([]<Floating T>(detail::Slot<Rule, T>& slot, const Options& of_group, std::size_t) {
      Rule::prepare(slot.state, slot.variable.value(), of_group);
      detail::prepare_master(slot);
    });
  }

  template <typename... Args>
  [[noreturn]] static void fail(const Args&... args) {
    throw ConfigError(concat("[", Rule::kName, "] ", args...));
  }

#if defined(TEMPA_WITH_CUDA)
  static constexpr bool kHasDeviceStep = requires { typename Rule::OnDevice; };
  struct NoDeviceStep {
    double norm() const { return 0; }
  };
  template <bool kHas, typename>
  struct DeviceStepOf {
    using Type = NoDeviceStep;
  };
  template <typename R>
  struct DeviceStepOf<true, R> {
    using Type = detail::DeviceStep<R>;
  };
  using OnDevice = typename DeviceStepOf<kHasDeviceStep, Rule>::Type;

  /// A step in a graph: its tables, and what they refer to.
  struct Recorded final : detail::RecordedStep {
    RuleOptimizer& optimizer;
    StepOptions options;
    detail::LossScaleOfStep scale;
    OnDevice tables{};
    std::vector<std::size_t> updated{};  // of slots_
    std::vector<const void*> references{};

    Recorded(RuleOptimizer& of, const StepOptions& step_options, detail::LossScaleOfStep loss_scale)
        : optimizer(of), options(step_options), scale(loss_scale) {}

    /// Behind the launches: what is updated, and where it lies.
    void note() {
      updated = detail::updated_slots<Rule>(optimizer.slots_);
      references = detail::references<Rule>(optimizer.slots_);
    }
    Index age() const {
      return std::visit([](const auto& slot) { return slot.step; }, optimizer.slots_[updated.front()]);
    }
    void finish() override {
      if constexpr (kHasDeviceStep) tables.copy_tables();
    }
    bool is_valid() const override {
      return detail::references<Rule>(optimizer.slots_) == references &&
             std::all_of(updated.begin(), updated.end(), [&](std::size_t i) {
               return std::visit([&](const auto& slot) { return slot.step == age(); }, optimizer.slots_[i]);
             });
    }
    void before_launch() override {
      if constexpr (kHasDeviceStep) {
        optimizer.skipped_.count_for(scale.state != nullptr ? updated : std::vector<std::size_t>(), optimizer.slots_);
        tables.copy_numbers(optimizer.device_groups(), age(), options.max_norm.value_or(kNoClipping),
                            options.skip_nonfinite, scale, optimizer.skipped_.data());
      }
    }
    void after_launch() override {
      if constexpr (kHasDeviceStep)
        for (const std::size_t i : updated)
          std::visit([](auto& slot) { Rule::OnDevice::begin_state(slot.state), ++slot.step; }, optimizer.slots_[i]);
    }
    void take_back_count() override {
      if (scale.state == nullptr) detail::take_back<Rule>(optimizer.slots_, updated, 1);
    }
    double norm() override { return tables.norm(); }
  };
  static constexpr double kNoClipping = std::numeric_limits<double>::infinity();

  Device device() const {
    return parameters_[0].visit([](const auto& v) { return v.device(); });
  }

  auto device_groups() const {
    std::vector<typename OnDevice::Group> result;
    for (const auto& group : groups_) result.push_back(Rule::OnDevice::group(group.options));
    return result;
  }

  /// Notes all parameters with gradients. @return whether one step can update them all.
  bool collect(OnDevice& step) {
    step.clear();
    bool fits = true;
    for_each_updated([&]<Floating T>(detail::Slot<Rule, T>& slot, const Options& of_group, std::size_t group) {
      using A = Accumulator<T>;
      const auto [weights, copy] = weights_and_copy(slot);
      cuda::UpdatedTensor<T> tensor{.param = weights,
                                    .copy = copy,
                                    .grad = slot.variable.grad().data(),
                                    .moments = {},
                                    .n = slot.variable.numel(),
                                    .group = static_cast<Index>(group)};
      const std::array<A*, 3> moments = Rule::OnDevice::moments(slot.state, of_group);
      std::copy(moments.begin(), moments.end(), tensor.moments);
      fits = fits && Rule::OnDevice::is_ready(slot.state, slot.step) &&
             step.add(tensor, slot.variable.device(), slot.step, slot.variable.grad_factor());
    });
    return fits && !step.empty();
  }

  /// @return false, with nothing done, where a step for all at once does not fit.
  bool update_on_device(const StepOptions& options, detail::LossScaleOfStep scale) {
    norm_is_on_device_ = false;
    updated_on_device_.clear();
    if constexpr (kHasDeviceStep) {
      const bool scaled = scale.state != nullptr;
      auto updated = detail::updated_slots<Rule>(slots_);
      if (scaled) {
        skipped_.reserve(device(), slots_);
        skipped_.count_for(updated, slots_);
      }
      if (!collect(on_device_) || (scaled && on_device_.in_double())) return false;
      on_device_.reserve(groups_.size());
      Index step = 0;
      for_each_updated([&](auto& slot, const Options&, std::size_t) {
        count_update(slot);
        step = slot.step++;
        Rule::OnDevice::begin_state(slot.state);
      });
      on_device_.copy_tables();
      on_device_.copy_numbers(device_groups(), step, options.max_norm.value_or(kNoClipping), options.skip_nonfinite,
                              scale, skipped_.data());
      norm_is_on_device_ = options.max_norm || scaled;
      on_device_.launch(norm_is_on_device_);
      if (!scaled) updated_on_device_ = std::move(updated);
      return true;
    } else {
      return false;
    }
  }

  OnDevice on_device_;
  std::vector<std::size_t> updated_on_device_;  // in the latest step
  detail::SkippedSteps<Rule> skipped_;
  bool norm_is_on_device_ = false;
#endif

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

  /// What a step writes: the parameter; or the master weights of a 16-bit one, and the parameter as their copy.
  template <Floating T>
  static std::pair<Accumulator<T>*, T*> weights_and_copy(detail::Slot<Rule, T>& slot) {
    T* const value = slot.variable.mutable_value().data();
    if constexpr (Real<T>) {
      return {value, nullptr};
    } else {
      return {slot.master.data(), value};
    }
  }

  /// Calls `f(slot, options, group)` for every parameter with a gradient.
  template <typename F>
  void for_each_updated(const F& f) {
    for (std::size_t g = 0; g < groups_.size(); ++g)
      for (std::size_t i = groups_[g].begin; i < groups_[g].end; ++i)
        std::visit(
            [&](auto& slot) {
              if (slot.variable.requires_grad() && slot.variable.has_grad()) f(slot, groups_[g].options, g);
            },
            slots_[i]);
  }

  /// For the profiler: the gradient is read, the parameter written, the state both.
  template <Floating T>
  static void count_update(detail::Slot<Rule, T>& slot) {
    count_bytes(slot.variable.value(), slot.variable.grad());
    if constexpr (Real<T>) {
      count_bytes(slot.variable.value());
    } else {
      count_bytes(slot.master, slot.master);
    }
    slot.state.visit([](std::string_view, const auto& moment) { count_bytes(moment, moment); });
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
