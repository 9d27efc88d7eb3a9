// The PTX of compute capability 9.0: barriers in shared memory that count bytes (mbarrier), copies of tiles by the
// tensor memory accelerator (TMA), products of matrices in shared memory by a warpgroup (wgmma), and registers moved
// from one warpgroup to another. There is no substitute for the emulation: code that uses this also has a portable
// path.
#pragma once

#include "kernels/device/tensor_core.cuh"

#include <cuda.h>

namespace tempa::inline TEMPA_ABI::cuda::hopper {

inline constexpr int kWarpgroup = 128;  // threads

/// Makes a barrier of 8 bytes whose phase ends after `arrivals` arrivals and all bytes that they announced. One thread.
__device__ inline void barrier_init(std::uint64_t* barrier, int arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(barrier)), "r"(arrivals) : "memory");
}

/// Lets TMA and other threads see barriers that were made; a barrier of the block follows.
__device__ inline void barrier_init_fence() { asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory"); }

__device__ inline void barrier_arrive(std::uint64_t* barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(shared_address(barrier)) : "memory");
}

/// Arrives, and announces `bytes` that TMA will deliver.
__device__ inline void barrier_arrive_expect(std::uint64_t* barrier, int bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(barrier)), "r"(bytes)
               : "memory");
}

/// Waits until the barrier's phase number `parity` (0 first, then 1, 0 …) has ended.
__device__ inline void barrier_wait(std::uint64_t* barrier, unsigned parity) {
  asm volatile(
      "{\n"
      ".reg .pred done;\n"
      "again:\n"
      "mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
      "@done bra over;\n"
      "bra again;\n"
      "over:\n"
      "}" ::"r"(shared_address(barrier)),
      "r"(parity)
      : "memory");
}

/// Starts copying the box at (x, y, z) of a tensor, x along its rows, to shared memory; elements outside the tensor
/// become zero.
__device__ inline void tma_load(void* to, const CUtensorMap* map, int x, int y, int z, std::uint64_t* barrier) {
  asm volatile(
      "cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4, %5}], [%2];" ::
          "r"(shared_address(to)),
      "l"(map), "r"(shared_address(barrier)), "r"(x), "r"(y), "r"(z)
      : "memory");
}

/// Prefetches a map before its first use.
__device__ inline void tma_prefetch(const CUtensorMap* map) {
  asm volatile("prefetch.tensormap [%0];" ::"l"(map) : "memory");
}

/// What threads wrote to shared memory is seen by wgmma and TMA after this and a barrier.
__device__ inline void shared_memory_fence() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }

/// Changes the number of registers of each thread of the calling warpgroup.
template <int kRegisters>
__device__ inline void raise_registers() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kRegisters));
}
template <int kRegisters>
__device__ inline void lower_registers() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(kRegisters));
}

/// Before the first product of a batch, and after other accesses to its sums.
__device__ inline void wgmma_begin() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
/// Closes the group of the products started so far.
__device__ inline void wgmma_commit() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
/// Waits until at most the `kPending` newest groups are not done.
template <int kPending>
__device__ inline void wgmma_wait() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(kPending) : "memory");
}

/// The descriptor of a matrix in shared memory for wgmma, in rows of 128 bytes whose 16-byte chunks TMA has exchanged
/// by the row's number (128-byte swizzle), eight rows in 1024 bytes. Its rows are the matrix's, with k along them
/// (`slab_bytes` is not used then), or (transposed) steps of k with 64 rows of the matrix along them and the next 64
/// `slab_bytes` after it.
__device__ inline std::uint64_t matrix_descriptor(const void* p, int slab_bytes) {
  constexpr std::uint64_t kEightRows = 1024, kSwizzle128 = 1;
  return static_cast<std::uint64_t>((shared_address(p) & 0x3ffffu) >> 4) |
         static_cast<std::uint64_t>(slab_bytes >> 4) << 16 | (kEightRows >> 4) << 32 | kSwizzle128 << 62;
}

// clang-format off
#define TEMPA_SUMS_4(i) "+f"(sums[(i) / 4][0]), "+f"(sums[(i) / 4][1]), "+f"(sums[(i) / 4][2]), "+f"(sums[(i) / 4][3])
#define TEMPA_SUMS_16(i) TEMPA_SUMS_4(i), TEMPA_SUMS_4((i) + 4), TEMPA_SUMS_4((i) + 8), TEMPA_SUMS_4((i) + 12)

#define TEMPA_WGMMA_8(type)                                                                                            \
  asm volatile("{.reg .pred yes; setp.eq.u32 yes, 0, 0; wgmma.mma_async.sync.aligned.m64n8k16.f32." type "." type " {" \
               "%0, %1, %2, %3"                                                                                        \
               "}, %4, %5, yes, 1, 1, %6, %7;}"                                                                        \
               : TEMPA_SUMS_4(0)                                            \
               : "l"(a), "l"(b), "n"(kTransA ? 1 : 0), "n"(kTransB ? 1 : 0))

#define TEMPA_WGMMA_64(type)                                                                                           \
  asm volatile("{.reg .pred yes; setp.eq.u32 yes, 0, 0; wgmma.mma_async.sync.aligned.m64n64k16.f32." type "." type " {" \
               "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "                                \
               "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31"                        \
               "}, %32, %33, yes, 1, 1, %34, %35;}"                                                                    \
               : TEMPA_SUMS_16(0), TEMPA_SUMS_16(16)                                                                   \
               : "l"(a), "l"(b), "n"(kTransA ? 1 : 0), "n"(kTransB ? 1 : 0))

#define TEMPA_WGMMA_128(type)                                                                                          \
  asm volatile("{.reg .pred yes; setp.eq.u32 yes, 0, 0; wgmma.mma_async.sync.aligned.m64n128k16.f32." type "." type " {" \
               "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "                                \
               "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, "                      \
               "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, "                      \
               "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"                        \
               "}, %64, %65, yes, 1, 1, %66, %67;}"                                                                    \
               : TEMPA_SUMS_16(0), TEMPA_SUMS_16(16), TEMPA_SUMS_16(32), TEMPA_SUMS_16(48)                             \
               : "l"(a), "l"(b), "n"(kTransA ? 1 : 0), "n"(kTransB ? 1 : 0))

#define TEMPA_WGMMA_192(type)                                                                                          \
  asm volatile("{.reg .pred yes; setp.eq.u32 yes, 0, 0; wgmma.mma_async.sync.aligned.m64n192k16.f32." type "." type " {" \
               "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "                                \
               "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, "                      \
               "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, "                      \
               "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, "                      \
               "%64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, "                      \
               "%80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95"                        \
               "}, %96, %97, yes, 1, 1, %98, %99;}"                                                                    \
               : TEMPA_SUMS_16(0), TEMPA_SUMS_16(16), TEMPA_SUMS_16(32), TEMPA_SUMS_16(48), TEMPA_SUMS_16(64),         \
                 TEMPA_SUMS_16(80)                                                                                     \
               : "l"(a), "l"(b), "n"(kTransA ? 1 : 0), "n"(kTransB ? 1 : 0))

#define TEMPA_WGMMA_256(type)                                                                                          \
  asm volatile("{.reg .pred yes; setp.eq.u32 yes, 0, 0; wgmma.mma_async.sync.aligned.m64n256k16.f32." type "." type " {" \
               "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "                                \
               "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, "                      \
               "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, "                      \
               "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, "                      \
               "%64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, "                      \
               "%80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95, "                      \
               "%96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, "          \
               "%112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, %127"        \
               "}, %128, %129, yes, 1, 1, %130, %131;}"                                                                \
               : TEMPA_SUMS_16(0), TEMPA_SUMS_16(16), TEMPA_SUMS_16(32), TEMPA_SUMS_16(48), TEMPA_SUMS_16(64),         \
                 TEMPA_SUMS_16(80), TEMPA_SUMS_16(96), TEMPA_SUMS_16(112)                                              \
               : "l"(a), "l"(b), "n"(kTransA ? 1 : 0), "n"(kTransB ? 1 : 0))

// clang-format on

/// sums (64,kColumns) += A (64,16) B (16,kColumns), started. Thread t of the warpgroup has rows 16 (t / 32) + (t % 32)
/// / 4 and 8 more: sums[j] are columns 8 j + 2 (t % 4) and the next of the first row, then those of the second, as in
/// mma. @tparam kTransA, kTransB whether the descriptor's rows are steps of k.
template <TensorCoreElement T, int kColumns, bool kTransA, bool kTransB>
__device__ inline void wgmma(float (&sums)[kColumns / 8][4], std::uint64_t a, std::uint64_t b) {
  constexpr bool kBFloat16 = std::same_as<T, bfloat16>;
  if constexpr (kColumns == 8) {
    if constexpr (kBFloat16)
      TEMPA_WGMMA_8("bf16");
    else
      TEMPA_WGMMA_8("f16");
  } else if constexpr (kColumns == 64) {
    if constexpr (kBFloat16)
      TEMPA_WGMMA_64("bf16");
    else
      TEMPA_WGMMA_64("f16");
  } else if constexpr (kColumns == 128) {
    if constexpr (kBFloat16)
      TEMPA_WGMMA_128("bf16");
    else
      TEMPA_WGMMA_128("f16");
  } else if constexpr (kColumns == 192) {
    if constexpr (kBFloat16)
      TEMPA_WGMMA_192("bf16");
    else
      TEMPA_WGMMA_192("f16");
  } else {
    static_assert(kColumns == 256);
    if constexpr (kBFloat16)
      TEMPA_WGMMA_256("bf16");
    else
      TEMPA_WGMMA_256("f16");
  }
}

#undef TEMPA_SUMS_4
#undef TEMPA_SUMS_16
#undef TEMPA_WGMMA_8
#undef TEMPA_WGMMA_64
#undef TEMPA_WGMMA_128
#undef TEMPA_WGMMA_192
#undef TEMPA_WGMMA_256

}  // namespace tempa::inline TEMPA_ABI::cuda::hopper
