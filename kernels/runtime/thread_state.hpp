// The state of a host thread: its current stream on each device, and the pool of the graph that it is capturing.
#pragma once

#include "kernels/device/platform.cuh"

#include <cstddef>
#include <map>
#include <memory>

namespace tempa::inline TEMPA_ABI::cuda::detail {

/// Owner of the memory that is allocated during a capture. It is returned to the driver when the graph and all tensors
/// made in the capture have been destroyed.
struct GraphPool {
  int device;

  explicit GraphPool(int of_device);
  ~GraphPool();
  GraphPool(const GraphPool&) = delete;
  GraphPool& operator=(const GraphPool&) = delete;
};

struct ThreadState {
  std::map<int, void*> streams;     ///< device to current stream; absent: the default stream
  std::shared_ptr<GraphPool> pool;  ///< of the current capture
  void* outside_stream = nullptr;   ///< current on the pool's device before the capture

  void* stream(int device) const {
    const auto found = streams.find(device);
    return found == streams.end() ? nullptr : found->second;
  }
};

/// Of the calling thread.
ThreadState& thread_state();

/// While alive, this thread may allocate and load kernels during its capture.
class RelaxedCapture {
 public:
  RelaxedCapture() { cudaThreadExchangeStreamCaptureMode(&mode_); }
  ~RelaxedCapture() { cudaThreadExchangeStreamCaptureMode(&mode_); }
  RelaxedCapture(const RelaxedCapture&) = delete;
  RelaxedCapture& operator=(const RelaxedCapture&) = delete;

 private:
  cudaStreamCaptureMode mode_ = cudaStreamCaptureModeRelaxed;
};

/// Gives the free blocks of a stream that ends, and has no work left, to the default stream.
void inherit_free_blocks(Backend ended) noexcept;

}  // namespace tempa::inline TEMPA_ABI::cuda::detail
