// Finds the operation in which NaN or infinity begins.
#pragma once

#include <tempa/autograd/detail/node.hpp>
#include <tempa/autograd/dispatch.hpp>
#include <tempa/cpu/numeric.hpp>
#include <tempa/tensor/tensor.hpp>

#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace tempa::inline TEMPA_ABI {

/// What `DetectAnomaly` reports.
enum class Anomaly {
  kNaN,           ///< only NaN, as PyTorch: a `GradScaler` finds its scale by infinities
  kNaNOrInfinity  ///< both
};

/// Thrown for the first operation whose result, or whose gradient of an input, is not finite.
class AnomalyError : public NumericalError {
 public:
  AnomalyError(const std::string& message, std::string op, const void* leaf);

  /// Name of the operation, e.g. "linear".
  const std::string& op() const { return op_; }
  /// `Variable::node()` of the parameter, or other leaf, that the operation read or sent the gradient to; nullptr when
  /// that is the result of another operation.
  const void* leaf() const { return leaf_; }

 private:
  std::string op_;
  const void* leaf_;
};

namespace detail {

enum class AnomalyCheck { kOff, kNaN, kNaNOrInfinity };

AnomalyCheck& anomaly_check();

/// "NaN" or "infinity" where `tensor` has it, else an empty text.
template <Floating T>
std::string_view nonfinite_in(const Tensor<T>& tensor) {
  if (tensor.numel() == 0) return {};
  double largest = 0;
  on(tensor.device(), [&](auto backend) { largest = max_abs(backend, tensor.data(), tensor.numel()); });
  return std::isnan(largest) ? "NaN" : std::isinf(largest) ? "infinity" : std::string_view();
}

/// The same for what this thread checks.
template <Floating T>
std::string_view anomaly_in(const Tensor<T>& tensor) {
  if (anomaly_check() == AnomalyCheck::kOff) return {};
  const std::string_view found = nonfinite_in(tensor);
  return found == "infinity" && anomaly_check() == AnomalyCheck::kNaN ? std::string_view() : found;
}

/// @throws AnomalyError when the result of an operation is not finite, with the input that was not, if one was not.
template <Floating T>
void check_result(const char* op, const Tensor<T>& value, std::span<const std::shared_ptr<Node>> inputs) {
  const std::string_view found = anomaly_in(value);
  if (found.empty()) return;
  std::string message = concat("expected finite values but the result of ", op, ", ", value.shape(), ", has ", found);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::string_view before = inputs[i]->value_anomaly();
    if (before.empty()) continue;
    message += concat("; its input ", i, " has ", before, " already");
    throw AnomalyError(message, op, inputs[i]->is_leaf() ? inputs[i].get() : nullptr);
  }
  throw AnomalyError(message, op, nullptr);
}

/// @throws AnomalyError when the backward of `op` has made a gradient that is not finite.
void check_gradients(const char* op, std::span<const std::shared_ptr<Node>> inputs);

}  // namespace detail

/// While alive, each operation of this thread, forward and backward, must return finite numbers: the first that does
/// not throws an `AnomalyError` with its name. Each result is read once more, and a GPU is waited for: use it to find a
/// fault, not for whole trainings. `Trainer` uses it by itself on a step that has failed. After the exception some
/// gradients may be incomplete. Nests.
///
///   const DetectAnomaly guard;
///   model(batch).loss.backward();
///   // [detect_anomaly] expected finite values but the result of softmax, (4,4), has NaN
///
/// @source torch.autograd.detect_anomaly, which checks only gradients, and only for NaN
class DetectAnomaly {
 public:
  explicit DetectAnomaly(Anomaly what = Anomaly::kNaNOrInfinity);
  ~DetectAnomaly() { detail::anomaly_check() = previous_; }
  DetectAnomaly(const DetectAnomaly&) = delete;
  DetectAnomaly& operator=(const DetectAnomaly&) = delete;

 private:
  detail::AnomalyCheck previous_;
};

/// Whether this thread checks for NaN. @source torch.is_anomaly_enabled
bool anomaly_detection_enabled();

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/autograd/impl/detect_anomaly.ipp>
#endif
