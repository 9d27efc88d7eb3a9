// What an optimizer remembers of a parameter.
#pragma once

#include <tempa/autograd/variable.hpp>
#include <tempa/math/optimizer.hpp>
#include <tempa/tensor/profile_scope.hpp>
#include <tempa/tensor/tensor.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace tempa::inline TEMPA_ABI::detail {

/// A parameter and what its optimizer remembers of it, in float for a 16-bit parameter.
/// @tparam Rule see `RuleOptimizer`.
template <typename Rule, Floating T>
struct Slot {
  using Formula = typename Rule::Formula;
  using Options = typename Rule::Options;
  using A = Accumulator<T>;

  Variable<T> variable;
  Index step = 0;
  Tensor<A> master = {};  ///< of a 16-bit parameter the weights in full precision, from the first step on
  std::array<Tensor<A>, Rule::kMomentNames.size()> moments = {};
  bool fresh = false;  ///< the moments are there, but no gradient is in them

  bool is_updated() const { return variable.requires_grad() && variable.has_grad(); }
  bool has_moments() const {
    return std::any_of(moments.begin(), moments.end(), [](const auto& moment) { return !moment.empty(); });
  }

  /// Allocates what an update needs. @throws OutOfMemoryError.
  void prepare(const Options& options) {
    const bool is_first = !has_moments();
    for (std::size_t m = 0; m < count_of_moments(options); ++m) {
      if (!moments[m].empty()) continue;
      moments[m] = Tensor<A>::zeros(variable.shape(), variable.device());
      fresh = is_first;
    }
    prepare_master();
  }

  /// What a step writes: the parameter, or the master weights of a 16-bit one ...
  A* weights() {
    if constexpr (Real<T>) {
      return variable.mutable_value().data();
    } else {
      return master.data();
    }
  }
  /// ... and the 16-bit parameter, which becomes their rounding.
  T* copy() { return Real<T> ? nullptr : variable.mutable_value().data(); }
  Moments<A> moments_in_use(const Options& options) {
    Moments<A> result{};
    for (std::size_t m = 0; m < count_of_moments(options); ++m) result[m] = moments[m].data();
    return result;
  }

  /// One more step. @return whether it is the one that fills the moments.
  bool begin_step() {
    ++step;
    return std::exchange(fresh, false);
  }
  /// After steps that were not made, or a state that was loaded.
  void set_step(Index value) {
    step = value;
    fresh = step == 0 && has_moments();
  }
  /// Whether the first step, and no other, fills the moments, as the launches for all parameters take it.
  bool is_regular() const { return !has_moments() || fresh == (step == 0); }

  /// For the profiler: the gradient is read, the parameter written, all else both.
  void count_bytes_of_update() const {
    count_bytes(variable.value(), variable.grad());
    if constexpr (Real<T>) {
      count_bytes(variable.value());
    } else {
      count_bytes(master, master);
    }
    for (const auto& moment : moments) count_bytes(moment, moment);
  }

 private:
  static std::size_t count_of_moments(const Options& options) {
    return static_cast<std::size_t>(Formula::kMoments + (Rule::uses_optional_moment(options) ? 1 : 0));
  }

  /// The master weights of a 16-bit parameter: what it was before it was rounded, else its values.
  void prepare_master() {
    if constexpr (!Real<T>) {
      if (auto given = variable.take_unrounded(); given.empty()) {
        if (master.empty()) master = variable.value().template cast<A>();
      } else if (master.empty()) {
        master = std::move(given);
      } else {  // loaded anew; a recorded step refers to this storage
        master.copy_from(given);
      }
    }
  }
};

}  // namespace tempa::inline TEMPA_ABI::detail
