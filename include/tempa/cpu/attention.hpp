// Attention of packed sequences. One thread owns one head of one sequence and walks over its queries in blocks whose
// scores against all keys stay in cache: forward and backward need no T x T matrix in memory, and no two threads add to
// the same gradient, so that results do not depend on the number of threads.
#pragma once

#include <tempa/core/parallel.hpp>
#include <tempa/cpu/backend.hpp>
#include <tempa/cpu/gemm/small_gemm.hpp>
#include <tempa/cpu/simd/philox.hpp>
#include <tempa/math/attention.hpp>
#include <tempa/math/exp.hpp>
#include <tempa/math/log.hpp>
#include <tempa/tensor/tensor.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI::cpu {

namespace detail {

/// Queries whose scores are in cache at once.
inline constexpr Index kQueryRows = 8 * kTileRows;

/// One sequence of a packed batch.
struct AttentionSequence {
  Index query, queries;  ///< first row of q, and how many
  Index key, keys;       ///< first row of k and v, and how many
};

/// The sequences of a batch, the most expensive ones first, so that all threads finish at about the same time.
inline std::vector<AttentionSequence> attention_sequences(const std::int32_t* cu_seqlens_q,
                                                          const std::int32_t* cu_seqlens_k, Index batch) {
  std::vector<AttentionSequence> sequences(static_cast<std::size_t>(batch));
  Index b = 0;
  for (AttentionSequence& sequence : sequences) {
    const Index queries = cu_seqlens_q[b + 1] - cu_seqlens_q[b], keys = cu_seqlens_k[b + 1] - cu_seqlens_k[b];
    sequence = {cu_seqlens_q[b], queries, cu_seqlens_k[b], keys};
    ++b;
  }
  std::stable_sort(sequences.begin(), sequences.end(), [](const AttentionSequence& x, const AttentionSequence& y) {
    return x.queries * x.keys > y.queries * y.keys;
  });
  return sequences;
}

/// Sizes and scalars that all heads share.
template <Real T>
struct AttentionPlan {
  Index heads, head_size;
  Index columns;   ///< head_size rounded up to whole vectors: columns of the panels
  Index max_keys;  ///< longest sequence of keys, rounded up to whole vectors
  Index mask_row;  ///< random numbers of a query of a head
  T scale;
  std::uint32_t threshold;  ///< an element is dropped when its random bits are below
  T keep_scale;             ///< 1 / (1 - drop_prob)
  RandomStream stream;
  std::vector<AttentionSequence> sequences;

  AttentionPlan(const std::int32_t* cu_seqlens_q, const std::int32_t* cu_seqlens_k, Index batch, Index max_seqlen_k,
                Index heads_, Index head_size_, double scale_, double drop_prob, RandomStream stream_)
      : heads(heads_),
        head_size(head_size_),
        columns(round_up(head_size_, kVectorWidth<T>)),
        max_keys(0),
        mask_row(attention_mask_row(max_seqlen_k)),
        scale(static_cast<T>(scale_)),
        threshold(drop_threshold(drop_prob)),
        keep_scale(drop_prob < 1 ? static_cast<T>(1 / (1 - drop_prob)) : T(0)),
        stream(stream_),
        sequences(attention_sequences(cu_seqlens_q, cu_seqlens_k, batch)) {
    for (const AttentionSequence& sequence : sequences) max_keys = std::max(max_keys, sequence.keys);
    max_keys = round_up(max_keys, kVectorWidth<T>);
  }

  bool drops() const { return threshold > 0; }
  Index query_panel() const { return kQueryRows * columns; }
  Index key_panel() const { return (max_keys + kTileRows) * columns; }
  Index transposed_panel() const { return columns * max_keys; }
  Index score_panel() const { return kQueryRows * max_keys + kVectorWidth<T>; }
  Index bits_panel() const { return kQueryRows * round_up(max_keys, 4) + kBitsGranule; }
};

/// Memory of one thread, allocated piece by piece.
template <Real T>
class AttentionScratch {
 public:
  AttentionScratch(const AttentionPlan<T>& plan, Index size)
      : memory_(Shape{size}), bits_(plan.drops() ? static_cast<std::size_t>(plan.bits_panel()) : 0) {}

  void reset() { used_ = 0; }
  T* take(Index size) { return memory_.data() + std::exchange(used_, used_ + size); }
  std::uint32_t* bits() { return bits_.data(); }

 private:
  Tensor<T> memory_;
  std::vector<std::uint32_t> bits_;
  Index used_ = 0;
};

/// Calls `f(sequence, head, scratch)` for all pairs. Whichever thread is free takes the next one.
template <Real T, typename F>
void for_each_head(const AttentionPlan<T>& plan, Index scratch_size, F&& f) {
  const Index pairs = static_cast<Index>(plan.sequences.size()) * plan.heads;
  std::atomic<Index> next{0};
  parallel_for(0, std::min<Index>(num_threads(), pairs), 1, [&](Index, Index) {
    AttentionScratch<T> scratch(plan, scratch_size);
    for (Index pair = next++; pair < pairs; pair = next++) {
      scratch.reset();
      f(plan.sequences[static_cast<std::size_t>(pair / plan.heads)], pair % plan.heads, scratch);
    }
  });
}

/// y_ij = factor x_ij for j < count: whole vectors, and the remaining elements. One side may be 16-bit.
template <Real A, Floating To, Floating From>
void scale_row(To* y, const From* x, Index count, A factor) {
  for (Index j = 0; j < count; ++j) y[j] = narrow<To>(factor * widen(x[j]));
}
template <Real T>
void scale_row(T* y, const T* x, Index count, T factor) {
  Index j = 0;
  for (; j + kVectorWidth<T> <= count; j += kVectorWidth<T>) {
    Vector<T> v;
    load(v, x + j);
    store<T>(y + j, factor * v);
  }
  for (; j < count; ++j) y[j] = factor * x[j];
}

/// panel_ij = factor x_ij. @param panel (rows,columns). @param x (rows,head_size) of a matrix with rows of `row`
/// elements.
template <Floating T, Real A>
void pack_head(A* panel, const T* x, Index rows, const AttentionPlan<A>& plan, A factor) {
  const Index row = plan.heads * plan.head_size, columns = plan.columns, head_size = plan.head_size;
  for (Index i = 0; i < rows; ++i) scale_row(panel + i * columns, x + i * row, head_size, factor);
}

/// x_ij = factor(i) panel_ij, the reverse.
template <Floating T, Real A, typename Factor>
void unpack_head(T* x, const A* panel, Index rows, const AttentionPlan<A>& plan, Factor factor) {
  const Index row = plan.heads * plan.head_size, columns = plan.columns, head_size = plan.head_size;
  for (Index i = 0; i < rows; ++i) scale_row(x + i * row, panel + i * columns, head_size, factor(i));
}

/// The random bits of the packed queries [first, first + rows), a row of `round_up(keys, 4)` each.
template <Real T>
void mask_bits(std::uint32_t* bits, const AttentionPlan<T>& plan, Index keys, Index head, Index first, Index rows) {
  const Index blocks = plan.mask_row / 4;
  fill_bits(bits, plan.stream, (first * plan.heads + head) * blocks, plan.heads * blocks, rows, round_up(keys, 4));
}

/// x_i = e^x_i. One loop over a whole panel: for rows of 40 elements, the start of a loop would cost too much.
template <Real T>
void exp_in_place(T* x, Index count) {
  for (Index i = 0; i < count; ++i) x[i] = math::exp(x[i]);
}

/// Sets the padding after the `keys` elements of a row, less than a vector, to `value`.
template <Real T>
void fill_padding(T* row, Index keys, Index padded, T value) {
  T* const last = row + padded - kVectorWidth<T>;
  Vector<T> v, lane;
  for (int i = 0; i < kVectorWidth<T>; ++i) lane[i] = static_cast<T>(i);
  load(v, last);
  v = lane < static_cast<T>(keys - padded + kVectorWidth<T>) ? v : Vector<T>{} + value;
  store(last, v);
}

/// The largest element of a row. @param x (padded), whole vectors; its padding becomes -infinity.
template <Real T>
T row_max(T* x, Index keys, Index padded) {
  fill_padding(x, keys, padded, -std::numeric_limits<T>::infinity());
  Vector<T> max, v;
  load(max, x);
  for (Index j = kVectorWidth<T>; j < padded; j += kVectorWidth<T>) {
    load(v, x + j);
    max = v > max ? v : max;
  }
  return max_lanes<T>(max);
}

/// sum_j x_j y_j of rows of whole vectors.
template <Real T>
T row_dot(const T* x, const T* y, Index padded) {
  Vector<T> sum{}, a, b;
  for (Index j = 0; j < padded; j += kVectorWidth<T>) {
    load(a, x + j);
    load(b, y + j);
    sum += a * b;
  }
  return sum_lanes<T>(sum);
}

/// sum_j x_j of a row of whole vectors.
template <Real T>
T row_sum(const T* x, Index padded) {
  Vector<T> sum{}, v;
  for (Index j = 0; j < padded; j += kVectorWidth<T>) {
    load(v, x + j);
    sum += v;
  }
  return sum_lanes<T>(sum);
}

/// s_ij = exp(s_ij - c_i), and a negligible value in the columns of padding: the smallest power of e that is not yet
/// subnormal, which would be slow, and that is lost in a sum with a 1 in it.
template <Real T>
void exp_rows(T* s, const T* c, Index rows, Index keys, Index padded) {
  for (Index i = 0; i < rows; ++i) {
    T* row = s + i * padded;
    const T shift = c[i];
    for (Index j = 0; j < padded; ++j) row[j] -= shift;
    fill_padding(row, keys, padded, T(-87));
  }
  exp_in_place(s, rows * padded);
}

}  // namespace detail

/// out = dropout(softmax(scale q k^T)) v for every head of every sequence. Of 16-bit q, k, v a head is widened into
/// cache, and everything up to out is float.
/// @param out (Nq,H*D). @param lse (H,Nq) log of the softmax denominators, kept for backward.
/// @param q (Nq,H*D). @param k, v (Nk,H*D). @param cu_seqlens_q, cu_seqlens_k (B+1).
/// @param max_seqlen_q, max_seqlen_k the longest sequences, or upper bounds of them.
/// @param stream numbers of the mask, see `attention_random_count`; not read when `drop_prob` is 0.
/// @source Dao et al. 2022, "FlashAttention", without the tiling over keys: their scores fit into a CPU's cache.
template <Floating T>
void attention_forward(Backend, T* out, Accumulator<T>* lse, const T* q, const T* k, const T* v,
                       const std::int32_t* cu_seqlens_q, const std::int32_t* cu_seqlens_k, Index batch,
                       Index /*max_seqlen_q*/, Index max_seqlen_k, Index heads, Index head_size, double scale,
                       double drop_prob, RandomStream stream) {
  using A = Accumulator<T>;
  const detail::AttentionPlan<A> plan(cu_seqlens_q, cu_seqlens_k, batch, max_seqlen_k, heads, head_size, scale,
                                      drop_prob, stream);
  const Index total = cu_seqlens_q[batch], row = heads * head_size, columns = plan.columns;
  const Index size = 2 * plan.query_panel() + 2 * plan.key_panel() + plan.transposed_panel() + plan.score_panel();
  detail::for_each_head(plan, size, [&](const auto& sequence, Index head, auto& scratch) {
    const Index keys = sequence.keys, padded = round_up(keys, kVectorWidth<A>);
    A* const k_panel = scratch.take(plan.key_panel());      // (keys,columns)
    A* const v_panel = scratch.take(plan.key_panel());      // (keys,columns)
    A* const kt = scratch.take(plan.transposed_panel());    // (columns,padded)
    A* const q_panel = scratch.take(plan.query_panel());    // (rows,columns)
    A* const out_panel = scratch.take(plan.query_panel());  // (rows,columns)
    A* const scores = scratch.take(plan.score_panel());     // (rows,padded)
    detail::pack_head(k_panel, k + sequence.key * row + head * head_size, keys, plan, A(1));
    detail::pack_head(v_panel, v + sequence.key * row + head * head_size, keys, plan, A(1));
    small_transpose(kt, padded, k_panel, columns, keys, columns);
    for (Index first = 0; first < sequence.queries; first += detail::kQueryRows) {
      const Index rows = std::min(detail::kQueryRows, sequence.queries - first), i0 = sequence.query + first;
      const Index offset = i0 * row + head * head_size;
      detail::pack_head(q_panel, q + offset, rows, plan, plan.scale);
      small_gemm<false>(scores, padded, q_panel, columns, Index{1}, kt, padded, rows, keys, head_size);
      A max[detail::kQueryRows], sum[detail::kQueryRows];
      for (Index i = 0; i < rows; ++i) max[i] = detail::row_max(scores + i * padded, keys, padded);
      detail::exp_rows(scores, max, rows, keys, padded);
      for (Index i = 0; i < rows; ++i) sum[i] = detail::row_sum(scores + i * padded, padded);
      for (Index i = 0; i < rows; ++i) lse[head * total + i0 + i] = max[i] + math::log(sum[i]);
      if (plan.drops()) {
        detail::mask_bits(scratch.bits(), plan, keys, head, i0, rows);
        for (Index i = 0; i < rows; ++i) {
          const std::uint32_t* bits = scratch.bits() + i * round_up(keys, 4);
          A* s = scores + i * padded;
          for (Index j = 0; j < keys; ++j) s[j] = bits[j] < plan.threshold ? A(0) : s[j];
        }
      }
      small_gemm<false>(out_panel, columns, scores, padded, Index{1}, v_panel, columns, rows, head_size, keys);
      const A factor = plan.drops() ? plan.keep_scale : A(1);
      detail::unpack_head(out + offset, out_panel, rows, plan, [&](Index i) { return factor / sum[i]; });
    }
  });
}

/// With p = softmax(scale q k^T), m = mask / (1 - drop_prob) and dp = m dout v^T: dv = (m p)^T dout,
/// ds = p (dp - sum_j p dp), dq = scale ds k, dk = scale ds^T q.
/// @param dq (Nq,H*D), or nullptr. @param dk, dv (Nk,H*D), or nullptr. @param dout (Nq,H*D).
/// @param out (Nq,H*D) of forward, from which a GPU takes sum_j p dp = sum_d dout out. @param lse (H,Nq) of forward;
/// the rest as there.
template <Floating T>
void attention_backward(Backend, T* dq, T* dk, T* dv, const T* dout, const T* /*out*/, const Accumulator<T>* lse,
                        const T* q, const T* k, const T* v, const std::int32_t* cu_seqlens_q,
                        const std::int32_t* cu_seqlens_k, Index batch, Index /*max_seqlen_q*/, Index max_seqlen_k,
                        Index heads, Index head_size, double scale, double drop_prob, RandomStream stream) {
  using A = Accumulator<T>;
  const detail::AttentionPlan<A> plan(cu_seqlens_q, cu_seqlens_k, batch, max_seqlen_k, heads, head_size, scale,
                                      drop_prob, stream);
  const Index total = cu_seqlens_q[batch], row = heads * head_size, columns = plan.columns;
  const Index size =
      3 * plan.query_panel() + 3 * plan.key_panel() + 2 * plan.transposed_panel() + 2 * plan.score_panel();
  detail::for_each_head(plan, size, [&](const auto& sequence, Index head, auto& scratch) {
    const Index keys = sequence.keys, padded = round_up(keys, kVectorWidth<A>);
    const Index key_offset = sequence.key * row + head * head_size;
    A* const k_panel = scratch.take(plan.key_panel());       // (keys,columns)
    A* const dk_panel = scratch.take(plan.key_panel());      // (keys,columns)
    A* const dv_panel = scratch.take(plan.key_panel());      // (keys,columns), v at first
    A* const kt = scratch.take(plan.transposed_panel());     // (columns,padded)
    A* const vt = scratch.take(plan.transposed_panel());     // (columns,padded)
    A* const q_panel = scratch.take(plan.query_panel());     // (rows,columns)
    A* const dout_panel = scratch.take(plan.query_panel());  // (rows,columns)
    A* const dq_panel = scratch.take(plan.query_panel());    // (rows,columns)
    A* const scores = scratch.take(plan.score_panel());      // (rows,padded): scores, p, m p
    A* const dscores = scratch.take(plan.score_panel());     // (rows,padded): dout v^T, dp, ds
    detail::pack_head(k_panel, k + key_offset, keys, plan, A(1));
    detail::pack_head(dv_panel, v + key_offset, keys, plan, A(1));
    std::fill(dv_panel + keys * columns, dv_panel + padded * columns,
              A(0));  // dp of padding must be 0, not whatever is there, which may be NaN
    small_transpose(kt, padded, k_panel, columns, keys, columns);
    small_transpose(vt, padded, dv_panel, columns, keys, columns);
    std::fill_n(dk_panel, keys * columns, A(0));
    std::fill_n(dv_panel, keys * columns, A(0));
    for (Index first = 0; first < sequence.queries; first += detail::kQueryRows) {
      const Index rows = std::min(detail::kQueryRows, sequence.queries - first), i0 = sequence.query + first;
      const Index offset = i0 * row + head * head_size;
      detail::pack_head(q_panel, q + offset, rows, plan, plan.scale);
      detail::pack_head(dout_panel, dout + offset, rows, plan, A(1));
      small_gemm<false>(scores, padded, q_panel, columns, Index{1}, kt, padded, rows, keys, head_size);
      small_gemm<false>(dscores, padded, dout_panel, columns, Index{1}, vt, padded, rows, keys, head_size);
      detail::exp_rows(scores, lse + head * total + i0, rows, keys, padded);
      if (plan.drops()) detail::mask_bits(scratch.bits(), plan, keys, head, i0, rows);
      for (Index i = 0; i < rows; ++i) {
        A *s = scores + i * padded, *ds = dscores + i * padded;
        const std::uint32_t* bits = plan.drops() ? scratch.bits() + i * round_up(keys, 4) : nullptr;
        const A keep_scale = plan.keep_scale;
        if (bits != nullptr)
          for (Index j = 0; j < keys; ++j) ds[j] = bits[j] < plan.threshold ? A(0) : ds[j] * keep_scale;
        const A dot = detail::row_dot(s, ds, padded);
        for (Index j = 0; j < padded; ++j) ds[j] = s[j] * (ds[j] - dot);
        if (bits != nullptr)
          for (Index j = 0; j < keys; ++j) s[j] = bits[j] < plan.threshold ? A(0) : s[j] * keep_scale;
      }
      if (dv != nullptr)
        small_gemm<true>(dv_panel, columns, scores, Index{1}, padded, dout_panel, columns, keys, head_size, rows);
      if (dk != nullptr)
        small_gemm<true>(dk_panel, columns, dscores, Index{1}, padded, q_panel, columns, keys, head_size, rows);
      if (dq == nullptr) continue;
      small_gemm<false>(dq_panel, columns, dscores, padded, Index{1}, k_panel, columns, rows, head_size, keys);
      detail::unpack_head(dq + offset, dq_panel, rows, plan, [&](Index) { return plan.scale; });
    }
    if (dk != nullptr) detail::unpack_head(dk + key_offset, dk_panel, keys, plan, [](Index) { return A(1); });
    if (dv != nullptr) detail::unpack_head(dv + key_offset, dv_panel, keys, plan, [](Index) { return A(1); });
  });
}

}  // namespace tempa::inline TEMPA_ABI::cpu
