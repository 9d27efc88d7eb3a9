// Initial values of parameters.
#pragma once

#include <tempa/autograd/variable.hpp>
#include <tempa/core/random.hpp>

#include <functional>
#include <unordered_set>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// While alive, the parameters that this thread creates get memory but no values; `draw` then initializes those that
/// nothing else has filled. So loading a checkpoint does not draw 110 million random numbers in order to overwrite
/// them.
/// @source transformers, no_init_weights; torch.nn.utils.skip_init
class DeferredInit {
 public:
  DeferredInit() : outer_(std::exchange(current(), this)) {}
  DeferredInit(const DeferredInit&) = delete;
  DeferredInit& operator=(const DeferredInit&) = delete;
  ~DeferredInit() { current() = outer_; }

  /// Draws the initial values of these parameters, in the order in which they were created.
  /// @param nodes `variable.node().get()` of each.
  void draw(const std::unordered_set<const void*>& nodes) const;

  /// The active one of this thread, or nullptr.
  static DeferredInit*& current();
  void add(const void* node, std::function<void()> fill) { fills_.emplace_back(node, std::move(fill)); }

 private:
  DeferredInit* outer_;
  std::vector<std::pair<const void*, std::function<void()>>> fills_;
};

/// A parameter whose initial values `fill(Tensor<Accumulator<T>>&)` writes: now, or later under `DeferredInit`. For a
/// 16-bit type they are rounded, see `Variable::unrounded`.
template <Floating T, typename Fill>
Variable<T> make_parameter(Shape shape, Fill fill) {
  Variable<T> parameter(Tensor<T>(shape), true);
  auto start = [parameter, fill]() mutable {
    if constexpr (Real<T>) {
      fill(parameter.mutable_value());
    } else {
      Tensor<Accumulator<T>> values(parameter.shape());
      fill(values);
      parameter.assign_rounded(std::move(values));
    }
  };
  if (DeferredInit* const later = DeferredInit::current()) {
    later->add(parameter.node().get(), start);
  } else {
    start();
  }
  return parameter;
}

/// A parameter whose elements are all `value`.
template <Floating T>
Variable<T> constant_parameter(Shape shape, double value);

/// A parameter drawn from N(0, stddev^2). @param generator must outlive an active `DeferredInit`.
template <Floating T>
Variable<T> normal_parameter(Shape shape, double stddev, Generator& generator = default_generator());

/// A parameter drawn uniformly from [-bound, bound). @param generator as for `normal_parameter`.
template <Floating T>
Variable<T> uniform_parameter(Shape shape, double bound, Generator& generator = default_generator());

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/nn/impl/init.ipp>
#endif
