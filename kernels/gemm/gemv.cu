// Products of a matrix and a vector: limited by reading the matrix, each element of which is read once.
// A by rows: a warp owns an element of y and reads its row, 16 bytes a lane at a time where the row allows it;
// the lanes are added at the end. A by columns (transposed): a block owns 32 neighboring columns, each of its 8 warps
// every eighth row of them. Where that gives fewer blocks than the device can run, the sum is divided into
// slices, whose sums a second kernel adds. All sums have a fixed order.
#include <tempa/cuda/gemm.hpp>
#include <tempa/device/cuda/device.hpp>
#include <tempa/device/cuda/memory.hpp>

#include "kernels/common.cuh"

#include <algorithm>

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

constexpr int kBlock = 256;
constexpr int kWarps = kBlock / kWarpSize;

template <Floating T>
struct MatrixVector {
  using A = Accumulator<T>;

  const T* a;
  const T* x;
  T* y;
  Index lda, x_stride, y_stride;
  Index m, k, k_slice;
  A alpha, beta;
  A* partial;  ///< (slices,m); null for one slice

  __device__ void finish(Index i, A sum) const {
    T& to = y[i * y_stride];
    to = from_accumulator<T>(beta == A(0) ? alpha * sum : alpha * sum + beta * to_accumulator(to));
  }
  __device__ void put(Index slice, Index i, A sum) const {
    if (partial == nullptr) {
      finish(i, sum);
    } else {
      partial[slice * m + i] = sum;
    }
  }
};

template <typename T, int kVector>
__global__ void __launch_bounds__(kBlock) gemv_rows(const MatrixVector<T> task) {
  using A = Accumulator<T>;
  const Index i = thread_number_in_grid() / kWarpSize;
  if (i >= task.m) return;  // the whole warp
  const Index slice = blockIdx.y, begin = slice * task.k_slice;
  const Index left = task.k - begin, end = begin + (left < task.k_slice ? left : task.k_slice);
  const T* const row = task.a + i * task.lda;
  A sum = 0;
  for (Index p = begin + lane_in_warp() * kVector; p < end; p += kWarpSize * kVector) {
    const auto values = load_vector<kVector>(row + p);
    if constexpr (kVector > 1) {
      const auto by = load_vector<kVector>(task.x + p);
#pragma unroll
      for (int j = 0; j < kVector; ++j) sum += to_accumulator(values[j]) * to_accumulator(by[j]);
    } else {
      sum += to_accumulator(values[0]) * to_accumulator(task.x[p * task.x_stride]);
    }
  }
  sum = warp_sum(sum);
  if (lane_in_warp() == 0) task.put(slice, i, sum);
}

template <typename T>
__global__ void __launch_bounds__(kBlock) gemv_columns(const MatrixVector<T> task) {
  using A = Accumulator<T>;
  const auto sums = shared_array<A>(0, kBlock);
  const Index i = static_cast<Index>(blockIdx.x) * kWarpSize + lane_in_warp();
  const Index slice = blockIdx.y, begin = slice * task.k_slice;
  const Index left = task.k - begin, end = begin + (left < task.k_slice ? left : task.k_slice);
  A sum = 0;
  if (i < task.m)
    for (Index p = begin + warp_in_block(); p < end; p += kWarps)
      sum += to_accumulator(task.x[p * task.x_stride]) * to_accumulator(task.a[p * task.lda + i]);
  sums[thread_in_block()] = sum;
  __syncthreads();
  if (warp_in_block() > 0 || i >= task.m) return;
#pragma unroll
  for (int w = 1; w < kWarps; ++w) {
    const A part = sums[w * kWarpSize + lane_in_warp()];
    sum += part;
  }
  task.put(slice, i, sum);
}

template <typename T>
__global__ void __launch_bounds__(kBlock) sum_gemv_slices(const MatrixVector<T> task, const int slices) {
  const Index i = thread_number_in_grid();
  if (i >= task.m) return;
  Accumulator<T> sum = 0;
  for (int slice = 0; slice < slices; ++slice) sum += task.partial[slice * task.m + i];
  task.finish(i, sum);
}

}  // namespace

template <Floating T>
void gemv(Backend backend, bool transposed, Index m, Index k, Accumulator<T> alpha, const T* a, Index lda, const T* x,
          Index x_stride, Accumulator<T> beta, T* y, Index y_stride) {
  using A = Accumulator<T>;
  constexpr int kVector = kVectorSize<T>;
  constexpr Index kShortest = 1024, kMostSlices = 64;  // terms of a slice
  if (m == 0) return;
  const LaunchSite site(backend, "gemv");
  MatrixVector<T> task{a, x, y, lda, x_stride, y_stride, m, k, k, alpha, beta, nullptr};
  const unsigned blocks = blocks_for(m, transposed ? kWarpSize : kWarps);
  const Index room = Index{4} * properties(backend.device).multiprocessors / blocks;
  const Index wanted = std::clamp<Index>(std::min(room, k / kShortest), 1, kMostSlices);
  task.k_slice = round_up<Index>(std::max<Index>(1, ceil_div(k, wanted)), kVector * kWarpSize);
  const auto slices = static_cast<unsigned>(std::max<Index>(1, ceil_div(k, task.k_slice)));
  std::shared_ptr<void> partial;
  if (slices > 1) {
    partial = cuda::allocate(backend.device, slices * static_cast<std::size_t>(m) * sizeof(A));
    task.partial = static_cast<A*>(partial.get());
  }
  const dim3 grid(blocks, slices);
  if (transposed) {
    launch<gemv_columns<T>, kBlock * sizeof(A)>(grid, kBlock, site, task);
  } else if (x_stride == 1 && k % kVector == 0 && is_vector_aligned<kVector>(a, lda) && is_vector_aligned<kVector>(x)) {
    launch<gemv_rows<T, kVector>, 0>(grid, kBlock, site, task);
  } else {
    launch<gemv_rows<T, 1>, 0>(grid, kBlock, site, task);
  }
  if (slices > 1) launch<sum_gemv_slices<T>, 0>(blocks_for(m, kBlock), kBlock, site, task, static_cast<int>(slices));
}

#define TEMPA_GEMV(T)                                                                                                  \
  template void gemv<T>(Backend, bool, Index, Index, Accumulator<T>, const T*, Index, const T*, Index, Accumulator<T>, \
                        T*, Index)

TEMPA_GEMV(float);
TEMPA_GEMV(double);
TEMPA_GEMV(float16);
TEMPA_GEMV(bfloat16);

}  // namespace tempa::inline TEMPA_ABI::cuda
