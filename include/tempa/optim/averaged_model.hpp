// An average of the weights along the way of training, which often generalizes better than the last ones.
#pragma once

#include <tempa/io/state_dict.hpp>
#include <tempa/optim/detail/parameter_list.hpp>

#include <cstddef>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// How `AveragedModel` weighs the updates.
enum class Averaging {
  kExponential,  ///< EMA: the latest count most
  kEqual,        ///< SWA: all count the same
};

/// Options of `AveragedModel`.
struct AveragedModelOptions {
  Averaging averaging = Averaging::kExponential;
  /// Factor on the average in each exponential update.
  double decay = 0.999;
  /// Let the decay of update n grow as min(decay, (1 + n) / (10 + n)), so that a short training forgets its beginning.
  bool warm_up = false;
};

/// Keeps an average of parameters next to them:
/// `AveragedModel average(model.parameters(), {.decay = 0.99});`, `average.update()` after each `optimizer.step()`, and
/// for evaluation `const auto averaged = average.apply();`, which puts the average into the model while it lives.
/// Buffers (the statistics of batch norm) are not averaged. The average of 16-bit parameters is float32.
/// @source torch.optim.swa_utils.AveragedModel; Izmailov et al., "Averaging Weights Leads to Wider Optima", 2018
class AveragedModel {
 public:
  /// While alive, the model holds the average.
  class Applied {
   public:
    explicit Applied(AveragedModel& average) : average_(average) { average_.swap(); }
    ~Applied();
    Applied(const Applied&) = delete;
    Applied& operator=(const Applied&) = delete;

   private:
    AveragedModel& average_;
  };

  /// @throws ConfigError for a decay outside [0,1].
  explicit AveragedModel(const ParameterList& parameters, AveragedModelOptions options = {});

  /// Takes the parameters into the average: average += w (p - average), with w = 1 in the first update, then 1 - decay
  /// for the exponential and 1 / (n + 1) for the equal average after n updates.
  /// @throws Error while the model holds the average.
  void update();

  /// Exchanges the model's weights and the average; a second call undoes it.
  /// @throws Error before the first `update`.
  void swap();
  /// `swap` now, and back at the end of the returned object's life.
  [[nodiscard]] Applied apply() { return Applied(*this); }
  /// Whether the model holds the average.
  bool is_swapped() const { return swapped_; }

  /// Number of `update`s.
  Index num_updates() const { return num_updates_; }
  /// The average of parameter `i`; while swapped, of a float or double parameter its own weights. @tparam T the
  /// precision of the average: float for a 16-bit parameter.
  template <Real T>
  const Tensor<T>& average(std::size_t i) const {
    return std::get<Tensor<T>>(averages_.at(i));
  }
  const AveragedModelOptions& options() const { return options_; }
  const ParameterList& parameters() const { return parameters_; }

  /// The averages by parameter name (by number where there is none), sharing storage. Not while swapped.
  StateDict state_dict() const;
  /// Takes over averages that `state_dict` gave after `num_updates` updates.
  /// @throws ShapeError, ValueError when they are of other parameters; nothing was changed then.
  void load_state_dict(const StateDict& state, Index num_updates);

 private:
  std::string name_of(std::size_t i) const;

  template <typename F>
  void for_each(const F& f) {
    for (std::size_t i = 0; i < averages_.size(); ++i)
      parameters_[i].visit([&](auto variable) {
        using T = typename decltype(variable)::value_type;
        f(variable.mutable_value(), std::get<Tensor<Accumulator<T>>>(averages_[i]), own_[i]);
      });
  }

  void exchange_all();

  ParameterList parameters_;
  AveragedModelOptions options_;
  std::vector<std::variant<Tensor<float>, Tensor<double>>> averages_;  // parallel to parameters_
  std::vector<AnyTensor> own_;                                         // while swapped, the model's own 16-bit weights
  Index num_updates_ = 0;
  bool swapped_ = false;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/optim/impl/averaged_model.ipp>
#endif
