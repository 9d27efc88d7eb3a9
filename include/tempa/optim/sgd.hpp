// Stochastic gradient descent.
#pragma once

#include <tempa/autograd/dispatch.hpp>
#include <tempa/core/compiled.hpp>
#include <tempa/cpu/optimizer.hpp>
#include <tempa/optim/rule_optimizer.hpp>

#include <array>
#include <cmath>
#include <string_view>
#include <utility>

TEMPA_COMPILED_FILE("optim");

namespace tempa::inline TEMPA_ABI {

/// Options of `SGD`, with PyTorch's names and defaults.
struct SGDOptions {
  double lr = 1e-3;
  double momentum = 0;
  double dampening = 0;
  double weight_decay = 0;  ///< added to the gradient: weight_decay p
  bool nesterov = false;
  bool maximize = false;

  void visit(auto&& f) {
    f("lr", lr);
    f("momentum", momentum);
    f("dampening", dampening);
    f("weight_decay", weight_decay);
    f("nesterov", nesterov);
    f("maximize", maximize);
  }
};

/// The rule of `SGD` for one parameter.
struct SGDRule {
  static constexpr std::string_view kName = "SGD";
  using Options = SGDOptions;

  template <Real T>
  struct State {
    Tensor<T> momentum_buffer;
    bool fresh = false;  // allocated, but without a gradient in it
    void visit(auto&& f) { f("momentum_buffer", momentum_buffer); }
  };

  static void check(const Options& options) {
    detail::check_not_negative(kName, "lr", options.lr);
    detail::check_not_negative(kName, "momentum", options.momentum);
    detail::check_not_negative(kName, "weight_decay", options.weight_decay);
    detail::check_option(std::isfinite(options.dampening), kName, "dampening", "finite", options.dampening);
    if (!options.nesterov) return;
    detail::check_option(options.momentum > 0, kName, "momentum", "positive for nesterov", options.momentum);
    detail::check_option(options.dampening == 0, kName, "dampening", "0 for nesterov", options.dampening);
  }

#if defined(TEMPA_WITH_CUDA)
  /// The same for all parameters of a CUDA device, see `detail::DeviceStep`.
  struct OnDevice {
    using Group = cuda::SGDGroup;
    template <Real A>
    using Scalars = SGDScalars<A>;

    static Group group(const Options& o) {
      return {o.lr, o.momentum, o.dampening, o.weight_decay, o.nesterov, o.maximize};
    }
    template <Real A>
    static std::array<A*, 3> moments(State<A>& state, const Options& options) {
      return {options.momentum != 0 ? state.momentum_buffer.data() : nullptr, nullptr, nullptr};
    }
    /// The kernels take the first step for the one that fills the buffer.
    static bool is_ready(const auto& state, Index step) {
      return state.momentum_buffer.empty() || state.fresh == (step == 0);
    }
    static void begin_state(auto& state) { state.fresh = false; }
    static void take_back(auto& state, Index step) { state.fresh = step == 0 && !state.momentum_buffer.empty(); }
    template <Real A>
    static void begin(cuda::Backend backend, cuda::StepState* state, SGDScalars<A>* scalars, const Group* groups,
                      Index group_count, const double* squares, Index count) {
      cuda::begin_sgd_step(backend, state, scalars, groups, group_count, squares, count);
    }
    template <Floating T>
    static void update(cuda::Backend backend, const cuda::UpdatedTensor<T>* tensors, const cuda::TensorPart* parts,
                       Index part_count, const SGDScalars<Accumulator<T>>* scalars, const cuda::StepState* state) {
      cuda::sgd_steps<T>(backend, tensors, parts, part_count, scalars, state);
    }
  };
#endif

  template <Floating T>
  static void prepare(State<Accumulator<T>>& state, const Tensor<T>& value, const Options& options) {
    if (options.momentum == 0 || !state.momentum_buffer.empty()) return;
    state.momentum_buffer = Tensor<Accumulator<T>>::zeros(value.shape(), value.device());
    state.fresh = true;
  }

  template <Floating T>
  static void update(const ParameterUpdate<T>& parameter, State<Accumulator<T>>& state, Index, const Options& options) {
    using A = Accumulator<T>;
    const bool has_momentum = options.momentum != 0;
    const bool is_first = has_momentum && std::exchange(state.fresh, false);
    const cpu::SGDScalars<A> scalars{
        .grad_factor = static_cast<A>(options.maximize ? -parameter.grad_factor : parameter.grad_factor),
        .l2 = static_cast<A>(options.weight_decay),
        .momentum = static_cast<A>(is_first ? 0 : options.momentum),
        .rest = static_cast<A>(is_first ? 1 : 1 - options.dampening),
        .lookahead = static_cast<A>(options.nesterov ? options.momentum : 0),
        .lr = static_cast<A>(options.lr),
    };
    on(parameter.device, [&](auto backend) {
      sgd_step(backend, parameter.weights, parameter.copy, has_momentum ? state.momentum_buffer.data() : nullptr,
               parameter.grad, parameter.n, scalars);
    });
  }
};

/// g = grad + weight_decay p; b = momentum b + (1 - dampening) g, b = g in the first step; d = g + momentum b with
/// Nesterov's momentum, else b; p -= lr d.
/// @source torch.optim.SGD
class SGD final : public RuleOptimizer<SGDRule> {
 public:
  using RuleOptimizer::RuleOptimizer;
};

TEMPA_COMPILED_ONCE(class RuleOptimizer<SGDRule>);

}  // namespace tempa::inline TEMPA_ABI
