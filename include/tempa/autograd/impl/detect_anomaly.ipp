// The bodies of <tempa/autograd/detect_anomaly.hpp>.
#pragma once

#include <tempa/autograd/detect_anomaly.hpp>

#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE AnomalyError::AnomalyError(const std::string& message, std::string op, const void* leaf)
    : NumericalError("[detect_anomaly] " + message), op_(std::move(op)), leaf_(leaf) {}

namespace detail {

TEMPA_INLINE AnomalyCheck& anomaly_check() {
  thread_local AnomalyCheck check = AnomalyCheck::kOff;
  return check;
}

TEMPA_INLINE void check_gradients(const char* op, std::span<const std::shared_ptr<Node>> inputs) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i]->requires_grad) continue;
    if (const std::string_view found = inputs[i]->gradient_anomaly(); !found.empty())
      throw AnomalyError(
          concat("expected finite gradients but the backward of ", op, " made one with ", found, " of its input ", i),
          op, inputs[i]->is_leaf() ? inputs[i].get() : nullptr);
  }
}

}  // namespace detail

TEMPA_INLINE DetectAnomaly::DetectAnomaly(Anomaly what)
    : previous_(std::exchange(detail::anomaly_check(), what == Anomaly::kNaN ? detail::AnomalyCheck::kNaN
                                                                             : detail::AnomalyCheck::kNaNOrInfinity)) {}

TEMPA_INLINE bool anomaly_detection_enabled() { return detail::anomaly_check() != detail::AnomalyCheck::kOff; }

}  // namespace tempa::inline TEMPA_ABI
