// Stochastic gradient descent.
#pragma once

#include <tempa/cpu/optimizer.hpp>
#include <tempa/math/sgd.hpp>
#include <tempa/optim/rule_optimizer.hpp>

#include <array>
#include <string_view>

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

/// The rule of `SGD`, see `RuleOptimizer`.
struct SGDRule {
  static constexpr std::string_view kName = "SGD";
  using Options = SGDOptions;
  using Formula = SGDFormula;

  static constexpr std::array<std::string_view, 1> kMomentNames = {"momentum_buffer"};

  static void check(const Options& options);
  static bool uses_optional_moment(const Options& options) { return options.momentum != 0; }
  static SGDGroup group(const Options& options);
};

/// g = grad + weight_decay p; b = momentum b + (1 - dampening) g, b = g in the first step; d = g + momentum b with
/// Nesterov's momentum, else b; p -= lr d.
/// @source torch.optim.SGD
class SGD final : public RuleOptimizer<SGDRule> {
 public:
  using RuleOptimizer::RuleOptimizer;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/optim/impl/sgd.ipp>
#endif
