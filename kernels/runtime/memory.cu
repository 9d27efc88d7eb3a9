// Device memory: the caching allocator, and copies. A freed block is reused by the stream (or the graph) for which it
// was allocated: earlier work of the stream is done before later work begins, so that no waiting is needed.
#include <tempa/core/error.hpp>
#include <tempa/device/cuda/fault.hpp>
#include <tempa/device/cuda/memory.hpp>

#include "kernels/runtime/check.hpp"
#include "kernels/runtime/launch.cuh"
#include "kernels/runtime/thread_state.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

/// Tells the emulation to refuse accesses beyond these bytes of a block; does nothing on a GPU.
void set_bytes_in_use([[maybe_unused]] void* block, [[maybe_unused]] std::size_t bytes) {
#if defined(TEMPA_CUDA_EMULATED)
  emulation::set_bytes_in_use(block, bytes);
#endif
}

/// Blocks of one device, by owner (a stream or a `GraphPool`) and size class.
class DevicePool {
 public:
  explicit DevicePool(int device) : device_(device) {}

  void* take(const void* owner, std::size_t bytes, bool capturing) {
    const std::size_t size = size_class(bytes);
    const std::scoped_lock lock(mutex_);
    void* block = nullptr;
    if (const auto found = free_.find({owner, size}); found != free_.end() && !found->second.empty()) {
      block = found->second.back();
      found->second.pop_back();
      stats_.cached_bytes -= size;
    } else {
      block = allocate(bytes, size, capturing);
    }
    stats_.allocated_bytes += size;
    stats_.peak_bytes = std::max(stats_.peak_bytes, stats_.allocated_bytes);
    set_bytes_in_use(block, is_graph(owner) ? size : bytes);
    return block;
  }

  void give(const void* owner, void* block, std::size_t bytes) noexcept {
    const std::size_t size = size_class(bytes);
    const std::scoped_lock lock(mutex_);
    stats_.allocated_bytes -= size;
    if (!is_graph(owner))
      set_bytes_in_use(block, 0);  // a replay writes to memory that was already free during the capture
    try {
      free_[{owner, size}].push_back(block);
      stats_.cached_bytes += size;
    } catch (const std::bad_alloc&) {  // no room for the list entry: return the block to the driver instead
      release(block);
    }
  }

  /// Returns the free blocks of a destroyed graph to the driver.
  void release_owner(const void* owner) noexcept {
    const std::scoped_lock lock(mutex_);
    release_if([owner](const void* other) { return other == owner; });
  }

  /// Returns the free blocks of all streams to the driver.
  void release_cached() {
    const std::scoped_lock lock(mutex_);
    release_streams();
  }

  /// Gives the free blocks of an ended stream to the default stream.
  void inherit(const void* ended) {
    const std::scoped_lock lock(mutex_);
    for (auto it = free_.lower_bound({ended, 0}); it != free_.end() && it->first.first == ended; it = free_.erase(it)) {
      auto& blocks = free_[{nullptr, it->first.second}];
      blocks.insert(blocks.end(), it->second.begin(), it->second.end());
    }
  }

  void add_graph(const void* owner) {
    const std::scoped_lock lock(mutex_);
    graphs_.push_back(owner);
  }

  void remove_graph(const void* owner) noexcept {
    const std::scoped_lock lock(mutex_);
    std::erase(graphs_, owner);
  }

  MemoryStats stats() {
    const std::scoped_lock lock(mutex_);
    return stats_;
  }

  void reset_peak() {
    const std::scoped_lock lock(mutex_);
    stats_.peak_bytes = stats_.allocated_bytes;
  }

 private:
  static std::size_t size_class(std::size_t bytes) { return tempa::detail::HostPool::size_class(bytes); }

  void* allocate(std::size_t bytes, std::size_t size, bool capturing) {
    const detail::RelaxedCapture relaxed;
    void* block = nullptr;
    cudaError_t status = cudaMalloc(&block, size);
    if (status == cudaErrorMemoryAllocation) {
      static_cast<void>(cudaGetLastError());
      if (!capturing) {
        release_streams();
        status = cudaMalloc(&block, size);
      }
    }
    if (status == cudaErrorMemoryAllocation) {
      static_cast<void>(cudaGetLastError());
      std::size_t free_bytes = 0, total_bytes = 0;
      if (cudaMemGetInfo(&free_bytes, &total_bytes) != cudaSuccess) static_cast<void>(cudaGetLastError());
      throw OutOfMemoryError(concat("[cuda::allocate] cuda:", device_, " has not enough memory: asked for ", bytes,
                                    " bytes; ", stats_.allocated_bytes, " are in use by tensors, ", stats_.cached_bytes,
                                    " are kept for graphs or reuse, ", free_bytes, " of ", total_bytes, " are free"));
    }
    check("cuda::allocate", "allocation", status);
    return block;
  }

  void release(void* block) noexcept {
    const detail::RelaxedCapture relaxed;
    if (cudaFree(block) != cudaSuccess) static_cast<void>(cudaGetLastError());
  }

  void release_streams() {
    release_if([this](const void* owner) { return !is_graph(owner); });
  }

  bool is_graph(const void* owner) const { return std::find(graphs_.begin(), graphs_.end(), owner) != graphs_.end(); }

  template <typename Predicate>
  void release_if(Predicate predicate) noexcept {
    for (auto it = free_.begin(); it != free_.end();) {
      if (!predicate(it->first.first)) {
        ++it;
        continue;
      }
      for (void* block : it->second) release(block);
      stats_.cached_bytes -= it->first.second * it->second.size();
      it = free_.erase(it);
    }
  }

  int device_;
  std::mutex mutex_;
  std::map<std::pair<const void*, std::size_t>, std::vector<void*>> free_;
  std::vector<const void*> graphs_;
  MemoryStats stats_;
};

/// Never destroyed: a static tensor may outlive every other static object.
DevicePool& pool(int device) {
  static std::mutex mutex;
  static auto* const pools = new std::map<int, DevicePool>;
  const std::scoped_lock lock(mutex);
  return pools->try_emplace(device, device).first->second;
}

/// Bytes that are passed as an argument of a kernel.
struct Bytes {
  static constexpr std::size_t kCount = 2048;
  unsigned char values[kCount];
};

__global__ void store_bytes_kernel(unsigned char* to, const Bytes bytes, int count) {
  for (int i = thread_in_block(); i < count; i += static_cast<int>(blockDim.x)) to[i] = bytes.values[i];
}

/// Whether the calling thread captures a graph on that device.
bool is_capturing(Backend backend) {
  const auto& pool = detail::thread_state().pool;
  return pool != nullptr && pool->device == backend.device;
}

/// A copy that a graph repeats with the current bytes, wherever they came from.
void record_bytes(Backend backend, void* to, const void* from, std::size_t count) {
  constexpr std::size_t kMost = 64 * 1024;
  if (count > kMost)
    throw CudaError(concat("[cuda::copy_to_device] a recorded step can take up to ", kMost, " bytes from the host but ",
                           count, " were asked for; move them to the device before it is recorded"));
  for (std::size_t at = 0; at < count; at += Bytes::kCount) {
    Bytes bytes{};
    const std::size_t part = std::min(Bytes::kCount, count - at);
    std::copy_n(static_cast<const unsigned char*>(from) + at, part, bytes.values);
    launch<store_bytes_kernel, 0>(1, 256, {backend, "copy_to_device"}, static_cast<unsigned char*>(to) + at, bytes,
                                  static_cast<int>(part));
  }
}

void copy(const char* who, Backend backend, void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  if (bytes == 0) return;
  detail::use_device(who, backend.device);
  check(who, "copy", cudaMemcpyAsync(to, from, bytes, kind, static_cast<cudaStream_t>(backend.stream)));
}

}  // namespace

namespace detail {

GraphPool::GraphPool(int of_device) : device(of_device) { pool(device).add_graph(this); }

GraphPool::~GraphPool() {
  pool(device).release_owner(this);
  pool(device).remove_graph(this);
}

void inherit_free_blocks(Backend ended) noexcept {
  try {
    pool(ended.device).inherit(ended.stream);
  } catch (const std::bad_alloc&) {  // they stay cached for this stream handle, which another stream may get later
  }
}

}  // namespace detail

std::shared_ptr<void> allocate(int device, std::size_t bytes) {
  detail::use_device("cuda::allocate", device);
  const auto& thread = detail::thread_state();
  const auto graph = thread.pool != nullptr && thread.pool->device == device ? thread.pool : nullptr;
  const void* const owner = graph != nullptr ? graph.get() : thread.stream(device);
  void* const block = pool(device).take(owner, bytes, thread.pool != nullptr);
  return std::shared_ptr<void>(block, [=](void* memory) { pool(device).give(owner, memory, bytes); });
}

std::shared_ptr<void> allocate_pinned(std::size_t bytes) {
  const detail::RelaxedCapture relaxed;
  void* memory = nullptr;
  check("cuda::allocate_pinned", "allocation",
        cudaHostAlloc(&memory, std::max<std::size_t>(bytes, 1), cudaHostAllocDefault));
  return std::shared_ptr<void>(memory, [](void* pinned) {
    if (cudaFreeHost(pinned) != cudaSuccess) static_cast<void>(cudaGetLastError());
  });
}

void copy_to_device(Backend backend, void* device, const void* host, std::size_t bytes) {
  if (is_capturing(backend)) return record_bytes(backend, device, host, bytes);
  copy("cuda::copy_to_device", backend, device, host, bytes, cudaMemcpyHostToDevice);
}

void copy_to_host(Backend backend, void* host, const void* device, std::size_t bytes) {
  if (is_capturing(backend)) {
    static_cast<void>(cudaStreamSynchronize(static_cast<cudaStream_t>(backend.stream)));  // which ends the capture
    static_cast<void>(cudaGetLastError());
    throw CudaError("[cuda::copy_to_host] a step that is recorded cannot read device memory on the host");
  }
  copy("cuda::copy_to_host", backend, host, device, bytes, cudaMemcpyDeviceToHost);
  check("cuda::copy_to_host", "wait for a copy", cudaStreamSynchronize(static_cast<cudaStream_t>(backend.stream)));
  throw_if_fault(backend);
}

void copy_to_host_async(Backend backend, void* pinned, const void* device, std::size_t bytes) {
  copy("cuda::copy_to_host_async", backend, pinned, device, bytes, cudaMemcpyDeviceToHost);
}

void copy_on_device(Backend backend, void* to, const void* from, std::size_t bytes) {
  copy("cuda::copy_on_device", backend, to, from, bytes, cudaMemcpyDeviceToDevice);
}

void set_bytes(Backend backend, void* p, int value, std::size_t bytes) {
  if (bytes == 0) return;
  detail::use_device("cuda::set_bytes", backend.device);
  check("cuda::set_bytes", "fill", cudaMemsetAsync(p, value, bytes, static_cast<cudaStream_t>(backend.stream)));
}

MemoryStats memory_stats(int device) { return pool(device).stats(); }

void reset_peak_memory(int device) { pool(device).reset_peak(); }

void release_cached_memory(int device) {
  detail::use_device("cuda::release_cached_memory", device);
  pool(device).release_cached();
}

}  // namespace tempa::inline TEMPA_ABI::cuda
