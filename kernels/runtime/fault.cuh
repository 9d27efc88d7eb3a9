// Indices in data (ids, labels) that are out of range: a kernel finds them, the host throws for them when it next waits
// for the device. Nothing is waited for in between, and nothing is written in the place of a bad index.
#pragma once

#include <tempa/device/cuda/fault.hpp>

#include "kernels/device/platform.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

/// What a kernel leaves for the host, in pinned memory that both see.
struct FaultRecord {
  int reported = 0;
  const char* launcher = nullptr;  ///< a literal of the host
  Index index = 0, bound = 0, position = 0;
};

/// The device's record, and the launcher that a fault is put down to: an argument of kernels that check indices.
struct FaultSite {
  FaultRecord* record;
  const char* launcher;
};

/// @throws OutOfMemoryError where a device's first record cannot be allocated.
FaultSite fault_site(Backend backend, const char* launcher);

/// Tells the host that element `position` of the indices is not in [0, bound). The first one to report is kept.
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
