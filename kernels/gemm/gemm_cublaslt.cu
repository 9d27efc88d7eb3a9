// Matrix products by cuBLASLt, where the kernels are built with TEMPA_WITH_CUBLASLT. A row-major matrix is the
// transpose of a column-major one, so C^T = op(B)^T op(A)^T is what cuBLASLt computes. Its epilogues add the bias or
// sum the rows of op(A); GELU, which it has by tanh only, and its derivative follow in separate kernels. The
// fastest algorithm by cuBLASLt's own heuristic is looked up once for each kind of product. (host code)
#include <tempa/core/error.hpp>
#include <tempa/cuda/accumulate.hpp>
#include <tempa/cuda/elementwise.hpp>
#include <tempa/cuda/gemm.hpp>
#include <tempa/device/cuda/memory.hpp>

#include "kernels/gemm/gemm_peers.cuh"

#if defined(TEMPA_WITH_CUBLASLT)
#include <cublasLt.h>

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <mutex>
#include <optional>
#endif

namespace tempa::inline TEMPA_ABI::cuda {

#if !defined(TEMPA_WITH_CUBLASLT)

bool has_cublaslt() { return false; }

namespace detail {

template <Floating T>
bool run_cublaslt(LaunchSite, const Product<T>&) {
  return false;  // cannot be reached: see check_built
}

}  // namespace detail

#else

bool has_cublaslt() { return true; }

namespace detail {

namespace {

constexpr std::size_t kWorkspaceBytes = std::size_t{32} << 20;

void check_cublas(const char* who, cublasStatus_t status) {
  if (status != CUBLAS_STATUS_SUCCESS)
    throw CudaError(concat("[", who, "] cuBLASLt: ", cublasLtGetStatusString(status)));
}

template <Floating T>
constexpr cudaDataType_t data_type() {
  if constexpr (std::same_as<T, float>) return CUDA_R_32F;
  if constexpr (std::same_as<T, double>) return CUDA_R_64F;
  if constexpr (std::same_as<T, bfloat16>) return CUDA_R_16BF;
  return CUDA_R_16F;
}

/// The handle of a device, made once and kept until the process ends.
cublasLtHandle_t handle(const char* who, int device) {
  static std::mutex mutex;
  static auto* const handles = new std::map<int, cublasLtHandle_t>;
  use_device(who, device);
  const std::scoped_lock lock(mutex);
  cublasLtHandle_t& kept = (*handles)[device];
  if (kept == nullptr) check_cublas(who, cublasLtCreate(&kept));
  return kept;
}

/// An object of cuBLASLt that is destroyed at the end of the scope.
template <typename Handle, cublasStatus_t (*destroy)(Handle)>
class Owned {
 public:
  Owned() = default;
  ~Owned() {
    if (handle_ != nullptr) destroy(handle_);
  }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  Handle* address() { return &handle_; }
  Handle get() const { return handle_; }

 private:
  Handle handle_ = nullptr;
};
using Description = Owned<cublasLtMatmulDesc_t, &cublasLtMatmulDescDestroy>;
using Layout = Owned<cublasLtMatrixLayout_t, &cublasLtMatrixLayoutDestroy>;
using Preference = Owned<cublasLtMatmulPreference_t, &cublasLtMatmulPreferenceDestroy>;

void make_layout(const char* who, Layout& layout, cudaDataType_t type, Index rows, Index columns, Index ld, int batch,
                 Index stride) {
  check_cublas(who, cublasLtMatrixLayoutCreate(layout.address(), type, static_cast<std::uint64_t>(rows),
                                               static_cast<std::uint64_t>(columns), ld));
  const auto set = [&](cublasLtMatrixLayoutAttribute_t attribute, const auto& value) {
    check_cublas(who, cublasLtMatrixLayoutSetAttribute(layout.get(), attribute, &value, sizeof value));
  };
  set(CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, static_cast<std::int32_t>(batch));
  set(CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, static_cast<std::int64_t>(stride));
}

/// The largest power of two, up to 256, that the address is a multiple of.
std::uint32_t alignment_of(const void* p) {
  const auto address = reinterpret_cast<std::uintptr_t>(p);
  return address == 0 ? 256u : 1u << std::min(8, std::countr_zero(address));
}

/// Everything that an algorithm depends on.
using Kind = std::array<Index, 20>;

/// The algorithms found so far; absent where cuBLASLt has none.
struct Algorithms {
  std::mutex mutex;
  std::map<Kind, std::optional<cublasLtMatmulAlgo_t>> found;
};
Algorithms& algorithms() {
  static auto* const all = new Algorithms;
  return *all;
}

}  // namespace

template <Floating T>
bool run_cublaslt(LaunchSite site, const Product<T>& product) {
  using A = Accumulator<T>;
  const char* const who = site.launcher;
  const Epilogue<T>& out = product.epilogue;
  const bool has_steps = out.finish != Finish::kLinear;
  if (has_steps && out.ldc != product.n) return false;  // the steps after the product are for whole arrays
  const auto type = data_type<T>(), scale = data_type<A>();
  T* const result = out.finish == Finish::kGelu ? out.x : out.c;

  Description description;
  check_cublas(who, cublasLtMatmulDescCreate(description.address(),
                                             std::same_as<T, double> ? CUBLAS_COMPUTE_64F : CUBLAS_COMPUTE_32F, scale));
  const auto set = [&](cublasLtMatmulDescAttributes_t attribute, const auto& value) {
    check_cublas(who, cublasLtMatmulDescSetAttribute(description.get(), attribute, &value, sizeof value));
  };
  set(CUBLASLT_MATMUL_DESC_TRANSA, product.trans_b ? CUBLAS_OP_T : CUBLAS_OP_N);
  set(CUBLASLT_MATMUL_DESC_TRANSB, product.trans_a ? CUBLAS_OP_T : CUBLAS_OP_N);
  std::shared_ptr<void> row_sums;
  auto epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  if (product.a_sum != nullptr) {
    row_sums = cuda::allocate(site.backend.device, static_cast<std::size_t>(product.m) * sizeof(T));
    epilogue = CUBLASLT_EPILOGUE_BGRADB;
    set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, row_sums.get());
  } else if (out.bias != nullptr) {
    epilogue = CUBLASLT_EPILOGUE_BIAS;
    set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, out.bias);
  }
  set(CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue);

  Layout left, right, to;
  const Index b_rows = product.trans_b ? product.k : product.n, b_columns = product.trans_b ? product.n : product.k;
  const Index a_rows = product.trans_a ? product.m : product.k, a_columns = product.trans_a ? product.k : product.m;
  make_layout(who, left, type, b_rows, b_columns, product.ldb, product.batch, product.stride_b);
  make_layout(who, right, type, a_rows, a_columns, product.lda, product.batch, product.stride_a);
  make_layout(who, to, type, product.n, product.m, out.ldc, product.batch, out.stride_c);

  const cublasLtHandle_t lt = handle(who, site.backend.device);
  const std::uint32_t a_alignment = alignment_of(product.a), b_alignment = alignment_of(product.b),
                      c_alignment = alignment_of(result);
  const Kind kind{site.backend.device,
                  static_cast<Index>(type),
                  product.trans_a,
                  product.trans_b,
                  product.m,
                  product.n,
                  product.k,
                  product.lda,
                  product.ldb,
                  out.ldc,
                  product.batch,
                  product.stride_a,
                  product.stride_b,
                  out.stride_c,
                  a_alignment,
                  b_alignment,
                  c_alignment,
                  static_cast<Index>(epilogue),
                  alignment_of(out.bias),
                  out.beta != A(0)};
  std::optional<cublasLtMatmulAlgo_t> algorithm;
  {
    Algorithms& known = algorithms();
    const std::scoped_lock lock(known.mutex);
    if (const auto found = known.found.find(kind); found != known.found.end()) {
      algorithm = found->second;
    } else {
      Preference preference;
      check_cublas(who, cublasLtMatmulPreferenceCreate(preference.address()));
      const auto prefer = [&](cublasLtMatmulPreferenceAttributes_t attribute, const auto& value) {
        check_cublas(who, cublasLtMatmulPreferenceSetAttribute(preference.get(), attribute, &value, sizeof value));
      };
      prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, kWorkspaceBytes);
      prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, b_alignment);
      prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, a_alignment);
      prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, c_alignment);
      prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, c_alignment);
      cublasLtMatmulHeuristicResult_t best{};
      int count = 0;
      const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(
          lt, description.get(), left.get(), right.get(), to.get(), to.get(), preference.get(), 1, &best, &count);
      if (status != CUBLAS_STATUS_NOT_SUPPORTED) check_cublas(who, status);
      if (status == CUBLAS_STATUS_SUCCESS && count > 0) algorithm = best.algo;
      known.found.emplace(kind, algorithm);
    }
  }
  if (!algorithm.has_value()) return false;

  const auto workspace = cuda::allocate(site.backend.device, kWorkspaceBytes);
  {
    const ProfilerRange range(who);
    check_cublas(who, cublasLtMatmul(lt, description.get(), &out.alpha, product.b, left.get(), product.a, right.get(),
                                     &out.beta, result, to.get(), result, to.get(), &*algorithm, workspace.get(),
                                     kWorkspaceBytes, static_cast<cudaStream_t>(site.backend.stream)));
  }
  const Index numel = Index{product.m} * product.n;
  if (out.finish == Finish::kGelu) unary_forward<T>(site.backend, out.c, out.x, numel, math::Gelu{});
  if (out.finish == Finish::kGeluBackward) unary_backward<T>(site.backend, out.c, out.c, out.x, numel, math::Gelu{});
  if (row_sums != nullptr) accumulate<T>(site.backend, product.a_sum, static_cast<const T*>(row_sums.get()), product.m);
  return true;
}

}  // namespace detail

#endif

namespace detail {

template bool run_cublaslt<float>(LaunchSite, const Product<float>&);
template bool run_cublaslt<double>(LaunchSite, const Product<double>&);
template bool run_cublaslt<float16>(LaunchSite, const Product<float16>&);
template bool run_cublaslt<bfloat16>(LaunchSite, const Product<bfloat16>&);

}  // namespace detail

}  // namespace tempa::inline TEMPA_ABI::cuda
