// Copies of dense arrays and of their parts, transposes and repetitions. A thread owns 16 bytes of the result
// (map.cuh). Where the result's neighbors are far apart in x, a block of 256 threads copies a tile of 32 x 32
// elements through shared memory (33 elements a row, so that neither direction has bank conflicts), so that both sides
// access whole memory lines.
#include <tempa/cuda/copy.hpp>

#include "kernels/accumulate.cuh"
#include "kernels/device/bits.cuh"
#include "kernels/device/map.cuh"
#include "kernels/device/nest.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

/// One row.
template <typename B>
struct Copy {
  static constexpr int kVector = kVectorSize<B>;
  B* y;
  const B* x;

  template <int k>
  __device__ void run(Index i) const {
    store_vector<k>(y + i, load_vector<k>(x + i));
  }
};

template <typename B>
struct CopyNest {
  static constexpr int kVector = kVectorSize<B>;
  B* y;
  const B* x;
  Nest<1> nest;

  bool aligned() const {
    const Index stride = nest.inner_strides[0];
    return are_aligned<kVector>(y) && nest.keeps_together(kVector) && stride <= 1 &&
           (stride == 0 || (are_aligned<kVector>(x) && strides_are_multiples()));
  }
  bool strides_are_multiples() const {
    for (int d = 0; d + 1 < nest.rank; ++d)
      if (nest.strides[d][0] % kVector != 0) return false;
    return true;
  }
  template <int k>
  __device__ void run(Index i) const {
    Index offset[1];
    nest.offsets_of(i, offset);
    Vector<B, k> out;
    if (nest.inner_strides[0] == 0) {
      const B value = x[offset[0]];
#pragma unroll
      for (int j = 0; j < k; ++j) out[j] = value;
    } else {
      out = load_vector<k>(x + offset[0]);
    }
    store_vector<k>(y + i, out);
  }
};

constexpr int kTile = 32, kTileRow = kTile + 1;

/// y_rc = x_cr in every block of two dimensions at the offsets of `others`.
/// @param y_stride, x_stride from row to row of y, and from column to column of y in x; the other ones are 1.
template <typename B>
__global__ void __launch_bounds__(kMapBlock)
    transpose_kernel(B* y, Index y_stride, const B* x, Index x_stride, Index rows, Index cols, Nest<2> others) {
  const auto tile = shared_array<B>(0, kTile * kTileRow);
  const Index tiles_across = ceil_div<Index>(cols, kTile), tiles = ceil_div<Index>(rows, kTile) * tiles_across;
  const Index block = static_cast<Index>(blockIdx.x) / tiles, in_block = static_cast<Index>(blockIdx.x) - block * tiles;
  const Index row0 = in_block / tiles_across * kTile, col0 = in_block % tiles_across * kTile;
  Index offsets[2];
  others.offsets_of(block, offsets);
  for (int c = warp_in_block(); c < kTile; c += kMapBlock / kWarpSize)
    if (row0 + lane_in_warp() < rows && col0 + c < cols)
      tile[c * kTileRow + lane_in_warp()] = x[offsets[1] + (col0 + c) * x_stride + row0 + lane_in_warp()];
  __syncthreads();
  for (int r = warp_in_block(); r < kTile; r += kMapBlock / kWarpSize)
    if (row0 + r < rows && col0 + lane_in_warp() < cols)
      y[offsets[0] + (row0 + r) * y_stride + col0 + lane_in_warp()] = tile[lane_in_warp() * kTileRow + r];
}

/// Copies by tiles where a dimension of y but the last is contiguous in x. @return false where there is no such
/// dimension.
template <typename B>
bool copy_transposed(LaunchSite site, B* y, const B* x, const LoopNest<1>& nest, Index n) {
  const std::size_t last = nest.rank() - 1;
  std::size_t fast = last;
  for (std::size_t d = 0; d < last; ++d)
    if (nest.strides(d)[0] == 1) fast = d;
  if (fast == last) return false;
  LoopNest<2> others;  // strides in y and in x
  Index y_stride = n, fast_stride = 1, blocks = 1;
  for (std::size_t d = 0; d < nest.rank(); ++d) {
    y_stride /= nest.size(d);
    if (d == fast) fast_stride = y_stride;
    if (d == fast || d == last) continue;
    others.push_back(nest.size(d), {y_stride, nest.strides(d)[0]});
    blocks *= nest.size(d);
  }
  const Index rows = nest.size(fast), cols = nest.size(last);
  const Index tiles = ceil_div<Index>(rows, kTile) * ceil_div<Index>(cols, kTile) * blocks;
  launch<transpose_kernel<B>, sizeof(B) * kTile * kTileRow>(blocks_for(tiles, 1), kMapBlock, site, y, fast_stride, x,
                                                            nest.strides(last)[0], rows, cols, Nest<2>(others));
  return true;
}

}  // namespace

template <Element T>
void copy_rows(Backend backend, T* y, Index y_stride, const T* x, Index x_stride, Index rows, Index width) {
  map(backend, MapRows<Copy<Bits<T>>, Bits<T>, Bits<T>>{as_bits(y), as_bits(x), y_stride, x_stride, width},
      rows * width);
}

template <Floating T>
void add_rows(Backend backend, T* y, Index y_stride, const T* x, Index x_stride, Index rows, Index width) {
  map(backend, MapRows<Accumulate<T>, T, T>{y, x, y_stride, x_stride, width}, rows * width);
}

template <Floating T>
void broadcast_rows(Backend backend, T* y, const T* b, Index rows, Index cols) {
  map(backend, MapRows<Copy<Bits<T>>, Bits<T>, Bits<T>>{as_bits(y), as_bits(b), cols, 0, cols}, rows * cols);
}

template <Element T>
void copy_nest(Backend backend, T* y, const T* x, const LoopNest<1>& nest, Index n) {
  const bool scattered = n > 0 && nest.inner_strides()[0] > 1;
  if (scattered && copy_transposed(LaunchSite(backend, "copy_nest"), as_bits(y), as_bits(x), nest, n)) return;
  map(backend, CopyNest<Bits<T>>{as_bits(y), as_bits(x), Nest<1>(nest)}, n);
}

#define TEMPA_COPY(T)                                                            \
  template void copy_rows<T>(Backend, T*, Index, const T*, Index, Index, Index); \
  template void copy_nest<T>(Backend, T*, const T*, const LoopNest<1>&, Index)
#define TEMPA_ADD_ROWS(T)                                                       \
  TEMPA_COPY(T);                                                                \
  template void add_rows<T>(Backend, T*, Index, const T*, Index, Index, Index); \
  template void broadcast_rows<T>(Backend, T*, const T*, Index, Index)

TEMPA_ADD_ROWS(float);
TEMPA_ADD_ROWS(double);
TEMPA_ADD_ROWS(float16);
TEMPA_ADD_ROWS(bfloat16);
TEMPA_COPY(std::int32_t);
TEMPA_COPY(std::int64_t);
TEMPA_COPY(std::uint8_t);

}  // namespace tempa::inline TEMPA_ABI::cuda
