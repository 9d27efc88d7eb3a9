// Launchers of kernels/gemm*.cu, gemv.cu and matmul.cu.
#pragma once

#include <tempa/core/detail/loop_nest.hpp>
#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/device/cuda/backend.hpp>
#include <tempa/math/transpose.hpp>

#include <optional>
#include <span>
#include <string_view>

namespace tempa::inline TEMPA_ABI::cuda {

/// The implementation of matrix products.
enum class GemmChoice {
  kAuto,      ///< the fastest one as measured: `kTempa` for now
  kTempa,     ///< tensor cores by mma.sync for 16-bit types, ordinary arithmetic for float and double
  kHopper,    ///< TMA and wgmma for 16-bit types on devices of compute capability 9.0; elsewhere as `kTempa`
  kCublasLt,  ///< NVIDIA's library, if the kernels were built with it; what it cannot do, as `kTempa`
};

/// @param name auto, tempa, hopper or cublaslt. @throws ConfigError for another name.
GemmChoice parse_gemm_choice(std::string_view name);

/// The choice of this process: that of `set_gemm_choice`, or else of the environment variable `TEMPA_GEMM`, or else
/// `kAuto`.
/// @throws ConfigError when the variable has another value, or names cuBLASLt and the kernels were built without it.
GemmChoice gemm_choice();

/// Overrides the environment. @throws ConfigError for cuBLASLt when the kernels were built without it.
void set_gemm_choice(GemmChoice choice);

/// Whether the kernels were built with cuBLASLt.
bool has_cublaslt();

/// A kernel of `GemmChoice::kTempa`: the part of C that a block computes.
struct GemmTile {
  int rows, columns;
  int depth;                     ///< terms of the sum over k in one step
  int blocks_of_multiprocessor;  ///< that run at the same time
  double efficiency;             ///< part of the arithmetic peak that a full device reaches, for the choice
};

/// The tiles for matrices of `T`.
template <Floating T>
std::span<const GemmTile> gemm_tiles();

/// A tile, an index into `gemm_tiles`, and the number of slices into which the sum over k is divided.
struct GemmPlan {
  int tile = 0;
  int slices = 1;
};

/// While alive, the products of its thread use this plan and not the one chosen for their sizes, as far as their
/// operands allow: for measurements and tests.
class GemmPlanGuard {
 public:
  explicit GemmPlanGuard(GemmPlan plan);
  ~GemmPlanGuard();
  GemmPlanGuard(const GemmPlanGuard&) = delete;
  GemmPlanGuard& operator=(const GemmPlanGuard&) = delete;

 private:
  std::optional<GemmPlan> former_;
};

/// C = alpha op(A) op(B) + beta C, all row-major; C is not read when beta is 0.
/// @param a (m,k), or (k,m) when transposed, with `lda` elements from row to row. @param b (k,n), or (n,k) when
///   transposed. @param c (m,n).
template <Floating T>
void gemm(Backend backend, Transpose trans_a, Transpose trans_b, Index m, Index n, Index k, Accumulator<T> alpha,
          const T* a, Index lda, const T* b, Index ldb, Accumulator<T> beta, T* c, Index ldc);

/// `batch` products of the same sizes whose operands are `stride_a`, `stride_b`, `stride_c` elements apart.
template <Floating T>
void batched_gemm(Backend backend, Transpose trans_a, Transpose trans_b, Index batch, Index m, Index n, Index k,
                  Accumulator<T> alpha, const T* a, Index lda, Index stride_a, const T* b, Index ldb, Index stride_b,
                  Accumulator<T> beta, T* c, Index ldc, Index stride_c);

/// C = op(A) op(B) + bias in every row: a linear layer.
/// @param c (m,n). @param bias (n).
template <Floating T>
void gemm_bias(Backend backend, Transpose trans_a, Transpose trans_b, Index m, Index n, Index k, const T* a, Index lda,
               const T* b, Index ldb, const T* bias, T* c, Index ldc);

/// Up to three products of one A in one launch, C_g = op(A) op(B_g) + bias_g.
/// @param b, biases one for each product. @param c (groups,m,n), `stride_c` elements from one to the next.
template <Floating T>
void grouped_gemm_bias(Backend backend, Transpose trans_a, Transpose trans_b, Index m, Index n, Index k, const T* a,
                       Index lda, std::span<const T* const> b, Index ldb, std::span<const T* const> biases, T* c,
                       Index ldc, Index stride_c);

/// X = op(A) op(B) + bias, C = GELU(X), X rounded to T first. @param c, x (m,n), both with `ldc`. @param bias (n).
template <Floating T>
void gemm_bias_gelu(Backend backend, Transpose trans_a, Transpose trans_b, Index m, Index n, Index k, const T* a,
                    Index lda, const T* b, Index ldb, const T* bias, T* c, T* x, Index ldc);

/// C = op(A) op(B) * GELU'(X), elementwise: the gradient that reaches X of `gemm_bias_gelu`.
/// @param c, x (m,n), both with `ldc`.
template <Floating T>
void gemm_gelu_backward(Backend backend, Transpose trans_a, Transpose trans_b, Index m, Index n, Index k, const T* a,
                        Index lda, const T* b, Index ldb, const T* x, T* c, Index ldc);

/// C += op(A) op(B), a_sum_i += sum_p op(A)_ip: the gradients of weight and bias of a linear layer in one launch, with
/// A = dy, transposed, and B = x. @param c (m,n). @param a_sum (m).
template <Floating T>
void gemm_bias_gradient(Backend backend, Transpose trans_a, Transpose trans_b, Index m, Index n, Index k, const T* a,
                        Index lda, const T* b, Index ldb, T* c, Index ldc, T* a_sum);

/// y = alpha op(A) x + beta y; y is not read when beta is 0. @param y (m), `y_stride` elements apart. @param a (m,k),
/// or (k,m) when `transposed`, with `lda` elements from row to row. @param x (k), `x_stride` elements apart.
template <Floating T>
void gemv(Backend backend, bool transposed, Index m, Index k, Accumulator<T> alpha, const T* a, Index lda, const T* x,
          Index x_stride, Accumulator<T> beta, T* y, Index y_stride);

/// c_i = a_i b_i for every matrix i of a batch. @param c (batch,m,n). @param a (…,m,k). @param b (…,k,n).
/// @param nest how the matrices of a and b run along the batch.
template <Floating T>
void matmul_forward(Backend backend, T* c, const T* a, const T* b, const LoopNest<2>& nest, Index batch, Index m,
                    Index n, Index k);

/// da_i = dc_i b_i^T and db_i = a_i^T dc_i, summed in order over the batch where a or b is broadcast; 16-bit sums are
/// kept in float and rounded once. @param da, db shaped as a and b, or nullptr.
template <Floating T>
void matmul_backward(Backend backend, T* da, T* db, const T* dc, const T* a, const T* b, const LoopNest<2>& nest,
                     Index batch, Index a_batch, Index b_batch, Index m, Index n, Index k);

}  // namespace tempa::inline TEMPA_ABI::cuda
