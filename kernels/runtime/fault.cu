// The host's part of fault.cuh: one record for each device, allocated at the first launch that checks indices, never
// freed.
#include <tempa/core/error.hpp>
#include <tempa/device/cuda/memory.hpp>

#include "kernels/runtime/fault.cuh"

#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

class FaultRecords {
 public:
  FaultRecord* of_device(int device) {
    const std::scoped_lock lock(mutex_);
    std::shared_ptr<void>& memory = records_[device];
    if (memory == nullptr) {
      memory = allocate_pinned(sizeof(FaultRecord));
      new (memory.get()) FaultRecord;
    }
    return static_cast<FaultRecord*>(memory.get());
  }

  /// Returns what was reported, and clears it.
  FaultRecord take(int device) {
    const std::scoped_lock lock(mutex_);
    const auto found = records_.find(device);
    if (found == records_.end() || found->second == nullptr) return {};
    return std::exchange(*static_cast<FaultRecord*>(found->second.get()), FaultRecord{});
  }

 private:
  std::mutex mutex_;
  std::map<int, std::shared_ptr<void>> records_;
};

/// Never destroyed: kernels of captured graphs contain the addresses.
FaultRecords& records() {
  static auto* const instance = new FaultRecords;
  return *instance;
}

}  // namespace

FaultSite fault_site(Backend backend, const char* launcher) { return {records().of_device(backend.device), launcher}; }

void throw_if_fault(Backend backend) {
  const FaultRecord fault = records().take(backend.device);
  if (fault.reported == 0) return;
  throw ValueError(concat("[", fault.launcher, "] indices must be in [0,", fault.bound, ") but element ",
                          fault.position, " is ", fault.index, "; found by cuda:", backend.device,
                          ", at the latest synchronization"));
}

}  // namespace tempa::inline TEMPA_ABI::cuda
