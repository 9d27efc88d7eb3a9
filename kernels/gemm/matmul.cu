// Products of batches of matrices that are broadcast against each other: a batched product for each run of the batch
// in which both operands have a constant stride. The gradient of a broadcast operand is a sum over products: these are
// the slices of one long sum (gemm.cuh), collected in float and rounded once. (host code)
#include <tempa/cuda/gemm.hpp>
#include <tempa/device/cuda/memory.hpp>

#include "kernels/gemm/gemm_tiles.cuh"

#include <algorithm>

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

constexpr Index kSlicesAtOnce = 64;  // bounds the memory for the sums of products

/// An operand of the gradient's products: matrices of `rows` with `ld` elements, in steps of `stride` along a run.
template <typename T>
struct Operand {
  const T* p;
  Index ld, stride;
  Transpose trans;
};

/// Sums of products, a matrix (m,n) for each matrix of a broadcast operand, in the accumulator's type.
template <Floating T>
class Sums {
 public:
  using A = Accumulator<T>;

  Sums(Backend backend, Index matrices, Index m, Index n)
      : site_(backend, "matmul_backward"), matrices_(matrices), m_(m), n_(n), ld_(round_up<Index>(n, 4)) {
    const auto bytes = static_cast<std::size_t>(matrices * m * ld_) * sizeof(A);
    memory_ = cuda::allocate(backend.device, bytes);
    set_bytes(backend, memory_.get(), 0, bytes);
  }

  /// Matrix `first` += sum_j a_j b_j, or, where the operand is not broadcast in the run, matrix `first + j` += a_j b_j.
  void add(Index first, Index count, bool one_sum, const Operand<T>& a, const Operand<T>& b, Index k) {
    for (Index j = 0; j < count; j += kSlicesAtOnce) {
      const int now = static_cast<int>(std::min(kSlicesAtOnce, count - j));
      auto product = detail::make_product<T>("matmul_backward", a.trans, b.trans, m_, n_, k, a.p + j * a.stride, a.ld,
                                             b.p + j * b.stride, b.ld, nullptr, n_);
      product.k_slice = static_cast<int>(k);
      if (one_sum) {
        product.slices = now;
        product.k = k * now;
        product.slice_a = a.stride;
        product.slice_b = b.stride;
      } else {
        product.batch = now;
        product.stride_a = a.stride;
        product.stride_b = b.stride;
      }
      const auto partial =
          cuda::allocate(site_.backend.device, static_cast<std::size_t>(product.partial_numel()) * sizeof(A));
      product.partial = static_cast<A*>(partial.get());
      detail::launch_product(site_, product, detail::plan_of(site_.backend.device, product, 1).tile);
      add_slices(product, first + (one_sum ? 0 : j));
    }
  }

  /// Rounds the sums.
  void store(T* to) const {
    detail::Product<T> sums;
    sums.m = static_cast<int>(m_);
    sums.n = static_cast<int>(n_);
    sums.batch = static_cast<int>(matrices_);
    sums.partial = matrix(0);
    sums.epilogue.c = to;
    sums.epilogue.ldc = n_;
    sums.epilogue.stride_c = m_ * n_;
    sums.epilogue.find_alignment();
    detail::reduce_slices(site_, sums);
  }

 private:
  A* matrix(Index i) const { return static_cast<A*>(memory_.get()) + i * m_ * ld_; }

  void add_slices(const detail::Product<T>& product, Index first) const {
    detail::Product<A> sums;
    sums.m = product.m;
    sums.n = product.n;
    sums.slices = product.slices;
    sums.batch = product.batch;
    sums.partial = product.partial;
    sums.epilogue.c = matrix(first);
    sums.epilogue.ldc = ld_;
    sums.epilogue.stride_c = m_ * ld_;
    sums.epilogue.beta = 1;
    sums.epilogue.find_alignment();
    detail::reduce_slices(site_, sums);
  }

  LaunchSite site_;
  Index matrices_, m_, n_, ld_;
  std::shared_ptr<void> memory_;
};

}  // namespace

template <Floating T>
void matmul_forward(Backend backend, T* c, const T* a, const T* b, const LoopNest<2>& nest, Index batch, Index m,
                    Index n, Index k) {
  using A = Accumulator<T>;
  const auto strides = nest.inner_strides();
  nest.for_each_run(0, batch, [&](Index i, const LoopNest<2>::Strides& offsets, Index count) {
    batched_gemm(backend, Transpose::kNo, Transpose::kNo, count, m, n, k, A(1), a + offsets[0] * m * k, k,
                 strides[0] * m * k, b + offsets[1] * k * n, n, strides[1] * k * n, A(0), c + i * m * n, n, m * n);
  });
}

template <Floating T>
void matmul_backward(Backend backend, T* da, T* db, const T* dc, const T* a, const T* b, const LoopNest<2>& nest,
                     Index batch, Index a_batch, Index b_batch, Index m, Index n, Index k) {
  using A = Accumulator<T>;
  using enum Transpose;
  if (m == 0 || n == 0 || k == 0 || batch == 0) {
    if (da != nullptr) set_bytes(backend, da, 0, static_cast<std::size_t>(a_batch * m * k) * sizeof(T));
    if (db != nullptr) set_bytes(backend, db, 0, static_cast<std::size_t>(b_batch * k * n) * sizeof(T));
    return;
  }
  const auto strides = nest.inner_strides();
  if (da != nullptr && a_batch == batch) {
    nest.for_each_run(0, batch, [&](Index i, const LoopNest<2>::Strides& offsets, Index count) {
      batched_gemm(backend, kNo, kYes, count, m, k, n, A(1), dc + i * m * n, n, m * n, b + offsets[1] * k * n, n,
                   strides[1] * k * n, A(0), da + offsets[0] * m * k, k, m * k);
    });
  } else if (da != nullptr) {
    Sums<T> sums(backend, a_batch, m, k);
    nest.for_each_run(0, batch, [&](Index i, const LoopNest<2>::Strides& offsets, Index count) {
      sums.add(offsets[0], count, strides[0] == 0, {dc + i * m * n, n, m * n, kNo},
               {b + offsets[1] * k * n, n, strides[1] * k * n, kYes}, n);
    });
    sums.store(da);
  }
  if (db != nullptr && b_batch == batch) {
    nest.for_each_run(0, batch, [&](Index i, const LoopNest<2>::Strides& offsets, Index count) {
      batched_gemm(backend, kYes, kNo, count, k, n, m, A(1), a + offsets[0] * m * k, k, strides[0] * m * k,
                   dc + i * m * n, n, m * n, A(0), db + offsets[1] * k * n, n, k * n);
    });
  } else if (db != nullptr) {
    Sums<T> sums(backend, b_batch, k, n);
    nest.for_each_run(0, batch, [&](Index i, const LoopNest<2>::Strides& offsets, Index count) {
      sums.add(offsets[1], count, strides[1] == 0, {a + offsets[0] * m * k, k, strides[0] * m * k, kYes},
               {dc + i * m * n, n, m * n, kNo}, m);
    });
    sums.store(db);
  }
}

#define TEMPA_MATMUL(T)                                                                                             \
  template void matmul_forward<T>(Backend, T*, const T*, const T*, const LoopNest<2>&, Index, Index, Index, Index); \
  template void matmul_backward<T>(Backend, T*, T*, const T*, const T*, const T*, const LoopNest<2>&, Index, Index, \
                                   Index, Index, Index, Index)

TEMPA_MATMUL(float);
TEMPA_MATMUL(double);
TEMPA_MATMUL(float16);
TEMPA_MATMUL(bfloat16);

}  // namespace tempa::inline TEMPA_ABI::cuda
