// The PTX of tensor cores (sm_80 and newer): matrices between shared memory and registers, their product, and
// asynchronous copies into shared memory. For the emulation each function has a substitute with the layouts of the PTX
// manual.
//
// With g = lane / 4 and t = lane % 4, a register holding two neighboring 16-bit elements (the lower half first):
//   A (16,16): a[0] row g, columns 2t 2t+1;  a[1] row g + 8;  a[2] row g, columns 2t+8 2t+9;  a[3] row g + 8, columns
//   2t+8 2t+9 B (16,8):  b[0] rows 2t 2t+1, column g;  b[1] rows 2t+8 2t+9, column g C (16,8):  c[0] c[1] row g,
//   columns 2t 2t+1;  c[2] c[3] row g + 8        (float)
#pragma once

#include "kernels/device/shared.cuh"
#include "kernels/device/vector.cuh"

#if defined(TEMPA_CUDA_EMULATED)
#include "emulation/tensor_core.hpp"
#endif

#include <cstdint>

namespace tempa::inline TEMPA_ABI::cuda {

/// The 16-bit types that tensor cores multiply, with float sums.
template <typename T>
concept TensorCoreElement = std::same_as<T, bfloat16> || std::same_as<T, float16>;

#if !defined(TEMPA_CUDA_EMULATED)

/// The address of `p` in the shared window, as PTX takes it.
__device__ inline std::uint32_t shared_address(const void* p) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(p));
}

#endif

/// Loads four 8x8 matrices of 16-bit elements: lane l names row l % 8 of matrix l / 8, 16 bytes, aligned to 16;
/// register i of lane l is elements 2t and 2t + 1 of row g of matrix i.
template <TensorCoreElement T>
__device__ inline void ldmatrix_x4(std::uint32_t (&registers)[4], SharedPointer<const T> row) {
#if defined(TEMPA_CUDA_EMULATED)
  emulation::load_matrices<4, false>(registers, row.template cast<const uint4>());
#else
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(registers[0]), "=r"(registers[1]), "=r"(registers[2]), "=r"(registers[3])
               : "r"(shared_address(row))
               : "memory");
#endif
}

/// The same of the transposed matrices: register i of lane l is elements g of the rows 2t and 2t + 1 of matrix i.
template <TensorCoreElement T>
__device__ inline void ldmatrix_x4_transposed(std::uint32_t (&registers)[4], SharedPointer<const T> row) {
#if defined(TEMPA_CUDA_EMULATED)
  emulation::load_matrices<4, true>(registers, row.template cast<const uint4>());
#else
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(registers[0]), "=r"(registers[1]), "=r"(registers[2]), "=r"(registers[3])
               : "r"(shared_address(row))
               : "memory");
#endif
}

/// Two matrices, whose rows lanes 0 to 15 name.
template <TensorCoreElement T>
__device__ inline void ldmatrix_x2(std::uint32_t (&registers)[2], SharedPointer<const T> row) {
#if defined(TEMPA_CUDA_EMULATED)
  emulation::load_matrices<2, false>(registers, row.template cast<const uint4>());
#else
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0, %1}, [%2];"
               : "=r"(registers[0]), "=r"(registers[1])
               : "r"(shared_address(row))
               : "memory");
#endif
}

/// Two transposed matrices.
template <TensorCoreElement T>
__device__ inline void ldmatrix_x2_transposed(std::uint32_t (&registers)[2], SharedPointer<const T> row) {
#if defined(TEMPA_CUDA_EMULATED)
  emulation::load_matrices<2, true>(registers, row.template cast<const uint4>());
#else
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
               : "=r"(registers[0]), "=r"(registers[1])
               : "r"(shared_address(row))
               : "memory");
#endif
}

/// c += A B, A (16,16) and B (16,8) of `T`, c (16,8) of float; the whole warp.
template <TensorCoreElement T>
__device__ inline void mma_m16n8k16(float (&c)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
#if defined(TEMPA_CUDA_EMULATED)
  emulation::multiply_matrices<T>(c, a, b);
#else
  if constexpr (std::same_as<T, bfloat16>) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  } else {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  }
#endif
}

/// Starts copying 16 bytes from device to shared memory, both aligned to 16. Only the first `bytes` are read; the rest
/// of the 16 becomes zero. This thread sees the bytes after `cp_async_wait`, other threads after a barrier
/// after it.
template <typename T>
__device__ inline void cp_async_16(SharedPointer<T> to, const T* from, int bytes = 16) {
#if defined(TEMPA_CUDA_EMULATED)
  emulation::begin_copy(to.template cast<uint4>(), from, bytes);
#else
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
               :
               : "r"(shared_address(to)), "l"(__cvta_generic_to_global(from)), "r"(bytes)
               : "memory");
#endif
}

/// Closes the group of the copies started since the last one; it may be empty.
__device__ inline void cp_async_commit() {
#if defined(TEMPA_CUDA_EMULATED)
  emulation::commit_copies();
#else
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

/// Waits until at most the `kPending` newest groups of this thread are not done.
template <int kPending>
__device__ inline void cp_async_wait() {
#if defined(TEMPA_CUDA_EMULATED)
  emulation::wait_for_copies(kPending);
#else
  asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
#endif
}

}  // namespace tempa::inline TEMPA_ABI::cuda
