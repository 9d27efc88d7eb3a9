// The count of steps that a device has skipped without the host knowing.
#pragma once

#include <tempa/optim/detail/slots.hpp>
#include <tempa/tensor/tensor.hpp>

#include <cstddef>
#include <vector>

namespace tempa::inline TEMPA_ABI::detail {

/// The steps that a loss scale has skipped on the device, and that the host, which does not know, has counted.
template <typename Rule>
class SkippedSteps {
 public:
  /// Where the device counts them.
  double* data() { return count_.data(); }

  /// Room to count, 0 at first. @throws OutOfMemoryError.
  void reserve(Device device, Slots<Rule>& slots) {
    if (!count_.empty() && count_.device() == device) return;
    settle(slots);
    count_ = Tensor<double>::zeros({1}, device);
  }
  /// From here on the counts of these parameters, and of no others, include skipped steps.
  void count_for(const std::vector<std::size_t>& updated, Slots<Rule>& slots) {
    if (counted_ == updated) return;
    settle(slots);
    counted_ = updated;
  }
  /// Takes them back from `slots`, or a copy of them. Waits for the device when there may be such steps.
  void take_back_from(Slots<Rule>& slots) const {
    if (!counted_.empty()) slots.take_back(counted_, static_cast<Index>(count_.to_vector()[0]));
  }
  /// Takes them back, and begins again.
  void settle(Slots<Rule>& slots) {
    take_back_from(slots);
    forget();
  }
  void forget() {
    if (!counted_.empty()) count_.fill(0);
    counted_.clear();
  }

 private:
  std::vector<std::size_t> counted_;  // whose step counts include them
  Tensor<double> count_;              // (1)
};

}  // namespace tempa::inline TEMPA_ABI::detail
