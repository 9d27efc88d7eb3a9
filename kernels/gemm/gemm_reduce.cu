// The second part of a product whose sum over k was divided into slices: a thread sums four neighbors of C, or the
// elements of a 16-byte load, over the slices in order and passes the sums to the epilogue. Each partial sum is read
// once, mostly from the L2 cache.
#include "kernels/gemm/gemm.cuh"

namespace tempa::inline TEMPA_ABI::cuda::detail {

namespace {

constexpr int kBlock = 256;

template <Floating T>
__global__ void __launch_bounds__(kBlock) sum_slices(const Product<T> product) {
  using A = Accumulator<T>;
  constexpr int kVector = kVectorSize<A>;
  const Index width = product.partial_ld() / kVector, vectors = width * product.m * product.batch;
  const Index slice_numel = product.m * product.partial_ld();
  for (Index i = thread_number_in_grid(); i < vectors; i += threads_in_grid()) {
    const int column = static_cast<int>(i % width) * kVector, row = static_cast<int>(i / width % product.m);
    const int batch = static_cast<int>(i / width / product.m);
    const Index first = batch * product.slices * slice_numel + row * product.partial_ld() + column;
    Vector<A, kVector> sums[1] = {};
    for (int slice = 0; slice < product.slices; ++slice) {
      const auto part = load_vector<kVector>(product.partial + first + slice * slice_numel);
#pragma unroll
      for (int j = 0; j < kVector; ++j) sums[0][j] += part[j];
    }
    if (column < product.n) product.epilogue.put(batch, row, 1, product.m, column, product.n, sums);
  }
  if (product.a_sum == nullptr) return;
  for (Index row = thread_number_in_grid(); row < product.m; row += threads_in_grid()) {
    A sum = 0;
    for (int slice = 0; slice < product.slices; ++slice)
      sum += product.partial[product.partial_numel() + Index{slice} * product.m + row];
    product.a_sum[row] = from_accumulator<T>(to_accumulator(product.a_sum[row]) + sum);
  }
}

}  // namespace

template <Floating T>
void reduce_slices(LaunchSite site, const Product<T>& product) {
  constexpr Index kBlocks = 1024;
  const Index vectors = product.partial_ld() / kVectorSize<Accumulator<T>> * product.m * product.batch;
  const Index rows = product.a_sum == nullptr ? 0 : product.m;
  launch<sum_slices<T>, 0>(blocks_for(vectors < rows ? rows : vectors, kBlock, kBlocks), kBlock, site, product);
}

template void reduce_slices<float>(LaunchSite, const Product<float>&);
template void reduce_slices<double>(LaunchSite, const Product<double>&);
template void reduce_slices<float16>(LaunchSite, const Product<float16>&);
template void reduce_slices<bfloat16>(LaunchSite, const Product<bfloat16>&);

}  // namespace tempa::inline TEMPA_ABI::cuda::detail
