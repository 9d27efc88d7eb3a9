// Adam, with weight decay in the gradient (Adam) or beside it (AdamW).
#pragma once

#include <tempa/autograd/dispatch.hpp>
#include <tempa/core/compiled.hpp>
#include <tempa/cpu/optimizer.hpp>
#include <tempa/optim/rule_optimizer.hpp>

#include <array>
#include <cmath>
#include <string_view>

TEMPA_COMPILED_FILE("optim");

namespace tempa::inline TEMPA_ABI {

/// Options of `Adam`, with PyTorch's names and defaults.
struct AdamOptions {
  static constexpr std::string_view kName = "Adam";
  static constexpr bool kDecoupled = false;

  double lr = 1e-3;
  std::array<double, 2> betas = {0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 0;  ///< added to the gradient: weight_decay p
  bool amsgrad = false;
  bool maximize = false;

  void visit(auto&& f) {
    f("lr", lr);
    f("beta1", betas[0]);
    f("beta2", betas[1]);
    f("eps", eps);
    f("weight_decay", weight_decay);
    f("amsgrad", amsgrad);
    f("maximize", maximize);
  }
};

/// The rule of `Adam` and `AdamW` for one parameter.
/// @tparam AdamOrAdamWOptions tells by `kDecoupled` where the weight decay goes.
template <typename AdamOrAdamWOptions>
struct AdamRule {
  using Options = AdamOrAdamWOptions;
  static constexpr std::string_view kName = Options::kName;

  template <Real T>
  struct State {
    Tensor<T> exp_avg, exp_avg_sq, max_exp_avg_sq;
    void visit(auto&& f) {
      f("exp_avg", exp_avg);
      f("exp_avg_sq", exp_avg_sq);
      f("max_exp_avg_sq", max_exp_avg_sq);
    }
  };

  static void check(const Options& options) {
    detail::check_not_negative(kName, "lr", options.lr);
    detail::check_not_negative(kName, "eps", options.eps);
    detail::check_not_negative(kName, "weight_decay", options.weight_decay);
    const auto [beta1, beta2] = options.betas;
    detail::check_option(beta1 >= 0 && beta1 < 1, kName, "betas[0]", "in [0,1)", beta1);
    detail::check_option(beta2 >= 0 && beta2 < 1, kName, "betas[1]", "in [0,1)", beta2);
  }

#if defined(TEMPA_WITH_CUDA)
  /// The same for all parameters of a CUDA device, see `detail::DeviceStep`.
  struct OnDevice {
    using Group = cuda::AdamGroup;
    template <Real A>
    using Scalars = AdamScalars<A>;

    static Group group(const Options& o) {
      return {o.lr, o.betas[0], o.betas[1], o.eps, o.weight_decay, Options::kDecoupled, o.maximize};
    }
    template <Real A>
    static std::array<A*, 3> moments(State<A>& state, const Options& options) {
      return {state.exp_avg.data(), state.exp_avg_sq.data(), options.amsgrad ? state.max_exp_avg_sq.data() : nullptr};
    }
    static bool is_ready(const auto&, Index) { return true; }
    static void begin_state(auto&) {}
    static void take_back(auto&, Index) {}
    template <Real A>
    static void begin(cuda::Backend backend, cuda::StepState* state, AdamScalars<A>* scalars, const Group* groups,
                      Index group_count, const double* squares, Index count) {
      cuda::begin_adam_step(backend, state, scalars, groups, group_count, squares, count);
    }
    template <Floating T>
    static void update(cuda::Backend backend, const cuda::UpdatedTensor<T>* tensors, const cuda::TensorPart* parts,
                       Index part_count, const AdamScalars<Accumulator<T>>* scalars, const cuda::StepState* state) {
      cuda::adam_steps<T>(backend, tensors, parts, part_count, scalars, state);
    }
  };
#endif

  template <Floating T>
  static void prepare(State<Accumulator<T>>& state, const Tensor<T>& value, const Options& options) {
    const auto zeros_if_empty = [&](auto& moment) {
      if (moment.empty()) moment = Tensor<Accumulator<T>>::zeros(value.shape(), value.device());
    };
    zeros_if_empty(state.exp_avg);
    zeros_if_empty(state.exp_avg_sq);
    if (options.amsgrad) zeros_if_empty(state.max_exp_avg_sq);
  }

  template <Floating T>
  static void update(const ParameterUpdate<T>& parameter, State<Accumulator<T>>& state, Index step,
                     const Options& options) {
    using A = Accumulator<T>;
    const auto [beta1, beta2] = options.betas;
    const double t = static_cast<double>(step);
    const cpu::AdamScalars<A> scalars{
        .grad_factor = static_cast<A>(options.maximize ? -parameter.grad_factor : parameter.grad_factor),
        .l2 = static_cast<A>(Options::kDecoupled ? 0 : options.weight_decay),
        .decay = static_cast<A>(Options::kDecoupled ? 1 - options.lr * options.weight_decay : 1),
        .beta1 = static_cast<A>(beta1),
        .rest1 = static_cast<A>(1 - beta1),
        .beta2 = static_cast<A>(beta2),
        .rest2 = static_cast<A>(1 - beta2),
        .step_size = static_cast<A>(options.lr / (1 - std::pow(beta1, t))),
        .inverse_sqrt_bias = static_cast<A>(1 / std::sqrt(1 - std::pow(beta2, t))),
        .eps = static_cast<A>(options.eps),
    };
    on(parameter.device, [&](auto backend) {
      adam_step(backend, parameter.weights, parameter.copy, state.exp_avg.data(), state.exp_avg_sq.data(),
                options.amsgrad ? state.max_exp_avg_sq.data() : nullptr, parameter.grad, parameter.n, scalars);
    });
  }
};

/// g = grad + weight_decay p; m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
/// p -= lr / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + eps), with AMSGrad the largest v so far.
/// Moments have the parameter's precision, of a 16-bit one float32; the corrections are computed in double.
/// @source torch.optim.Adam; Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015
class Adam final : public RuleOptimizer<AdamRule<AdamOptions>> {
 public:
  using RuleOptimizer::RuleOptimizer;
};

TEMPA_COMPILED_ONCE(class RuleOptimizer<AdamRule<AdamOptions>>);

}  // namespace tempa::inline TEMPA_ABI
