// Starts the kernels of gemm_sm90.cuh: decides which products they take, the TMA maps of the operands, the tile, the
// slices. They are compiled when the library is built with TEMPA_WITH_SM90A, for an architecture list that contains
// 90a. (host code)
#include "kernels/gemm/gemm_peers.cuh"

#if defined(TEMPA_WITH_SM90A) && !defined(TEMPA_CUDA_EMULATED)
#include <tempa/core/error.hpp>
#include <tempa/device/cuda/memory.hpp>

#include "kernels/gemm/gemm_sm90.cuh"

#include <algorithm>
#include <limits>
#endif

namespace tempa::inline TEMPA_ABI::cuda::detail {

#if defined(TEMPA_WITH_SM90A) && !defined(TEMPA_CUDA_EMULATED)

extern template void launch_hopper<float16>(LaunchSite, const CUtensorMap&, const CUtensorMap&, const Product<float16>&,
                                            int, int, int);
extern template void launch_hopper<bfloat16>(LaunchSite, const CUtensorMap&, const CUtensorMap&,
                                             const Product<bfloat16>&, int, int, int);

namespace {

constexpr int kMaxSlices = 16;
constexpr double kProductsPerCycle = 2048;  // dense, H200 by its data sheet

using EncodeTiled = decltype(&cuTensorMapEncodeTiled);

/// The driver's function, found at run time: nothing is linked to the driver.
EncodeTiled encode_tiled(const char* who) {
  static const EncodeTiled found = [who] {
    void* function = nullptr;
    auto status = cudaDriverEntryPointSymbolNotFound;
    check(who, "search of cuTensorMapEncodeTiled",
          cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &function, 12000, cudaEnableDefault, &status));
    if (status != cudaDriverEntryPointSuccess || function == nullptr)
      throw CudaError(
          concat("[", who, "] the driver has no cuTensorMapEncodeTiled: it must be for CUDA 12.0 or newer"));
    return reinterpret_cast<EncodeTiled>(function);
  }();
  return found;
}

/// A batch of row-major matrices, read in boxes of 64 columns (128 bytes) by `box_rows`.
template <typename T>
CUtensorMap make_map(const char* who, const T* p, Index rows, Index columns, Index ld, int batch, Index stride,
                     int box_rows) {
  constexpr auto kType = std::same_as<T, bfloat16> ? CU_TENSOR_MAP_DATA_TYPE_BFLOAT16 : CU_TENSOR_MAP_DATA_TYPE_FLOAT16;
  const cuuint64_t sizes[3] = {static_cast<cuuint64_t>(columns), static_cast<cuuint64_t>(rows),
                               static_cast<cuuint64_t>(batch)};
  const Index batch_stride = batch == 1 ? ld : stride;  // not used for a single matrix, but checked
  const cuuint64_t strides[2] = {static_cast<cuuint64_t>(ld) * sizeof(T),
                                 static_cast<cuuint64_t>(batch_stride) * sizeof(T)};
  const cuuint32_t box[3] = {64, static_cast<cuuint32_t>(box_rows), 1}, steps[3] = {1, 1, 1};
  CUtensorMap map;
  const CUresult status = encode_tiled(who)(&map, kType, 3, const_cast<T*>(p), sizes, strides, box, steps,
                                            CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
                                            CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  if (status != CUDA_SUCCESS)
    throw CudaError(concat("[", who, "] cuTensorMapEncodeTiled: error ", static_cast<int>(status)));
  return map;
}

/// Whether TMA can read the operand.
template <typename T>
bool is_readable(const T* p, Index ld, int batch, Index stride) {
  constexpr int kAligned = 16 / sizeof(T);
  return is_vector_aligned<kAligned>(p, ld) && (batch == 1 || (stride % kAligned == 0 && stride > 0));
}

}  // namespace

template <Floating T>
bool run_hopper(LaunchSite site, Product<T> product) {
  if constexpr (Real<T>) {
    return false;
  } else {
    const DeviceProperties& device = properties(site.backend.device);
    if (device.major != 9 || device.minor != 0 || product.n == 0) return false;
    if (product.trans_a && product.trans_b) return false;
    if (product.a_sum != nullptr && !product.trans_a) return false;
    if (!is_readable(product.a, product.lda, product.batch, product.stride_a) ||
        !is_readable(product.b, product.ldb, product.batch, product.stride_b))
      return false;
    const GemmTask task{product.m, product.n, product.k, product.batch, device.multiprocessors, kProductsPerCycle};
    GemmPlan plan = choose_plan(task, kHopperTiles, kMaxSlices);
    if (const auto forced = forced_plan())
      plan = {std::clamp(forced->tile, 0, static_cast<int>(kHopperTiles.size()) - 1),
              std::clamp(forced->slices, 1, kMaxSlices)};
    const GemmTile& tile = kHopperTiles[static_cast<std::size_t>(plan.tile)];
    const CUtensorMap map_a = product.trans_a ? make_map(site.launcher, product.a, product.k, product.m, product.lda,
                                                         product.batch, product.stride_a, tile.depth)
                                              : make_map(site.launcher, product.a, product.m, product.k, product.lda,
                                                         product.batch, product.stride_a, tile.rows);
    const CUtensorMap map_b = product.trans_b ? make_map(site.launcher, product.b, product.n, product.k, product.ldb,
                                                         product.batch, product.stride_b, tile.columns)
                                              : make_map(site.launcher, product.b, product.k, product.n, product.ldb,
                                                         product.batch, product.stride_b, tile.depth);
    const auto partial = cut_into_slices(site.backend.device, product, plan.slices, tile.depth);
    const Index works = ceil_div<Index>(product.m, tile.rows) * ceil_div<Index>(product.n, tile.columns) *
                        product.slices * product.batch;
    if (works > std::numeric_limits<int>::max()) return false;
    launch_hopper<T>(site, map_a, map_b, product, plan.tile, static_cast<int>(works),
                     static_cast<int>(std::min<Index>(works, device.multiprocessors)));
    if (product.partial != nullptr) reduce_slices(site, product);
    return true;
  }
}

#else

template <Floating T>
bool run_hopper(LaunchSite, Product<T>) {
  return false;
}

#endif

template bool run_hopper<float>(LaunchSite, Product<float>);
template bool run_hopper<double>(LaunchSite, Product<double>);
template bool run_hopper<float16>(LaunchSite, Product<float16>);
template bool run_hopper<bfloat16>(LaunchSite, Product<bfloat16>);

}  // namespace tempa::inline TEMPA_ABI::cuda::detail
