// What the launches of an optimizer's step for all parameters on a CUDA device read, and the launches.
#pragma once

#include <tempa/core/config.hpp>
#if defined(TEMPA_WITH_CUDA)

#include <tempa/cuda/optimizer.hpp>
#include <tempa/device/cuda/runtime.hpp>
#include <tempa/optim/detail/recorded_step.hpp>
#include <tempa/tensor/tensor.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

namespace tempa::inline TEMPA_ABI::detail {

/// Bytes of a device that follow some of the host.
class MirroredBytes {
 public:
  void* data() { return memory_.data(); }
  /// Room for `bytes`; what was there is lost when it has another size. @throws OutOfMemoryError.
  void reserve(std::size_t bytes, Device device) {
    if (memory_.nbytes() == bytes && memory_.device() == device) return;
    memory_ = Tensor<std::uint8_t>(Shape{static_cast<Index>(bytes)}, device);
    known_.clear();
  }
  /// Copies values that are not there yet. @param values as many bytes as there is room for.
  template <typename T>
  void copy_from(std::span<const T> values) {
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(values.data());
    const std::size_t count = values.size_bytes();
    if (known_.size() == count && std::equal(known_.begin(), known_.end(), bytes)) return;
    known_.assign(bytes, bytes + count);
    copy_bytes(memory_.data(), memory_.device(), known_.data(), Device::cpu(), count);
  }

 private:
  Tensor<std::uint8_t> memory_;
  std::vector<std::uint8_t> known_;  ///< what the device has
};

/// The parameters of one type that a step updates.
template <Floating T>
struct UpdateTable {
  std::vector<cuda::UpdatedTensor<T>> tensors;
  std::vector<cuda::TensorPart> parts;
  MirroredBytes tensors_on_device, parts_on_device;

  void reserve(Device device, Index& parts_of_all) {
    std::vector<Index> sizes;
    for (const auto& tensor : tensors) sizes.push_back(tensor.n);
    parts = cuda::parts_of(sizes);
    parts_of_all += static_cast<Index>(parts.size());
    if (tensors.empty()) return;
    tensors_on_device.reserve(std::span(tensors).size_bytes(), device);
    parts_on_device.reserve(std::span(parts).size_bytes(), device);
  }
  void copy() {
    if (tensors.empty()) return;
    tensors_on_device.copy_from(std::span<const cuda::UpdatedTensor<T>>(tensors));
    parts_on_device.copy_from(std::span<const cuda::TensorPart>(parts));
  }
  Index part_count() const { return static_cast<Index>(parts.size()); }
  const cuda::UpdatedTensor<T>* device_tensors() {
    return static_cast<const cuda::UpdatedTensor<T>*>(tensors_on_device.data());
  }
  const cuda::TensorPart* device_parts() { return static_cast<const cuda::TensorPart*>(parts_on_device.data()); }
};

/// The launches and the tables that they read. All parameters have one accumulator type, one step count and one factor
/// on their gradients.
/// @tparam Formula a rule, e.g. `AdamFormula`, see tempa/math/optimizer.hpp.
template <typename Formula>
class UpdateTables {
 public:
  using Group = typename Formula::Group;

  /// Forgets the parameters; the tables on the device stay for the next ones.
  void clear() {
    count_ = 0;
    device_.reset();
    std::apply([](auto&... table) { (table.tensors.clear(), ...); }, tables_);
  }
  bool empty() const { return count_ == 0; }
  bool in_double() const { return in_double_; }

  /// One more parameter. @return false, when it does not fit with the others.
  template <Floating T>
  bool add(const cuda::UpdatedTensor<T>& tensor, Device device, Index step, double grad_factor) {
    constexpr bool kInDouble = std::same_as<Accumulator<T>, double>;
    if (!device.is_cuda()) return false;
    if (device_ && !(*device_ == device && step_ == step && grad_factor_ == grad_factor && in_double_ == kInDouble))
      return false;
    device_ = device;
    step_ = step;
    grad_factor_ = grad_factor;
    in_double_ = kInDouble;
    ++count_;
    std::get<UpdateTable<T>>(tables_).tensors.push_back(tensor);
    return true;
  }

  /// Room for all tables, on the device. @throws OutOfMemoryError.
  void reserve(std::size_t groups) {
    part_count_ = 0;
    std::apply([&](auto&... table) { (table.reserve(*device_, part_count_), ...); }, tables_);
    squares_.reserve(sizeof(double) * static_cast<std::size_t>(std::max<Index>(part_count_, 1)), *device_);
    control_.reserve(sizeof(cuda::StepState) + groups * sizeof(Group), *device_);
    scalars_.reserve(groups * sizeof(typename Formula::template Scalars<double>), *device_);
    group_count_ = static_cast<Index>(groups);
  }

  /// Copies the tables of parameters to the device.
  void copy_tables() {
    std::apply([](auto&... table) { (table.copy(), ...); }, tables_);
  }

  /// Copies the numbers of a step to the device. @param step of the parameters, before it. @param max_norm to which all
  /// gradients are clipped; infinite for no clipping. @param skipped_steps (1) on the device: how many of the steps
  /// `scale` has skipped.
  void copy_numbers(const std::vector<Group>& groups, Index step, double max_norm, bool skip_nonfinite,
                    LossScaleOfStep scale, double* skipped_steps) {
    std::vector<std::uint8_t> bytes(sizeof(cuda::StepState) + groups.size() * sizeof(Group));
    cuda::StepState state{};
    state.inverse_scale = grad_factor_;
    state.max_norm = max_norm;
    state.skips_nonfinite = skip_nonfinite ? 1 : 0;
    state.step = static_cast<double>(step);
    state.loss_scale = scale.state;
    state.skipped_steps = skipped_steps;
    state.is_skipped = scale.is_skipped;
    std::memcpy(bytes.data(), &state, sizeof state);
    for (std::size_t g = 0; g < groups.size(); ++g)
      std::memcpy(bytes.data() + sizeof state + g * sizeof(Group), &groups[g], sizeof(Group));
    copy_bytes(control_.data(), *device_, bytes.data(), Device::cpu(), bytes.size());
  }

  /// Starts the kernels. @param measures whether the norm of the gradients is computed, which clipping needs.
  void launch(bool measures) {
    if (in_double_) {
      launch_in<double>(measures);
    } else {
      launch_in<float>(measures);
    }
  }

  /// The norm of the gradients of the latest step, before clipping. Waits for the device.
  double norm() {
    cuda::StepState state{};
    copy_bytes(&state, Device::cpu(), control_.data(), *device_, sizeof state);
    return state.norm;
  }

 private:
  template <Real A>
  void launch_in(bool measures) {
    using Scalars = typename Formula::template Scalars<A>;
    const cuda::Backend backend = cuda::current_backend(device_->index());
    auto* const state = static_cast<cuda::StepState*>(control_.data());
    const auto* const groups = reinterpret_cast<const Group*>(state + 1);
    auto* const scalars = static_cast<Scalars*>(scalars_.data());
    auto* const squares = static_cast<double*>(squares_.data());
    Index at = 0;
    if (measures) {
      for_each_table<A>([&](auto& table) {
        cuda::squares_of_parts(backend, squares + at, table.device_tensors(), table.device_parts(), table.part_count());
        at += table.part_count();
      });
    }
    cuda::begin_optimizer_steps<A, Formula>(backend, state, scalars, groups, group_count_, squares, at);
    for_each_table<A>([&]<Floating T>(UpdateTable<T>& table) {
      cuda::optimizer_steps<T, Formula>(backend, table.device_tensors(), table.device_parts(), table.part_count(),
                                        scalars, state);
    });
  }

  /// Calls `f(table)` for the tables that are not empty and whose sums are kept in `A`.
  template <Real A, typename F>
  void for_each_table(const F& f) {
    visit_table<A, float>(f);
    visit_table<A, double>(f);
    visit_table<A, float16>(f);
    visit_table<A, bfloat16>(f);
  }
  template <Real A, Floating T, typename F>
  void visit_table(const F& f) {
    if constexpr (std::same_as<Accumulator<T>, A>) {
      auto& table = std::get<UpdateTable<T>>(tables_);
      if (table.part_count() > 0) f(table);
    }
  }

  std::tuple<UpdateTable<float>, UpdateTable<double>, UpdateTable<float16>, UpdateTable<bfloat16>> tables_;
  MirroredBytes control_, scalars_, squares_;  // StepState and groups; scalars of the groups; sums of the parts
  std::optional<Device> device_;
  Index count_ = 0, step_ = 0, part_count_ = 0, group_count_ = 0;
  double grad_factor_ = 1;
  bool in_double_ = false;
};

}  // namespace tempa::inline TEMPA_ABI::detail

#endif
