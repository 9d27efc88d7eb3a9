// Attention of packed sequences: chooses the kernels. Those of attention_simt.cu support all types and sizes.
#include <tempa/cuda/attention.hpp>
#include <tempa/device/cuda/memory.hpp>

#include "kernels/attention/attention.cuh"

#include <algorithm>

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

constexpr Index kMaxHeadSize = 256;

template <typename T>
Attention<T> make_attention(Backend backend, const T* q, const T* k, const T* v, const std::int32_t* cu_seqlens_q,
                            const std::int32_t* cu_seqlens_k, Index batch, Index max_seqlen_q, Index max_seqlen_k,
                            Index heads, Index head_size, double scale, double drop_prob, RandomStream stream,
                            const char* launcher) {
  using A = Accumulator<T>;
  if (head_size > kMaxHeadSize)
    throw ValueError(concat("[", launcher, "] head_size must be at most ", kMaxHeadSize, " but is ", head_size));
  return {.q = q,
          .k = k,
          .v = v,
          .cu_seqlens_q = cu_seqlens_q,
          .cu_seqlens_k = cu_seqlens_k,
          .batch = batch,
          .max_seqlen_q = max_seqlen_q,
          .max_seqlen_k = max_seqlen_k,
          .heads = heads,
          .head_size = head_size,
          .scale = static_cast<A>(scale),
          .threshold = drop_threshold(drop_prob),
          .keep_scale = drop_prob < 1 ? static_cast<A>(1 / (1 - drop_prob)) : A(0),
          .stream = stream,
          .fault = fault_site(backend, launcher)};
}

}  // namespace

template <Floating T>
void attention_forward(Backend backend, T* out, Accumulator<T>* lse, const T* q, const T* k, const T* v,
                       const std::int32_t* cu_seqlens_q, const std::int32_t* cu_seqlens_k, Index batch,
                       Index max_seqlen_q, Index max_seqlen_k, Index heads, Index head_size, double scale,
                       double drop_prob, RandomStream stream) {
  const ProfilerRange range("attention_forward");
  const auto attention = make_attention(backend, q, k, v, cu_seqlens_q, cu_seqlens_k, batch, max_seqlen_q, max_seqlen_k,
                                        heads, head_size, scale, drop_prob, stream, "attention_forward");
  const AttentionOutput<T> output{out, lse};
  [[maybe_unused]] const AttentionChoice choice = attention_choice();
  if constexpr (sizeof(T) == 2) {
    if (choice == AttentionChoice::kCudnn && attention_cudnn_forward<T>(backend, attention, output)) return;
    if (head_size <= kMaxTensorHeadSize) return attention_tensor_forward(backend, attention, output);
  }
  attention_simt_forward(backend, attention, output);
}

template <Floating T>
void attention_backward(Backend backend, T* dq, T* dk, T* dv, const T* dout, const T* out, const Accumulator<T>* lse,
                        const T* q, const T* k, const T* v, const std::int32_t* cu_seqlens_q,
                        const std::int32_t* cu_seqlens_k, Index batch, Index max_seqlen_q, Index max_seqlen_k,
                        Index heads, Index head_size, double scale, double drop_prob, RandomStream stream) {
  const ProfilerRange range("attention_backward");
  const auto attention = make_attention(backend, q, k, v, cu_seqlens_q, cu_seqlens_k, batch, max_seqlen_q, max_seqlen_k,
                                        heads, head_size, scale, drop_prob, stream, "attention_backward");
  AttentionGradient<T> gradient{dq, dk, dv, dout, out, lse, nullptr};
  [[maybe_unused]] const AttentionChoice choice = attention_choice();
  if constexpr (sizeof(T) == 2) {
    if (choice == AttentionChoice::kCudnn && attention_cudnn_backward<T>(backend, attention, gradient)) return;
    if (head_size <= kMaxTensorHeadSize && std::max(max_seqlen_q, max_seqlen_k) <= kMaxShortLength)
      return attention_short_backward(backend, attention, gradient);
  }
  const auto delta =
      allocate(backend.device, sizeof(Accumulator<T>) * static_cast<std::size_t>(batch * heads * max_seqlen_q));
  gradient.delta = static_cast<Accumulator<T>*>(delta.get());
  if constexpr (sizeof(T) == 2) {
    if (head_size <= kMaxTensorHeadSize) return attention_tensor_backward(backend, attention, gradient);
  }
  attention_simt_backward(backend, attention, gradient);
}

#define TEMPA_ATTENTION(T)                                                                                            \
  template void attention_forward<T>(Backend, T*, Accumulator<T>*, const T*, const T*, const T*, const std::int32_t*, \
                                     const std::int32_t*, Index, Index, Index, Index, Index, double, double,          \
                                     RandomStream);                                                                   \
  template void attention_backward<T>(Backend, T*, T*, T*, const T*, const T*, const Accumulator<T>*, const T*,       \
                                      const T*, const T*, const std::int32_t*, const std::int32_t*, Index, Index,     \
                                      Index, Index, Index, double, double, RandomStream)

TEMPA_ATTENTION(float);
TEMPA_ATTENTION(double);
TEMPA_ATTENTION(float16);
TEMPA_ATTENTION(bfloat16);

}  // namespace tempa::inline TEMPA_ABI::cuda
