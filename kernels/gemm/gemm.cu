// The launchers of matrix products: they describe a product by a `Product`, choose an implementation and tiles
// (gemm_plan.cu), and start the kernels (gemm_simt.cu, gemm_tensor.cuh, gemm_sm90.cu, gemm_cublaslt.cu). Vectors
// go to gemv.cu. No launcher waits for the device. (host code)
#include <tempa/core/error.hpp>
#include <tempa/cuda/gemm.hpp>
#include <tempa/device/cuda/device.hpp>
#include <tempa/device/cuda/memory.hpp>

#include "kernels/gemm/gemm_peers.cuh"
#include "kernels/gemm/gemm_tiles.cuh"

#include <algorithm>
#include <limits>
#include <memory>

namespace tempa::inline TEMPA_ABI::cuda {

namespace detail {

namespace {

constexpr int kMaxSlices = 16;
constexpr Index kMaxBatch = 65535;  // of a grid
constexpr Index kMaxSize = std::numeric_limits<int>::max() - 1024;

/// Multiply-adds of a multiprocessor in a cycle: H200 and A100 by their data sheets.
template <Floating T>
constexpr double products_per_cycle() {
  if constexpr (std::same_as<T, float>) return 128;
  if constexpr (std::same_as<T, double>) return 64;
  return 1024;
}

template <Floating T>
std::size_t partial_bytes(const Product<T>& product) {
  const Index row_sums = product.a_sum == nullptr ? 0 : Index{product.slices} * product.m;
  return static_cast<std::size_t>(product.partial_numel() + row_sums) * sizeof(Accumulator<T>);
}

}  // namespace

template <Floating T>
GemmPlan plan_of(int device, const Product<T>& product, int max_slices) {
  const auto tiles = gemm_tiles<T>();
  if (const auto forced = forced_plan())
    return {std::clamp(forced->tile, 0, static_cast<int>(tiles.size()) - 1), std::clamp(forced->slices, 1, max_slices)};
  const Index batch = Index{product.batch} * product.slices;
  const GemmTask task{product.m,
                      std::max(product.n, 1),
                      product.k_slice,
                      batch,
                      properties(device).multiprocessors,
                      products_per_cycle<T>()};
  return choose_plan(task, tiles, max_slices);
}

template <Floating T>
void launch_product(LaunchSite site, const Product<T>& product, int tile) {
  if constexpr (Real<T>) {
    launch_simt(site, product, tile);
  } else {
    launch_tensor(site, product, tile);
  }
}

template <Floating T>
std::shared_ptr<void> cut_into_slices(int device, Product<T>& product, int slices, int depth) {
  product.k_slice = static_cast<int>(round_up<Index>(ceil_div<Index>(product.k, slices), depth));
  product.slices = static_cast<int>(ceil_div<Index>(product.k, product.k_slice));
  if (product.slices == 1) return nullptr;
  product.slice_a = product.k_slice * (product.trans_a ? product.lda : Index{1});
  product.slice_b = product.k_slice * (product.trans_b ? Index{1} : product.ldb);
  auto partial = cuda::allocate(device, partial_bytes(product));
  product.partial = static_cast<Accumulator<T>*>(partial.get());
  return partial;
}

template <Floating T>
void run_product(LaunchSite site, Product<T> product) {
  product.k_slice = static_cast<int>(product.k);
  product.epilogue.find_alignment();
  if (product.k == 0) {
    product.slices = 0;
    product.a_sum = nullptr;
    return reduce_slices(site, product);
  }
  const GemmChoice choice = gemm_choice();
  if (choice == GemmChoice::kCublasLt && run_cublaslt(site, product)) return;
  if (choice == GemmChoice::kHopper && run_hopper(site, product)) return;
  const GemmPlan plan = plan_of(site.backend.device, product, kMaxSlices);
  const int depth = gemm_tiles<T>()[static_cast<std::size_t>(plan.tile)].depth;
  const auto partial = cut_into_slices(site.backend.device, product, plan.slices, depth);
  launch_product(site, product, plan.tile);
  if (product.partial != nullptr) reduce_slices(site, product);
}

template <Floating T>
Product<T> make_product(const char* who, Transpose trans_a, Transpose trans_b, Index m, Index n, Index k, const T* a,
                        Index lda, const T* b, Index ldb, T* c, Index ldc) {
  if (std::max({m, n, k}) > kMaxSize)
    throw ShapeError(concat("[", who, "] sizes must be at most ", kMaxSize, " but are ", m, ", ", n, " and ", k));
  Product<T> product;
  product.a = a;
  product.b = b;
  product.lda = lda;
  product.ldb = ldb;
  product.trans_a = trans_a == Transpose::kYes;
  product.trans_b = trans_b == Transpose::kYes;
  product.m = static_cast<int>(m);
  product.n = static_cast<int>(n);
  product.k = k;
  product.epilogue.c = c;
  product.epilogue.ldc = ldc;
  return product;
}

#define TEMPA_PRODUCT(T)                                                                                       \
  template GemmPlan plan_of<T>(int, const Product<T>&, int);                                                   \
  template void launch_product<T>(LaunchSite, const Product<T>&, int);                                         \
  template std::shared_ptr<void> cut_into_slices<T>(int, Product<T>&, int, int);                               \
  template Product<T> make_product<T>(const char*, Transpose, Transpose, Index, Index, Index, const T*, Index, \
                                      const T*, Index, T*, Index)

TEMPA_PRODUCT(float);
TEMPA_PRODUCT(double);
TEMPA_PRODUCT(float16);
TEMPA_PRODUCT(bfloat16);

}  // namespace detail

template <Floating T>
std::span<const GemmTile> gemm_tiles() {
  if constexpr (std::same_as<T, float>) return detail::kFloatTiles;
  if constexpr (std::same_as<T, double>) return detail::kDoubleTiles;
  return detail::kTensorTiles;
}

template <Floating T>
void gemm(Backend backend, Transpose trans_a, Transpose trans_b, Index m, Index n, Index k, Accumulator<T> alpha,
          const T* a, Index lda, const T* b, Index ldb, Accumulator<T> beta, T* c, Index ldc) {
  if (m == 0 || n == 0) return;
  const bool ta = trans_a == Transpose::kYes, tb = trans_b == Transpose::kYes;
  if (n == 1) return gemv(backend, ta, m, k, alpha, a, lda, b, tb ? Index{1} : ldb, beta, c, ldc);
  if (m == 1) return gemv(backend, !tb, n, k, alpha, b, ldb, a, ta ? lda : Index{1}, beta, c, Index{1});
  auto product = detail::make_product("gemm", trans_a, trans_b, m, n, k, a, lda, b, ldb, c, ldc);
  product.epilogue.alpha = alpha;
  product.epilogue.beta = beta;
  detail::run_product({backend, "gemm"}, product);
}

template <Floating T>
void batched_gemm(Backend backend, Transpose trans_a, Transpose trans_b, Index batch, Index m, Index n, Index k,
                  Accumulator<T> alpha, const T* a, Index lda, Index stride_a, const T* b, Index ldb, Index stride_b,
                  Accumulator<T> beta, T* c, Index ldc, Index stride_c) {
  if (batch == 1) return gemm(backend, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  if (m == 0 || n == 0) return;
  for (Index first = 0; first < batch; first += detail::kMaxBatch) {
    auto product = detail::make_product("batched_gemm", trans_a, trans_b, m, n, k, a + first * stride_a, lda,
                                        b + first * stride_b, ldb, c + first * stride_c, ldc);
    product.epilogue.alpha = alpha;
    product.epilogue.beta = beta;
    product.epilogue.stride_c = stride_c;
    product.stride_a = stride_a;
    product.stride_b = stride_b;
    product.batch = static_cast<int>(std::min(batch - first, detail::kMaxBatch));
    detail::run_product({backend, "batched_gemm"}, product);
  }
}

template <Floating T>
void gemm_bias(Backend backend, Transpose trans_a, Transpose trans_b, Index m, Index n, Index k, const T* a, Index lda,
               const T* b, Index ldb, const T* bias, T* c, Index ldc) {
  if (m == 0 || n == 0) return;
  auto product = detail::make_product("gemm_bias", trans_a, trans_b, m, n, k, a, lda, b, ldb, c, ldc);
  product.epilogue.bias = bias;
  detail::run_product({backend, "gemm_bias"}, product);
}

template <Floating T>
void grouped_gemm_bias(Backend backend, Transpose trans_a, Transpose trans_b, Index m, Index n, Index k, const T* a,
                       Index lda, std::span<const T* const> b, Index ldb, std::span<const T* const> biases, T* c,
                       Index ldc, Index stride_c) {
  if (m == 0 || n == 0) return;
  const GemmChoice choice = gemm_choice();
  if (b.size() == 1 || choice == GemmChoice::kHopper || choice == GemmChoice::kCublasLt) {
    for (std::size_t g = 0; g < b.size(); ++g)
      gemm_bias(backend, trans_a, trans_b, m, n, k, a, lda, b[g], ldb, biases[g], c + static_cast<Index>(g) * stride_c,
                ldc);
    return;
  }
  auto product = detail::make_product("grouped_gemm_bias", trans_a, trans_b, m, n, k, a, lda, b[0], ldb, c, ldc);
  product.epilogue.bias = biases[0];
  for (std::size_t g = 1; g < b.size(); ++g) {
    product.more_b[g - 1] = b[g];
    product.epilogue.more_bias[g - 1] = biases[g];
  }
  product.epilogue.stride_c = stride_c;
  product.batch = static_cast<int>(b.size());
  detail::run_product({backend, "grouped_gemm_bias"}, product);
}

template <Floating T>
void gemm_bias_gelu(Backend backend, Transpose trans_a, Transpose trans_b, Index m, Index n, Index k, const T* a,
                    Index lda, const T* b, Index ldb, const T* bias, T* c, T* x, Index ldc) {
  if (m == 0 || n == 0) return;
  auto product = detail::make_product("gemm_bias_gelu", trans_a, trans_b, m, n, k, a, lda, b, ldb, c, ldc);
  product.epilogue.bias = bias;
  product.epilogue.x = x;
  product.epilogue.finish = detail::Finish::kGelu;
  detail::run_product({backend, "gemm_bias_gelu"}, product);
}

template <Floating T>
void gemm_gelu_backward(Backend backend, Transpose trans_a, Transpose trans_b, Index m, Index n, Index k, const T* a,
                        Index lda, const T* b, Index ldb, const T* x, T* c, Index ldc) {
  if (m == 0 || n == 0) return;
  auto product = detail::make_product("gemm_gelu_backward", trans_a, trans_b, m, n, k, a, lda, b, ldb, c, ldc);
  product.epilogue.x = const_cast<T*>(x);  // only read: see Finish
  product.epilogue.finish = detail::Finish::kGeluBackward;
  detail::run_product({backend, "gemm_gelu_backward"}, product);
}

template <Floating T>
void gemm_bias_gradient(Backend backend, Transpose trans_a, Transpose trans_b, Index m, Index n, Index k, const T* a,
                        Index lda, const T* b, Index ldb, T* c, Index ldc, T* a_sum) {
  if (m == 0) return;
  auto product = detail::make_product("gemm_bias_gradient", trans_a, trans_b, m, n, k, a, lda, b, ldb, c, ldc);
  product.epilogue.beta = 1;
  product.a_sum = a_sum;
  detail::run_product({backend, "gemm_bias_gradient"}, product);
}

#define TEMPA_GEMM(T)                                                                                                  \
  template std::span<const GemmTile> gemm_tiles<T>();                                                                  \
  template void gemm<T>(Backend, Transpose, Transpose, Index, Index, Index, Accumulator<T>, const T*, Index, const T*, \
                        Index, Accumulator<T>, T*, Index);                                                             \
  template void batched_gemm<T>(Backend, Transpose, Transpose, Index, Index, Index, Index, Accumulator<T>, const T*,   \
                                Index, Index, const T*, Index, Index, Accumulator<T>, T*, Index, Index);               \
  template void gemm_bias<T>(Backend, Transpose, Transpose, Index, Index, Index, const T*, Index, const T*, Index,     \
                             const T*, T*, Index);                                                                     \
  template void grouped_gemm_bias<T>(Backend, Transpose, Transpose, Index, Index, Index, const T*, Index,              \
                                     std::span<const T* const>, Index, std::span<const T* const>, T*, Index, Index);   \
  template void gemm_bias_gelu<T>(Backend, Transpose, Transpose, Index, Index, Index, const T*, Index, const T*,       \
                                  Index, const T*, T*, T*, Index);                                                     \
  template void gemm_gelu_backward<T>(Backend, Transpose, Transpose, Index, Index, Index, const T*, Index, const T*,   \
                                      Index, const T*, T*, Index);                                                     \
  template void gemm_bias_gradient<T>(Backend, Transpose, Transpose, Index, Index, Index, const T*, Index, const T*,   \
                                      Index, T*, Index, T*)

TEMPA_GEMM(float);
TEMPA_GEMM(double);
TEMPA_GEMM(float16);
TEMPA_GEMM(bfloat16);

}  // namespace tempa::inline TEMPA_ABI::cuda
