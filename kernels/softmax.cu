// Softmax and log-softmax along the middle of (outer, middle, inner), forward and backward.
// Rows (inner = 1) up to `kThreads * kVector * kChunks` elements: a warp or a block owns a row and keeps it in
// registers, so that each element is read once and written once, 16 bytes at a time where the row allows it. Longer
// rows: a block goes over the row twice, with a running maximum and the sum of exponentials scaled to it (Milakov &
// Gimelshein 2018, "Online normalizer calculation for softmax"); two reads, one write. inner > 1: a thread owns a
// column and goes down it the same way; neighboring threads read neighboring elements.
#include <tempa/cuda/softmax.hpp>
#include <tempa/math/exp.hpp>
#include <tempa/math/log.hpp>

#include "kernels/device/normalizer.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

constexpr int kBlock = 256;

template <typename T, int kThreads, int kVector, int kChunks>
__global__ void __launch_bounds__(kBlock)
    rows_forward(T* __restrict__ y, const T* __restrict__ x, Index rows, int n, bool log) {
  using A = Accumulator<T>;
  const Index row = row_of_group<kThreads>();
  const bool here = row < rows;  // threads beyond the last row take part in the reductions
  const int first = thread_in_block() % kThreads * kVector;
  A values[kChunks][kVector];
  A max = lowest<A>();
#pragma unroll
  for (int c = 0; c < kChunks; ++c) {
    const int at = first + c * kThreads * kVector;
    const bool inside = here && at < n;
    Vector<T, kVector> loaded{};
    if (inside) loaded = load_vector<kVector>(x + row * n + at);
#pragma unroll
    for (int i = 0; i < kVector; ++i) {
      values[c][i] = inside ? to_accumulator(loaded[i]) : lowest<A>();
      max = Max{}(max, values[c][i]);
    }
  }
  max = reduce_row<kThreads>(max, Max{}, lowest<A>());
  A sum = 0;
#pragma unroll
  for (int c = 0; c < kChunks; ++c) {
    const bool inside = here && first + c * kThreads * kVector < n;
#pragma unroll
    for (int i = 0; i < kVector; ++i) {
      const A e = math::exp(values[c][i] - max);
      sum += inside ? e : A(0);
      values[c][i] = log ? values[c][i] - max : e;
    }
  }
  sum = reduce_row<kThreads>(sum, Sum{}, A(0));
  const A last = log ? math::log(sum) : A(1) / sum;
#pragma unroll
  for (int c = 0; c < kChunks; ++c) {
    const int at = first + c * kThreads * kVector;
    Vector<T, kVector> result;
#pragma unroll
    for (int i = 0; i < kVector; ++i) result[i] = from_accumulator<T>(log ? values[c][i] - last : values[c][i] * last);
    if (here && at < n) store_vector<kVector>(y + row * n + at, result);
  }
}

/// The sums of a row for the gradient: sum_i y dy, or sum_i dy for the logarithm; and sum_i y of a 16-bit y, which is
/// scaled so that its sum is 1.
template <typename T>
struct RowSums {
  using A = Accumulator<T>;
  A dot = 0, total = 0;

  __device__ void add(T dy, T y, bool log) {
    dot += log ? to_accumulator(dy) : to_accumulator(dy) * to_accumulator(y);
    if constexpr (!Real<T>) total += to_accumulator(y);
  }
  /// Adds up the sums of a group of threads.
  template <int kThreads>
  __device__ void reduce() {
    dot = reduce_row<kThreads>(dot, Sum{}, A(0));
    if constexpr (!Real<T>) total = reduce_row<kThreads>(total, Sum{}, A(0));
  }
  __device__ T gradient(T dy, T y, bool log) const {
    const A d = to_accumulator(dy), p = to_accumulator(y);
    if (log) return from_accumulator<T>(d - math::exp(p) * dot);
    if constexpr (Real<T>) {
      return p * (d - dot);
    } else {
      const A scale = A(1) / total;
      return from_accumulator<T>(scale * p * (d - scale * dot));
    }
  }
};

template <typename T, int kThreads, int kVector, int kChunks>
__global__ void __launch_bounds__(kBlock)
    rows_backward(T* __restrict__ dx, const T* __restrict__ dy, const T* __restrict__ y, Index rows, int n, bool log) {
  const Index row = row_of_group<kThreads>();
  const bool here = row < rows;
  const int first = thread_in_block() % kThreads * kVector;
  Vector<T, kVector> dys[kChunks], ys[kChunks];
  RowSums<T> sums;
#pragma unroll
  for (int c = 0; c < kChunks; ++c) {
    const int at = first + c * kThreads * kVector;
    dys[c] = ys[c] = {};
    if (here && at < n) {
      dys[c] = load_vector<kVector>(dy + row * n + at);
      ys[c] = load_vector<kVector>(y + row * n + at);
    }
#pragma unroll
    for (int i = 0; i < kVector; ++i) sums.add(dys[c][i], ys[c][i], log);
  }
  sums.template reduce<kThreads>();
#pragma unroll
  for (int c = 0; c < kChunks; ++c) {
    const int at = first + c * kThreads * kVector;
    Vector<T, kVector> result;
#pragma unroll
    for (int i = 0; i < kVector; ++i) result[i] = sums.gradient(dys[c][i], ys[c][i], log);
    if (here && at < n) store_vector<kVector>(dx + row * n + at, result);
  }
}

template <typename T>
__global__ void __launch_bounds__(kBlock) long_rows_forward(T* y, const T* x, Index n, bool log) {
  using A = Accumulator<T>;
  const T* const from = x + static_cast<Index>(blockIdx.x) * n;
  T* const to = y + static_cast<Index>(blockIdx.x) * n;
  Normalizer<A> normalizer;
  for (Index i = thread_in_block(); i < n; i += kBlock) normalizer.add(to_accumulator(from[i]));
  normalizer = combine_row<kBlock>(normalizer);
  const A last = log ? math::log(normalizer.sum) : A(1) / normalizer.sum;
  for (Index i = thread_in_block(); i < n; i += kBlock) {
    const A shifted = to_accumulator(from[i]) - normalizer.max;
    to[i] = from_accumulator<T>(log ? shifted - last : math::exp(shifted) * last);
  }
}

template <typename T>
__global__ void __launch_bounds__(kBlock) long_rows_backward(T* dx, const T* dy, const T* y, Index n, bool log) {
  const Index begin = static_cast<Index>(blockIdx.x) * n;
  RowSums<T> sums;
  for (Index i = thread_in_block(); i < n; i += kBlock) sums.add(dy[begin + i], y[begin + i], log);
  sums.template reduce<kBlock>();
  for (Index i = thread_in_block(); i < n; i += kBlock) dx[begin + i] = sums.gradient(dy[begin + i], y[begin + i], log);
}

template <typename T>
__global__ void __launch_bounds__(kBlock)
    columns_forward(T* y, const T* x, Index columns, Index middle, Index inner, bool log) {
  using A = Accumulator<T>;
  for (Index column = thread_number_in_grid(); column < columns; column += threads_in_grid()) {
    const Index begin = column / inner * middle * inner + column % inner;
    Normalizer<A> normalizer;
    for (Index i = 0; i < middle; ++i) normalizer.add(to_accumulator(x[begin + i * inner]));
    const A last = log ? math::log(normalizer.sum) : A(1) / normalizer.sum;
    for (Index i = 0; i < middle; ++i) {
      const A shifted = to_accumulator(x[begin + i * inner]) - normalizer.max;
      y[begin + i * inner] = from_accumulator<T>(log ? shifted - last : math::exp(shifted) * last);
    }
  }
}

template <typename T>
__global__ void __launch_bounds__(kBlock)
    columns_backward(T* dx, const T* dy, const T* y, Index columns, Index middle, Index inner, bool log) {
  for (Index column = thread_number_in_grid(); column < columns; column += threads_in_grid()) {
    const Index begin = column / inner * middle * inner + column % inner;
    RowSums<T> sums;
    for (Index i = 0; i < middle; ++i) sums.add(dy[begin + i * inner], y[begin + i * inner], log);
    for (Index i = 0; i < middle; ++i) {
      const Index at = begin + i * inner;
      dx[at] = sums.gradient(dy[at], y[at], log);
    }
  }
}

/// The layout of a row in registers: its threads, and the chunks of neighboring elements of each.
template <int kThreads_, int kVector_, int kChunks_>
struct RowLayout {
  static constexpr int kThreads = kThreads_, kVector = kVector_, kChunks = kChunks_;
  static constexpr std::size_t kScratchElements = kThreads > kWarpSize ? kWarpSize : 0;
};

/// Calls `f(RowLayout)` with the smallest shape for rows of `n`. @param aligned whether all rows begin at a whole
/// vector.
/// @return false when a row is too long for registers.
template <typename T, typename F>
bool with_row_layout(Index n, bool aligned, F&& f) {
  constexpr int kVector = kVectorSize<T>;
  if (!aligned || std::same_as<T, double>) {
    if (n > kBlock * 4) return false;
    n <= kWarpSize * 4 ? f(RowLayout<kWarpSize, 1, 4>{}) : f(RowLayout<kBlock, 1, 4>{});
  } else if constexpr (!std::same_as<T, double>) {  // double is for gradient checks, not for speed
    if (n > kBlock * 4 * kVector) return false;
    n <= kWarpSize* kVector        ? f(RowLayout<kWarpSize, kVector, 1>{})
    : n <= kWarpSize * 4 * kVector ? f(RowLayout<kWarpSize, kVector, 4>{})
                                   : f(RowLayout<kBlock, kVector, 4>{});
  }
  return true;
}

template <typename T>
void forward(const LaunchSite& site, T* y, const T* x, Index outer, Index middle, Index inner, bool log) {
  using A = Accumulator<T>;
  if (outer == 0 || middle == 0 || inner == 0) return;
  if (inner > 1) {
    launch<columns_forward<T>, 0>(blocks_for(outer * inner, kBlock), kBlock, site, y, x, outer * inner, middle, inner,
                                  log);
    return;
  }
  const bool aligned = is_vector_aligned<kVectorSize<T>>(y, middle) && is_vector_aligned<kVectorSize<T>>(x, middle);
  const bool done = with_row_layout<T>(middle, aligned, [&]<typename Shape>(Shape) {
    launch<rows_forward<T, Shape::kThreads, Shape::kVector, Shape::kChunks>, sizeof(A) * Shape::kScratchElements>(
        blocks_for(outer, kBlock / Shape::kThreads), kBlock, site, y, x, outer, static_cast<int>(middle), log);
  });
  if (!done) launch<long_rows_forward<T>, sizeof(A) * kWarpSize>(blocks_for(outer, 1), kBlock, site, y, x, middle, log);
}

template <typename T>
void backward(const LaunchSite& site, T* dx, const T* dy, const T* y, Index outer, Index middle, Index inner,
              bool log) {
  using A = Accumulator<T>;
  if (outer == 0 || middle == 0 || inner == 0) return;
  if (inner > 1) {
    launch<columns_backward<T>, 0>(blocks_for(outer * inner, kBlock), kBlock, site, dx, dy, y, outer * inner, middle,
                                   inner, log);
    return;
  }
  const bool aligned = is_vector_aligned<kVectorSize<T>>(dx, middle) && is_vector_aligned<kVectorSize<T>>(dy, middle) &&
                       is_vector_aligned<kVectorSize<T>>(y, middle);
  const bool done = with_row_layout<T>(middle, aligned, [&]<typename Shape>(Shape) {
    launch<rows_backward<T, Shape::kThreads, Shape::kVector, Shape::kChunks>, sizeof(A) * Shape::kScratchElements>(
        blocks_for(outer, kBlock / Shape::kThreads), kBlock, site, dx, dy, y, outer, static_cast<int>(middle), log);
  });
  if (!done)
    launch<long_rows_backward<T>, sizeof(A) * kWarpSize>(blocks_for(outer, 1), kBlock, site, dx, dy, y, middle, log);
}

}  // namespace

template <Floating T>
void softmax_forward(Backend backend, T* y, const T* x, Index outer, Index middle, Index inner) {
  forward<T>(backend, y, x, outer, middle, inner, false);
}

template <Floating T>
void softmax_backward(Backend backend, T* dx, const T* dy, const T* y, Index outer, Index middle, Index inner) {
  backward<T>(backend, dx, dy, y, outer, middle, inner, false);
}

template <Floating T>
void log_softmax_forward(Backend backend, T* y, const T* x, Index outer, Index middle, Index inner) {
  forward<T>(backend, y, x, outer, middle, inner, true);
}

template <Floating T>
void log_softmax_backward(Backend backend, T* dx, const T* dy, const T* y, Index outer, Index middle, Index inner) {
  backward<T>(backend, dx, dy, y, outer, middle, inner, true);
}

#define TEMPA_SOFTMAX(T)                                                                   \
  template void softmax_forward<T>(Backend, T*, const T*, Index, Index, Index);            \
  template void softmax_backward<T>(Backend, T*, const T*, const T*, Index, Index, Index); \
  template void log_softmax_forward<T>(Backend, T*, const T*, Index, Index, Index);        \
  template void log_softmax_backward<T>(Backend, T*, const T*, const T*, Index, Index, Index)

TEMPA_SOFTMAX(float);
TEMPA_SOFTMAX(double);
TEMPA_SOFTMAX(float16);
TEMPA_SOFTMAX(bfloat16);

}  // namespace tempa::inline TEMPA_ABI::cuda
