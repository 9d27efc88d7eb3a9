// What a host thread's calls refer to: its current stream of each device, and the pool of the graph that it captures,
// during which it may relax the rules of the capture.
#pragma once

#include "kernels/device/platform.cuh"

#include <cstddef>
#include <map>
#include <memory>

namespace tempa::inline TEMPA_ABI::cuda::detail {

/// Owner of the memory that is allocated during a capture. It goes back to the driver when the graph and all tensors
/// made in the capture are gone.
struct GraphPool {
  int device;

  explicit GraphPool(int of_device);
  ~GraphPool();
  GraphPool(const GraphPool&) = delete;
  GraphPool& operator=(const GraphPool&) = delete;
};

struct ThreadState {
  std::map<int, void*> streams;     ///< device to current stream; none is the default stream
  std::shared_ptr<GraphPool> pool;  ///< of the capture that is going on
  void* outside_stream = nullptr;   ///< current on the pool's device before the capture

  void* stream(int device) const {
    const auto found = streams.find(device);
    return found == streams.end() ? nullptr : found->second;
  }
};

/// Of the calling thread.
ThreadState& thread_state();

/// While one lives, this thread may allocate and load kernels during its capture.
class RelaxedCapture {
 public:
  RelaxedCapture() { cudaThreadExchangeStreamCaptureMode(&mode_); }
  ~RelaxedCapture() { cudaThreadExchangeStreamCaptureMode(&mode_); }
  RelaxedCapture(const RelaxedCapture&) = delete;
  RelaxedCapture& operator=(const RelaxedCapture&) = delete;

 private:
  cudaStreamCaptureMode mode_ = cudaStreamCaptureModeRelaxed;
};

/// The free blocks of a stream that ends, and has no work left, become the default stream's.
void inherit_free_blocks(Backend ended) noexcept;

}  // namespace tempa::inline TEMPA_ABI::cuda::detail
