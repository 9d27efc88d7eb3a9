// Attention by cuDNN, where the kernels are built with TEMPA_WITH_CUDNN. The textbook operations are put into a graph,
// for which cuDNN has fused kernels; packed sequences are its ragged tensors. A kernel before it writes what cuDNN
// reads of cu_seqlens. cuDNN's statistics are padded, (B,H,S); lse is not, so that a kernel before or after it copies
// them, 8 bytes for each query and head: each forward pass works with each backward pass. The backward graph
// writes dq by one product, with the gradients of the scores in cuDNN's workspace: which is cuDNN's deterministic
// algorithm. A plan is made once for each size of a batch, with lengths rounded up, and kept until the process ends.
#include <tempa/core/error.hpp>
#include <tempa/cuda/attention.hpp>
#include <tempa/device/cuda/memory.hpp>

#include "kernels/attention/attention.cuh"

#if defined(TEMPA_WITH_CUDNN)
#include "kernels/attention/attention_cudnn_graph.hpp"
#include "kernels/attention/attention_tensor.cuh"
#include "kernels/runtime/thread_state.hpp"

#include <map>
#include <mutex>
#endif

namespace tempa::inline TEMPA_ABI::cuda {

#if !defined(TEMPA_WITH_CUDNN)

bool has_cudnn() { return false; }

template <Floating T>
CudnnPasses cudnn_passes(Backend, Index, Index, Index, Index, Index) {
  return {};
}

template <typename T>
bool attention_cudnn_forward(LaunchSite, const Attention<T>&, const AttentionOutput<T>&) {
  return false;  // cannot be reached: see choice.hpp
}

template <typename T>
bool attention_cudnn_backward(LaunchSite, const Attention<T>&, const AttentionGradient<T>&) {
  return false;
}

#else

bool has_cudnn() { return true; }

namespace {

using namespace detail;

constexpr unsigned kThreads = 128;

/// The handles of the devices and the plans that were requested, kept until the process ends. One call at a time: a
/// handle has one stream, and two threads must not use a plan at the same time.
struct Cudnn {
  std::mutex mutex;
  std::map<int, cudnnHandle_t> handles;
  std::map<AttentionSizes, std::optional<CudnnPlan>> plans;
};
Cudnn& cudnn() {
  static auto* const kept = new Cudnn;
  return *kept;
}

/// The address of a tensor of a graph: on the device, or on the host if it is passed by value.
struct CudnnPointer {
  std::int64_t id;
  const void* address;
};

/// While alive, the thread has exclusive use of cuDNN.
class CudnnSession {
 public:
  CudnnSession(const char* who, int device) : who_(who), lock_(cudnn().mutex) {
    const RelaxedCapture relaxed;
    use_device(who, device);
    cudnnHandle_t& handle = cudnn().handles[device];
    if (handle == nullptr) check_cudnn(who, cudnnCreate(&handle));
    handle_ = handle;
  }

  /// nullptr where cuDNN has no plan.
  const CudnnPlan* plan(const AttentionSizes& sizes) {
    auto& plans = cudnn().plans;
    auto found = plans.find(sizes);
    if (found == plans.end()) {
      const RelaxedCapture relaxed;
      CudnnGraph graph = sizes.is_backward != 0 ? backward_graph(who_, sizes) : forward_graph(who_, sizes);
      found = plans.emplace(sizes, std::move(graph).plan(handle_)).first;
    }
    return found->second ? &*found->second : nullptr;
  }

  void run(const CudnnPlan& plan, Backend backend, std::span<const CudnnPointer> pointers, void* workspace) {
    std::vector<std::int64_t> ids;
    std::vector<void*> addresses;
    for (const auto& [id, address] : pointers) {
      ids.push_back(id);
      addresses.push_back(const_cast<void*>(address));  // cuDNN knows which ones it writes
    }
    CudnnDescriptor pack(who_, CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
    pack.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, std::span(ids));
    pack.set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, std::span(addresses));
    pack.set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, workspace);
    pack.finalise();
    const ProfilerRange range(who_);
    check_cudnn(who_, cudnnSetStream(handle_, static_cast<cudaStream_t>(backend.stream)));
    check_cudnn(who_, cudnnBackendExecute(handle_, plan.descriptor.get(), pack.get()));
  }

 private:
  const char* who_;
  std::scoped_lock<std::mutex> lock_;
  cudnnHandle_t handle_;
};

/// The buffers that cuDNN needs besides the tensors of attention.
struct Surroundings {
  std::int32_t *query_lengths, *key_lengths;  ///< (B)
  Index *query_offsets, *key_offsets;         ///< (B+1) in elements
  float* statistics;                          ///< (B,H,padded_queries)
  float* delta;                               ///< the same, of backward
  Index padded_queries;
};

/// Sets a head's rows of a matrix like q or k to 0.
template <typename T>
__device__ inline void clear_rows(const Attention<T>& attention, T* rows, int count) {
  const auto size = static_cast<int>(attention.head_size);
  for (int i = thread_in_block(); i < count * size; i += static_cast<int>(kThreads))
    rows[i / size * attention.row() + i % size] = from_accumulator<T>(0.0f);
}

/// A block owns a head of a sequence. For cuDNN, sequences without queries or without keys are empty: their zeros are
/// written here, `of_queries` where there are no keys, `of_keys` and `of_values` where there are no queries.
/// @param lse of backward, nullptr in forward.
template <typename T>
__global__ void before_cudnn(Attention<T> attention, Surroundings to, const float* lse, T* of_queries, T* of_keys,
                             T* of_values) {
  const Index pair = blockIdx.x;
  const bool is_first = thread_in_block() == 0;
  const AttentionHead head = attention_head(attention, pair, is_first);
  const bool is_empty = head.queries <= 0 || head.keys <= 0;
  if (is_first && head.head == 0) {
    const Index b = pair / attention.heads;
    to.query_lengths[b] = is_empty ? 0 : head.queries;
    to.key_lengths[b] = is_empty ? 0 : head.keys;
    to.query_offsets[b] = head.query * attention.row();
    to.key_offsets[b] = head.key * attention.row();
    if (b + 1 == attention.batch) {
      to.query_offsets[b + 1] = attention.cu_seqlens_q[b + 1] * attention.row();
      to.key_offsets[b + 1] = attention.cu_seqlens_k[b + 1] * attention.row();
    }
  }
  if (lse != nullptr)
    for (Index i = thread_in_block(); i < to.padded_queries; i += kThreads)
      to.statistics[pair * to.padded_queries + i] = !is_empty && i < head.queries ? lse[head.lse + i] : 0.0f;
  if (head.keys <= 0) clear_rows(attention, of_queries + head.query_at(attention), head.queries);
  if (head.queries <= 0 && of_keys != nullptr) {
    clear_rows(attention, of_keys + head.key_at(attention), head.keys);
    clear_rows(attention, of_values + head.key_at(attention), head.keys);
  }
}

/// lse from cuDNN's statistics. A block owns a head of a sequence.
template <typename T>
__global__ void after_cudnn(Attention<T> attention, Surroundings from, float* lse) {
  const Index pair = blockIdx.x;
  const AttentionHead head = attention_head(attention, pair, false);
  for (int i = thread_in_block(); i < head.queries; i += static_cast<int>(kThreads))
    lse[head.lse + i] =
        head.keys > 0 ? from.statistics[pair * from.padded_queries + i] : -std::numeric_limits<float>::infinity();
}

/// Memory for `Surroundings` and a plan's workspace, parts of one block.
class Scratch {
 public:
  Scratch(int device, const AttentionSizes& sizes, std::size_t workspace_bytes) {
    const auto batch = static_cast<std::size_t>(sizes.batch),
               rows = static_cast<std::size_t>(sizes.batch * sizes.heads * sizes.queries);
    std::size_t bytes = 0;
    const auto reserve = [&bytes](std::size_t part) {
      return std::exchange(bytes, bytes + round_up<std::size_t>(part, 256));
    };
    const std::size_t lengths = batch * sizeof(std::int32_t), offsets = (batch + 1) * sizeof(Index),
                      floats = rows * sizeof(float);
    const std::size_t parts[] = {reserve(lengths),        reserve(lengths),
                                 reserve(offsets),        reserve(offsets),
                                 reserve(floats),         reserve(sizes.is_backward != 0 ? floats : 0),
                                 reserve(workspace_bytes)};
    memory_ = allocate(device, bytes);
    const auto at = [&](std::size_t part) { return static_cast<std::byte*>(memory_.get()) + parts[part]; };
    surroundings = {.query_lengths = reinterpret_cast<std::int32_t*>(at(0)),
                    .key_lengths = reinterpret_cast<std::int32_t*>(at(1)),
                    .query_offsets = reinterpret_cast<Index*>(at(2)),
                    .key_offsets = reinterpret_cast<Index*>(at(3)),
                    .statistics = reinterpret_cast<float*>(at(4)),
                    .delta = reinterpret_cast<float*>(at(5)),
                    .padded_queries = sizes.queries};
    workspace = at(6);
  }

  Surroundings surroundings;
  void* workspace;

 private:
  std::shared_ptr<void> memory_;
};

/// The arguments that a graph gets by value.
struct Numbers {
  float scale, minus_infinity = -std::numeric_limits<float>::infinity(), one = 1;
};

/// The addresses of the tensors of both passes. `numbers` is read when the plan runs.
template <typename T>
std::vector<CudnnPointer> pointers_of(const Attention<T>& attention, const Surroundings& s, const Numbers& numbers,
                                      const T* out) {
  return {{kQueryLengths, s.query_lengths},
          {kKeyLengths, s.key_lengths},
          {kQueryOffsets, s.query_offsets},
          {kKeyOffsets, s.key_offsets},
          {kScale, &numbers.scale},
          {kMinusInfinity, &numbers.minus_infinity},
          {kQ, attention.q},
          {kK, attention.k},
          {kV, attention.v},
          {kOut, out},
          {kStatistics, s.statistics}};
}

template <typename T>
AttentionSizes sizes_of(int device, bool is_backward, const Attention<T>& attention) {
  return attention_sizes<T>(device, is_backward, attention.batch, attention.max_seqlen_q, attention.max_seqlen_k,
                            attention.heads, attention.head_size);
}

bool has_sizes(Index batch, Index max_seqlen_q, Index max_seqlen_k, Index heads, Index head_size) {
  return batch > 0 && max_seqlen_q > 0 && max_seqlen_k > 0 && heads > 0 && head_size > 0 && head_size % 8 == 0;
}

/// Whether cuDNN may have a plan.
template <typename T, typename... Pointers>
bool is_for_cudnn(const Attention<T>& a, const Pointers*... tensors) {
  return !a.drops() && has_sizes(a.batch, a.max_seqlen_q, a.max_seqlen_k, a.heads, a.head_size) &&
         has_vector_rows(a, a.q, a.k, a.v, tensors...);
}

}  // namespace

template <Floating T>
CudnnPasses cudnn_passes(Backend backend, Index batch, Index max_seqlen_q, Index max_seqlen_k, Index heads,
                         Index head_size) {
  if constexpr (sizeof(T) == 2) {
    if (!has_sizes(batch, max_seqlen_q, max_seqlen_k, heads, head_size)) return {};
    CudnnSession session("cudnn_passes", backend.device);
    const auto has_plan = [&](bool is_backward) {
      return session.plan(attention_sizes<T>(backend.device, is_backward, batch, max_seqlen_q, max_seqlen_k, heads,
                                             head_size)) != nullptr;
    };
    return {.forward = has_plan(false), .backward = has_plan(true)};
  }
  return {};
}

template <typename T>
bool attention_cudnn_forward(LaunchSite site, const Attention<T>& attention, const AttentionOutput<T>& output) {
  if (!is_for_cudnn(attention, output.out)) return false;
  const AttentionSizes sizes = sizes_of(site.backend.device, false, attention);
  CudnnSession session(site.launcher, site.backend.device);
  const CudnnPlan* const plan = session.plan(sizes);
  if (plan == nullptr) return false;
  const Scratch scratch(site.backend.device, sizes, plan->workspace_bytes);
  const Surroundings& s = scratch.surroundings;
  const Numbers numbers{attention.scale};
  const unsigned blocks = blocks_for(attention.batch * attention.heads, 1);
  T* const none = nullptr;
  const float* const no_lse = nullptr;
  launch<before_cudnn<T>, 0>(blocks, kThreads, site, attention, s, no_lse, output.out, none, none);
  session.run(*plan, site.backend, pointers_of(attention, s, numbers, output.out), scratch.workspace);
  launch<after_cudnn<T>, 0>(blocks, kThreads, site, attention, s, output.lse);
  return true;
}

template <typename T>
bool attention_cudnn_backward(LaunchSite site, const Attention<T>& attention, const AttentionGradient<T>& gradient) {
  const auto& [dq, dk, dv, dout, out, lse, unused] = gradient;
  if (dq == nullptr || dk == nullptr || dv == nullptr || !is_for_cudnn(attention, dout, out, dq, dk, dv)) return false;
  const AttentionSizes sizes = sizes_of(site.backend.device, true, attention);
  CudnnSession session(site.launcher, site.backend.device);
  const CudnnPlan* const plan = session.plan(sizes);
  if (plan == nullptr) return false;
  const Scratch scratch(site.backend.device, sizes, plan->workspace_bytes);
  const Surroundings& s = scratch.surroundings;
  const Numbers numbers{attention.scale};
  launch<before_cudnn<T>, 0>(blocks_for(attention.batch * attention.heads, 1), kThreads, site, attention, s, lse, dq,
                             dk, dv);
  auto pointers = pointers_of(attention, s, numbers, out);
  for (const CudnnPointer& pointer :
       {CudnnPointer{kOne, &numbers.one}, CudnnPointer{kDOut, dout}, CudnnPointer{kDQ, dq}, CudnnPointer{kDK, dk},
        CudnnPointer{kDV, dv}, CudnnPointer{kDelta, s.delta}})
    pointers.push_back(pointer);
  session.run(*plan, site.backend, pointers, scratch.workspace);
  return true;
}

#endif

#define TEMPA_CUDNN_PASSES(T) template CudnnPasses cudnn_passes<T>(Backend, Index, Index, Index, Index, Index)

TEMPA_CUDNN_PASSES(float);
TEMPA_CUDNN_PASSES(double);
TEMPA_CUDNN_PASSES(float16);
TEMPA_CUDNN_PASSES(bfloat16);

template bool attention_cudnn_forward(LaunchSite, const Attention<bfloat16>&, const AttentionOutput<bfloat16>&);
template bool attention_cudnn_forward(LaunchSite, const Attention<float16>&, const AttentionOutput<float16>&);
template bool attention_cudnn_backward(LaunchSite, const Attention<bfloat16>&, const AttentionGradient<bfloat16>&);
template bool attention_cudnn_backward(LaunchSite, const Attention<float16>&, const AttentionGradient<float16>&);

}  // namespace tempa::inline TEMPA_ABI::cuda
