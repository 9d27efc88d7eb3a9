// CUDA graphs: a sequence of launches recorded once and started with one call.
#pragma once

#include <tempa/device/cuda/backend.hpp>

#include <memory>

namespace tempa::inline TEMPA_ABI::cuda {

/// Records what the calling thread launches between `begin_capture` and `end_capture`; `launch` repeats it with the
/// same addresses. Memory allocated during the capture comes from a pool of the graph's own: tensors made there stay
/// valid and are written again by each launch, and nothing else gets their memory while the graph or one of them lives.
class Graph {
 public:
  /// @throws DeviceError when there is no such device; CudaError.
  explicit Graph(int device = 0);
  ~Graph();
  Graph(Graph&&) noexcept;
  Graph& operator=(Graph&&) noexcept;

  /// The thread's current stream on the device becomes the graph's; nothing runs until `launch`.
  /// @param shared another graph of the device whose pool this one takes its memory from: for graphs that are never in
  /// flight together. What is freed of one is used by the other.
  /// @throws CudaError when a capture is going on.
  void begin_capture(const Graph* shared = nullptr);
  /// Makes the graph ready and the former stream current again.
  /// @throws CudaError when something was called that cannot be recorded; the graph is empty then.
  void end_capture();
  /// Runs the recorded work in the order of the stream. @throws CudaError when nothing is recorded.
  void launch(Backend backend) const;
  /// Whether there is something to launch.
  bool ready() const;
  /// Whether between `begin_capture` and `end_capture`.
  bool capturing() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// While one lives in a capture, the calling thread's memory is not of the graph's pool, and its work is not recorded:
/// for memory that is written between launches, which a launch's own temporaries must not share.
class OutsideGraph {
 public:
  OutsideGraph();
  ~OutsideGraph();
  OutsideGraph(const OutsideGraph&) = delete;
  OutsideGraph& operator=(const OutsideGraph&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tempa::inline TEMPA_ABI::cuda
