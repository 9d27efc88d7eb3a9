// Graphs: host code over stream capture.
#include <tempa/core/error.hpp>
#include <tempa/device/cuda/graph.hpp>
#include <tempa/device/cuda/stream.hpp>

#include "kernels/runtime/check.hpp"
#include "kernels/runtime/thread_state.hpp"

#include <utility>

namespace tempa::inline TEMPA_ABI::cuda {

struct Graph::State {
  Stream stream;
  std::shared_ptr<detail::GraphPool> pool;
  cudaGraphExec_t instance = nullptr;
  bool capturing = false;
  void* former_stream = nullptr;

  explicit State(int device) : stream(device) {}
  ~State() {
    if (capturing) {
      cudaGraph_t graph = nullptr;
      if (stop(graph) != cudaSuccess) static_cast<void>(cudaGetLastError());
      if (graph != nullptr) cudaGraphDestroy(graph);
    }
    clear();
  }

  cudaStream_t raw_stream() const { return static_cast<cudaStream_t>(stream.backend().stream); }

  void clear() {
    if (instance != nullptr) cudaGraphExecDestroy(std::exchange(instance, nullptr));
    pool.reset();
  }

  cudaError_t stop(cudaGraph_t& graph) {
    capturing = false;
    auto& thread = detail::thread_state();
    thread.streams[stream.backend().device] = former_stream;
    thread.pool.reset();
    return cudaStreamEndCapture(raw_stream(), &graph);
  }
};

Graph::Graph(int device) : state_(std::make_unique<State>(device)) {}
Graph::~Graph() = default;
Graph::Graph(Graph&&) noexcept = default;
Graph& Graph::operator=(Graph&&) noexcept = default;

void Graph::begin_capture(const Graph* shared) {
  auto& thread = detail::thread_state();
  if (thread.pool != nullptr) throw CudaError("[cuda::Graph] a capture of this thread is going on already");
  const int device = state_->stream.backend().device;
  auto pool = shared != nullptr ? shared->state_->pool : nullptr;
  state_->clear();
  state_->pool = pool != nullptr ? pool : std::make_shared<detail::GraphPool>(device);
  check("cuda::Graph", "begin of a capture",
        cudaStreamBeginCapture(state_->raw_stream(), cudaStreamCaptureModeThreadLocal));
  state_->capturing = true;
  state_->former_stream = std::exchange(thread.streams[device], state_->stream.backend().stream);
  thread.pool = state_->pool;
  thread.outside_stream = state_->former_stream;
}

void Graph::end_capture() {
  if (!state_->capturing) throw CudaError("[cuda::Graph] end_capture without begin_capture");
  cudaGraph_t graph = nullptr;
  cudaError_t status = state_->stop(graph);
  if (status == cudaSuccess) status = cudaGraphInstantiate(&state_->instance, graph, 0);
  if (graph != nullptr) cudaGraphDestroy(graph);
  if (status == cudaSuccess) return;
  state_->instance = nullptr;
  state_->clear();
  throw_cuda_error("cuda::Graph", "end of a capture", status);
}

void Graph::launch(Backend backend) const {
  if (!ready()) throw CudaError("[cuda::Graph] launch: nothing is captured");
  const ProfilerRange range("cuda::Graph::launch");
  check("cuda::Graph", "launch", cudaGraphLaunch(state_->instance, static_cast<cudaStream_t>(backend.stream)));
}

struct OutsideGraph::State {
  std::shared_ptr<detail::GraphPool> pool;
  void* stream = nullptr;
};

OutsideGraph::OutsideGraph() : state_(std::make_unique<State>()) {
  auto& thread = detail::thread_state();
  state_->pool = std::exchange(thread.pool, nullptr);
  if (state_->pool != nullptr)
    state_->stream = std::exchange(thread.streams[state_->pool->device], thread.outside_stream);
}

OutsideGraph::~OutsideGraph() {
  if (state_->pool == nullptr) return;
  auto& thread = detail::thread_state();
  thread.streams[state_->pool->device] = state_->stream;
  thread.pool = std::move(state_->pool);
}

bool Graph::ready() const { return state_->instance != nullptr; }
bool Graph::capturing() const { return state_->capturing; }

}  // namespace tempa::inline TEMPA_ABI::cuda
