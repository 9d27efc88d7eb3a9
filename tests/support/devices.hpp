// The devices on which a test can run.
#pragma once

#include "support/catch.hpp"

#include <tempa/device/device.hpp>

#include <vector>

#if defined(TEMPA_WITH_CUDA)
#include <tempa/device/cuda/device.hpp>
#endif

/// The CPU, and a CUDA device where there is one.
inline std::vector<tempa::Device> devices() {
  std::vector<tempa::Device> result{tempa::Device::cpu()};
#if defined(TEMPA_WITH_CUDA)
  if (tempa::cuda::device_count() > 0) result.push_back(tempa::Device::cuda());
#endif
  return result;
}

#if defined(TEMPA_WITH_CUDA)
/// Whether the test must be skipped because there is no CUDA device; warns then.
inline bool skips_without_cuda() {
  if (tempa::cuda::device_count() > 0) return false;
  WARN("skipped: there is no CUDA device");
  return true;
}
#endif
