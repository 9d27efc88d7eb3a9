// An optimizer's step for all parameters on a CUDA device in a few launches, without the host waiting for anything.
#pragma once

#include <tempa/device/cuda/graph.hpp>
#include <tempa/optim/detail/recorded_step.hpp>
#include <tempa/optim/detail/skipped_steps.hpp>
#include <tempa/optim/detail/slots.hpp>
#include <tempa/optim/detail/update_tables.hpp>
#include <tempa/optim/optimizer.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

namespace tempa::inline TEMPA_ABI::detail {

#if defined(TEMPA_WITH_CUDA)

/// The step that the device leads: norm, clipping, the number of the step and whether it is skipped stay in its memory.
/// For parameters on one device, of one age, with one accumulator type and one factor on their gradients.
template <typename Rule>
class DeviceStep {
 public:
  /// @param scale of a `GradScaler` that has scaled the loss. @return false, with nothing done, where it does not fit.
  bool update(Slots<Rule>& slots, const StepOptions& options, LossScaleOfStep scale = {}) {
    has_norm_ = false;
    updated_.clear();
    const bool scaled = scale.state != nullptr;
    auto updated = slots.updated();
    if (scaled) {
      skipped_.reserve(device_of(slots), slots);
      skipped_.count_for(updated, slots);
    }
    if (!collect(tables_, slots) || (scaled && tables_.in_double())) return false;
    tables_.reserve(slots.groups.size());
    Index step = 0;
    slots.for_each_updated([&](auto& slot, const auto&, std::size_t) {
      slot.count_bytes_of_update();
      step = slot.step;
      slot.begin_step();
    });
    tables_.copy_tables();
    copy_numbers(tables_, slots, step, options, scale);
    has_norm_ = options.max_norm || scaled;
    tables_.launch(has_norm_);
    if (!scaled) updated_ = std::move(updated);
    return true;
  }

  /// Whether the latest step was made here and has measured the norm of the gradients.
  bool has_norm() const { return has_norm_; }
  /// That norm, before clipping. Waits for the device.
  double norm() { return tables_.norm(); }

  /// The latest step turned out to be skipped: takes it off the count.
  void take_back_count(Slots<Rule>& slots) { slots.take_back(std::exchange(updated_, {}), 1); }
  /// Takes the steps that a loss scale has skipped off the count, or off the count of a copy.
  void settle_count(Slots<Rule>& slots) { skipped_.settle(slots); }
  void settle_copy(Slots<Rule>& copy) const { skipped_.take_back_from(copy); }
  /// The counts were loaded.
  void forget_count() { skipped_.forget(); }

  /// A step during the capture of a graph. @return nullptr where it does not fit.
  std::unique_ptr<RecordedStep> record(Slots<Rule>& slots, const StepOptions& options, LossScaleOfStep scale) {
    auto recorded = std::make_unique<Recorded>(*this, slots, options, scale);
    {
      const cuda::OutsideGraph outside;  // moments outlive the graph
      slots.prepare();
    }
    if (!collect(recorded->tables, slots) || (scale.state != nullptr && recorded->tables.in_double())) return nullptr;
    {
      const cuda::OutsideGraph outside;  // the tables are written between launches
      recorded->tables.reserve(slots.groups.size());
      if (scale.state != nullptr) skipped_.reserve(device_of(slots), slots);
    }
    recorded->tables.launch(options.max_norm || scale.state != nullptr);
    recorded->note();
    return recorded;
  }

 private:
  using Tables = UpdateTables<typename Rule::Formula>;

  /// A step in a graph: its tables, and what they refer to.
  struct Recorded final : RecordedStep {
    DeviceStep& owner;
    Slots<Rule>& slots;
    StepOptions options;
    LossScaleOfStep scale;
    Tables tables{};
    std::vector<std::size_t> updated{};  // of the slots
    std::vector<const void*> references{};

    Recorded(DeviceStep& of, Slots<Rule>& all, const StepOptions& step_options, LossScaleOfStep loss_scale)
        : owner(of), slots(all), options(step_options), scale(loss_scale) {}

    /// After the launches: what is updated, and where it lies.
    void note() {
      updated = slots.updated();
      references = slots.references();
    }
    Index step_of(std::size_t i) const {
      return std::visit([](const auto& slot) { return slot.step; }, slots.all[i]);
    }
    Index age() const { return step_of(updated.front()); }
    void finish() override { tables.copy_tables(); }
    bool is_valid() const override {
      return slots.references() == references &&
             std::all_of(updated.begin(), updated.end(), [&](std::size_t i) { return step_of(i) == age(); });
    }
    void before_launch() override {
      owner.skipped_.count_for(scale.state != nullptr ? updated : std::vector<std::size_t>(), slots);
      owner.copy_numbers(tables, slots, age(), options, scale);
    }
    void after_launch() override {
      for (const std::size_t i : updated) std::visit([](auto& slot) { slot.begin_step(); }, slots.all[i]);
    }
    void take_back_count() override {
      if (scale.state == nullptr) slots.take_back(updated, 1);
    }
    double norm() override { return tables.norm(); }
  };

  static Device device_of(const Slots<Rule>& slots) {
    return std::visit([](const auto& slot) { return slot.variable.device(); }, slots.all[0]);
  }

  /// Notes all parameters with gradients. @return whether one step can update them all.
  static bool collect(Tables& tables, Slots<Rule>& slots) {
    tables.clear();
    bool fits = true;
    slots.for_each_updated([&]<Floating T>(Slot<Rule, T>& slot, const auto& of_group, std::size_t group) {
      const cuda::UpdatedTensor<T> tensor{.param = slot.weights(),
                                          .copy = slot.copy(),
                                          .grad = slot.variable.grad().data(),
                                          .moments = slot.moments_in_use(of_group),
                                          .n = slot.variable.numel(),
                                          .group = static_cast<Index>(group)};
      fits = fits && slot.is_regular() &&
             tables.add(tensor, slot.variable.device(), slot.step, slot.variable.grad_factor());
    });
    return fits && !tables.empty();
  }

  /// Tells the device what is of this step. @param step before it.
  void copy_numbers(Tables& tables, const Slots<Rule>& slots, Index step, const StepOptions& options,
                    LossScaleOfStep scale) {
    std::vector<typename Rule::Formula::Group> groups;
    for (const auto& group : slots.groups) groups.push_back(Rule::group(group.options));
    constexpr double kNoClipping = std::numeric_limits<double>::infinity();
    tables.copy_numbers(groups, step, options.max_norm.value_or(kNoClipping), options.skip_nonfinite, scale,
                        skipped_.data());
  }

  Tables tables_;
  std::vector<std::size_t> updated_;  // in the latest step
  SkippedSteps<Rule> skipped_;
  bool has_norm_ = false;
};

#else

/// Without CUDA there is no such step.
template <typename Rule>
struct DeviceStep {
  bool update(Slots<Rule>&, const StepOptions&, LossScaleOfStep = {}) { return false; }
  bool has_norm() const { return false; }
  double norm() { return 0; }
  void take_back_count(Slots<Rule>&) {}
  void settle_count(Slots<Rule>&) {}
  void settle_copy(Slots<Rule>&) const {}
  void forget_count() {}
  std::unique_ptr<RecordedStep> record(Slots<Rule>&, const StepOptions&, LossScaleOfStep) { return nullptr; }
};

#endif

}  // namespace tempa::inline TEMPA_ABI::detail
