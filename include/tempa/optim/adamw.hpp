// Adam with decoupled weight decay: the optimizer that BERT is fine-tuned with.
#pragma once

#include <tempa/optim/adam.hpp>

namespace tempa::inline TEMPA_ABI {

/// Options of `AdamW`, with PyTorch's names and defaults.
struct AdamWOptions {
  static constexpr std::string_view kName = "AdamW";
  static constexpr bool kDecoupled = true;

  double lr = 1e-3;
  std::array<double, 2> betas = {0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 1e-2;  ///< p shrinks by lr weight_decay p in each step, apart from the gradient's update
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

/// p = (1 - lr weight_decay) p; then `Adam`'s update, with moments of the gradient alone.
/// @source torch.optim.AdamW; Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019
class AdamW final : public RuleOptimizer<AdamRule<AdamWOptions>> {
 public:
  using RuleOptimizer::RuleOptimizer;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/optim/impl/adamw.ipp>
#endif
