// CUDA graphs: a sequence of launches recorded once and started with one call.
#pragma once

#include <tempa/device/cuda/backend.hpp>

#include <memory>

namespace tempa::inline TEMPA_ABI::cuda {

/// Records what the calling thread launches between `begin_capture` and `end_capture`; `launch` repeats it with the
/// same addresses. Memory allocated during the capture comes from the graph's own pool: tensors made there stay
/// valid and are written again by each launch, and their memory is not reused while the graph or one of them exists.
class Graph {
 public:
  /// @throws DeviceError when there is no such device; CudaError.
  explicit Graph(int device = 0);
  ~Graph();
  Graph(Graph&&) noexcept;
  Graph& operator=(Graph&&) noexcept;

  /// The thread's current stream on the device becomes the graph's; nothing runs until `launch`.
  /// @param shared another graph of the device, whose pool this one uses: for graphs that never run at the same time.
  /// Memory freed by one is used by the other.
  /// @throws CudaError during another capture.
  void begin_capture(const Graph* shared = nullptr);
  /// Completes the graph and makes the former stream current again.
  /// @throws CudaError when something that cannot be recorded was called; the graph is empty then.
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

/// While alive during a capture, the calling thread's memory does not come from the graph's pool, and its work is not
/// recorded: for memory that is written between launches, which must not be shared with a launch's temporaries.
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
