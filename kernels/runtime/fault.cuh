// Reports indices in data (ids, labels) that are out of range: a kernel finds them, and the host throws at its next
// wait for the device. Nobody waits in between, and nothing is written for an index out of range.
#pragma once

#include <tempa/device/cuda/fault.hpp>

#include "kernels/device/platform.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

/// A kernel's report to the host, in pinned memory that both can access.
struct FaultRecord {
  int reported = 0;
  const char* launcher = nullptr;  ///< a literal of the host
  Index index = 0, bound = 0, position = 0;
};

/// The device's record, and the launcher to name in the error: an argument of kernels that check indices.
struct FaultSite {
  FaultRecord* record;
  const char* launcher;
};

/// @throws OutOfMemoryError where a device's first record cannot be allocated.
FaultSite fault_site(Backend backend, const char* launcher);

/// Reports to the host that element `position` of the indices is not in [0, bound). Only the first report is kept.
__device__ inline void report_fault(const FaultSite& site, Index index, Index bound, Index position) {
  if (atomicCAS(&site.record->reported, 0, 1) != 0) return;
  site.record->launcher = site.launcher;
  site.record->index = index;
  site.record->bound = bound;
  site.record->position = position;
}

/// Whether `index` is in [0, bound); reports it when it is not.
__device__ inline bool check_index(const FaultSite& site, Index index, Index bound, Index position) {
  if (index >= 0 && index < bound) return true;
  report_fault(site, index, bound, position);
  return false;
}

}  // namespace tempa::inline TEMPA_ABI::cuda
