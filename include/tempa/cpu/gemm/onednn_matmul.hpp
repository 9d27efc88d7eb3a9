// Products by oneDNN, which chooses its code for the processor at run time: of float matrices, and of bfloat16 matrices
// by AMX or AVX512-BF16, summed in float.
#pragma once

#if defined(TEMPA_WITH_ONEDNN)

#include <tempa/core/dtype.hpp>
#include <tempa/core/error.hpp>
#include <tempa/core/parallel.hpp>
#include <tempa/core/shape.hpp>

#include <dnnl.h>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include <algorithm>
#include <memory>
#include <type_traits>

namespace tempa::inline TEMPA_ABI::cpu::detail {

/// Whether this processor can multiply bfloat16 numbers. Where it cannot, float products of converted matrices
/// are faster than oneDNN's.
inline bool has_bfloat16_products() {
  static const bool has = [] {
    const auto isa = static_cast<unsigned>(dnnl_get_effective_cpu_isa());
    constexpr auto kNeeded = static_cast<unsigned>(dnnl_cpu_isa_avx512_core_bf16);
    return (isa & kNeeded) == kNeeded;
  }();
  return has;
}

/// An object of oneDNN and its destructor.
template <typename Handle, dnnl_status_t (*kDestroy)(Handle)>
struct OneDnnDeleter {
  using pointer = Handle;
  void operator()(Handle handle) const { kDestroy(handle); }
};
template <typename Handle, dnnl_status_t (*kDestroy)(Handle)>
using OneDnnObject = std::unique_ptr<std::remove_pointer_t<Handle>, OneDnnDeleter<Handle, kDestroy>>;

using OneDnnEngine = OneDnnObject<dnnl_engine_t, dnnl_engine_destroy>;
using OneDnnStream = OneDnnObject<dnnl_stream_t, dnnl_stream_destroy>;
using OneDnnMemory = OneDnnObject<dnnl_memory_t, dnnl_memory_destroy>;
using OneDnnAttributes = OneDnnObject<dnnl_primitive_attr_t, dnnl_primitive_attr_destroy>;
using OneDnnPostOps = OneDnnObject<dnnl_post_ops_t, dnnl_post_ops_destroy>;
using OneDnnPrimitiveDescriptor = OneDnnObject<dnnl_primitive_desc_t, dnnl_primitive_desc_destroy>;
using OneDnnPrimitive = OneDnnObject<dnnl_primitive_t, dnnl_primitive_destroy>;

/// @throws Error unless oneDNN succeeded.
inline void check_onednn(dnnl_status_t status) {
  if (status != dnnl_success) throw Error(concat("[gemm] oneDNN failed with status ", static_cast<int>(status)));
}

/// A row-major matrix, or the transpose of one.
class OneDnnMatrix {
 public:
  OneDnnMatrix(Index rows, Index columns, Index row_stride, Index column_stride) {
    const dnnl_dims_t sizes = {rows, columns}, strides = {row_stride, column_stride};
#if DNNL_VERSION_MAJOR >= 3
    check_onednn(dnnl_memory_desc_create_with_strides(&descriptor_, 2, sizes, dnnl_bf16, strides));
#else
    check_onednn(dnnl_memory_desc_init_by_strides(&descriptor_, 2, sizes, dnnl_bf16, strides));
#endif
  }
  OneDnnMatrix(const OneDnnMatrix&) = delete;
  OneDnnMatrix& operator=(const OneDnnMatrix&) = delete;
#if DNNL_VERSION_MAJOR >= 3
  ~OneDnnMatrix() { dnnl_memory_desc_destroy(descriptor_); }
  dnnl_memory_desc_t descriptor() const { return descriptor_; }
#else
  const dnnl_memory_desc_t* descriptor() const { return &descriptor_; }
#endif

  OneDnnMemory memory(dnnl_engine_t engine, const bfloat16* data) const {
    dnnl_memory_t memory = nullptr;
    check_onednn(dnnl_memory_create(&memory, descriptor(), engine, const_cast<bfloat16*>(data)));
    return OneDnnMemory(memory);
  }

 private:
  dnnl_memory_desc_t descriptor_{};
};

/// Makes oneDNN cache the code of as many sizes as the batches of an epoch have (a few for each number of tokens),
/// unless somebody has changed the size of its cache.
inline void keep_code_of_many_sizes() {
  constexpr int kDefault = 1024, kSizes = 4096;
  static const bool done = [] {
    int capacity = 0;
    check_onednn(dnnl_get_primitive_cache_capacity(&capacity));
    if (capacity == kDefault) check_onednn(dnnl_set_primitive_cache_capacity(kSizes));
    return true;
  }();
  static_cast<void>(done);
}

/// While alive, oneDNN works only in this thread: how oneDNN divides a sum depends on how many threads it may use.
class OneDnnInThisThread {
 public:
#if defined(_OPENMP)
  OneDnnInThisThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~OneDnnInThisThread() { omp_set_num_threads(before_); }
#else
  OneDnnInThisThread() = default;
#endif
  OneDnnInThisThread(const OneDnnInThisThread&) = delete;
  OneDnnInThisThread& operator=(const OneDnnInThisThread&) = delete;

#if defined(_OPENMP)
 private:
  int before_;
#endif
};

/// Calls `product(row, rows, column, columns)` for the tiles of a result (m,n), on all threads. The tiles depend on the
/// sizes alone, and oneDNN works on each in one thread: so the bits are the same for any number of threads.
template <typename Product>
void for_each_onednn_tile(Index m, Index n, const Product& product) {
#if !defined(_OPENMP)  // oneDNN's number of threads cannot be limited: they should be the only ones
  product(Index{0}, m, Index{0}, n);
#else
  constexpr Index kRows = 256, kColumns = 384;     // large enough that packing the operands costs little
  constexpr Index kRowUnit = 8, kColumnUnit = 48;  // of oneDNN's kernels
  const auto units = [](Index size, Index unit) { return (size + unit - 1) / unit; };
  const Index down = units(m, kRows), across = units(n, kColumns);
  const Index row_units = units(m, kRowUnit), column_units = units(n, kColumnUnit);
  parallel_for(0, down * across, 1, [&](Index first, Index last) {
    [[maybe_unused]] const OneDnnInThisThread here;
    for (Index tile = first; tile < last; ++tile) {
      const Index i = tile % down, j = tile / down;
      const Index row = row_units * i / down * kRowUnit, column = column_units * j / across * kColumnUnit;
      product(row, std::min(m, row_units * (i + 1) / down * kRowUnit) - row, column,
              std::min(n, column_units * (j + 1) / across * kColumnUnit) - column);
    }
  });
#endif
}

/// C = alpha op(A) op(B) + beta C for positive sizes, all row-major.
inline void onednn_gemm(bool trans_a, bool trans_b, Index m, Index n, Index k, float alpha, const float* a, Index lda,
                        const float* b, Index ldb, float beta, float* c, Index ldc) {
  for_each_onednn_tile(m, n, [=](Index row, Index rows, Index column, Index columns) {
    check_onednn(dnnl_sgemm(trans_a ? 'T' : 'N', trans_b ? 'T' : 'N', rows, columns, k, alpha,
                            a + row * (trans_a ? 1 : lda), lda, b + column * (trans_b ? ldb : 1), ldb, beta,
                            c + row * ldc + column, ldc));
  });
}

/// c = a b, or c += a b, in this thread. oneDNN caches the code of the sizes that it has seen, so that setting up a
/// product of a known size takes microseconds.
inline void onednn_bfloat16_matmul(const OneDnnMatrix& a, const bfloat16* a_data, const OneDnnMatrix& b,
                                   const bfloat16* b_data, bool accumulates, const OneDnnMatrix& c, bfloat16* c_data) {
  keep_code_of_many_sizes();
  thread_local const OneDnnEngine engine = [] {
    dnnl_engine_t created = nullptr;
    check_onednn(dnnl_engine_create(&created, dnnl_cpu, 0));
    return OneDnnEngine(created);
  }();
  thread_local const OneDnnStream stream = [] {
    dnnl_stream_t created = nullptr;
    check_onednn(dnnl_stream_create(&created, engine.get(), dnnl_stream_default_flags));
    return OneDnnStream(created);
  }();
  dnnl_primitive_attr_t created_attributes = nullptr;
  check_onednn(dnnl_primitive_attr_create(&created_attributes));
  const OneDnnAttributes attributes(created_attributes);
  if (accumulates) {
    dnnl_post_ops_t created = nullptr;
    check_onednn(dnnl_post_ops_create(&created));
    const OneDnnPostOps post_ops(created);
#if DNNL_VERSION_MAJOR >= 3
    check_onednn(dnnl_post_ops_append_sum(created, 1.0f, 0, dnnl_data_type_undef));
#else
    check_onednn(dnnl_post_ops_append_sum(created, 1.0f));
#endif
    check_onednn(dnnl_primitive_attr_set_post_ops(created_attributes, created));
  }
  dnnl_primitive_desc_t created_descriptor = nullptr;
#if DNNL_VERSION_MAJOR >= 3
  const auto status = dnnl_matmul_primitive_desc_create(&created_descriptor, engine.get(), a.descriptor(),
                                                        b.descriptor(), nullptr, c.descriptor(), attributes.get());
#else
  dnnl_matmul_desc_t product{};
  check_onednn(dnnl_matmul_desc_init(&product, a.descriptor(), b.descriptor(), nullptr, c.descriptor()));
  const auto status =
      dnnl_primitive_desc_create(&created_descriptor, &product, attributes.get(), engine.get(), nullptr);
#endif
  check_onednn(status);
  const OneDnnPrimitiveDescriptor descriptor(created_descriptor);
  dnnl_primitive_t created_primitive = nullptr;
  check_onednn(dnnl_primitive_create(&created_primitive, descriptor.get()));
  const OneDnnPrimitive primitive(created_primitive);
  const auto a_memory = a.memory(engine.get(), a_data), b_memory = b.memory(engine.get(), b_data),
             c_memory = c.memory(engine.get(), c_data);
  const dnnl_exec_arg_t arguments[] = {
      {DNNL_ARG_SRC, a_memory.get()}, {DNNL_ARG_WEIGHTS, b_memory.get()}, {DNNL_ARG_DST, c_memory.get()}};
  check_onednn(dnnl_primitive_execute(primitive.get(), stream.get(), 3, arguments));
  check_onednn(dnnl_stream_wait(stream.get()));
}

/// C = op(A) op(B), or C += op(A) op(B), for positive sizes, all row-major, where oneDNN `has_bfloat16_products`.
inline void onednn_bfloat16_gemm(bool trans_a, bool trans_b, Index m, Index n, Index k, const bfloat16* a, Index lda,
                                 const bfloat16* b, Index ldb, bool accumulates, bfloat16* c, Index ldc) {
  for_each_onednn_tile(m, n, [=](Index row, Index rows, Index column, Index columns) {
    const OneDnnMatrix left(rows, k, trans_a ? 1 : lda, trans_a ? lda : 1);
    const OneDnnMatrix right(k, columns, trans_b ? 1 : ldb, trans_b ? ldb : 1);
    onednn_bfloat16_matmul(left, a + row * (trans_a ? 1 : lda), right, b + column * (trans_b ? ldb : 1), accumulates,
                           OneDnnMatrix(rows, columns, ldc, 1), c + row * ldc + column);
  });
}

}  // namespace tempa::inline TEMPA_ABI::cpu::detail

#endif
