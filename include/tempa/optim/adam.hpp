// Adam, with weight decay in the gradient (Adam) or apart from it (AdamW).
#pragma once

#include <tempa/cpu/optimizer.hpp>
#include <tempa/math/adam.hpp>
#include <tempa/optim/rule_optimizer.hpp>

#include <array>
#include <string_view>

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

/// The rule of `Adam` and `AdamW`, see `RuleOptimizer`.
/// @tparam AdamOrAdamWOptions tells by `kDecoupled` where the weight decay goes.
template <typename AdamOrAdamWOptions>
struct AdamRule {
  using Options = AdamOrAdamWOptions;
  using Formula = AdamFormula;
  static constexpr std::string_view kName = Options::kName;

  static constexpr std::array<std::string_view, 3> kMomentNames = {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"};

  static void check(const Options& options) {
    detail::check_not_negative(kName, "lr", options.lr);
    detail::check_not_negative(kName, "eps", options.eps);
    detail::check_not_negative(kName, "weight_decay", options.weight_decay);
    const auto [beta1, beta2] = options.betas;
    detail::check_option(beta1 >= 0 && beta1 < 1, kName, "betas[0]", "in [0,1)", beta1);
    detail::check_option(beta2 >= 0 && beta2 < 1, kName, "betas[1]", "in [0,1)", beta2);
  }
  static bool uses_optional_moment(const Options& options) { return options.amsgrad; }
  static AdamGroup group(const Options& options) {
    return {.lr = options.lr,
            .beta1 = options.betas[0],
            .beta2 = options.betas[1],
            .eps = options.eps,
            .weight_decay = options.weight_decay,
            .decoupled = Options::kDecoupled,
            .maximize = options.maximize};
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

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/optim/impl/adam.ipp>
#endif
