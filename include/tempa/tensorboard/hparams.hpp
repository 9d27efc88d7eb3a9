// Hyperparameters and the resulting metrics, for TensorBoard's page that compares runs.
#pragma once

#include <tempa/metrics/metrics.hpp>
#include <tempa/tensorboard/detail/event.hpp>

#include <concepts>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// A truth value, a number or a text.
class HParam {
 public:
  template <typename T>
  requires std::is_arithmetic_v<T> HParam(T value) {  // NOLINT(google-explicit-constructor)
    if constexpr (std::same_as<T, bool>) {
      value_ = value;
    } else {
      value_ = static_cast<double>(value);
    }
  }
  HParam(std::string value) : value_(std::move(value)) {}    // NOLINT(google-explicit-constructor)
  HParam(const char* value) : value_(std::string(value)) {}  // NOLINT(google-explicit-constructor)
  const std::variant<bool, double, std::string>& value() const { return value_; }

 private:
  std::variant<bool, double, std::string> value_;
};

/// Hyperparameters by name.
using HParams = std::vector<std::pair<std::string, HParam>>;

/// The three values that describe a run: which hyperparameters and metrics there are, the run's hyperparameters, and
/// that it ended well.
/// @source torch.utils.tensorboard.summary.hparams
std::vector<SummaryValue> make_hparams(const HParams& hparams, const Metrics& metrics);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/tensorboard/impl/hparams.ipp>
#endif
