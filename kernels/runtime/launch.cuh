// Starts kernels.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/device/cuda/stream.hpp>

#include "kernels/device/platform.cuh"
#include "kernels/runtime/check.hpp"

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace tempa::inline TEMPA_ABI::cuda {

inline constexpr std::size_t kSharedBytesWithoutOptIn = 48 * 1024;

/// A backend, and the launcher that calls `launch`, whose name is shown in errors and in the profiler.
struct LaunchSite {
  Backend backend;
  const char* launcher;

  // NOLINTNEXTLINE(google-explicit-constructor): a launcher passes its backend
  LaunchSite(Backend given, const char* name = __builtin_FUNCTION()) : backend(given), launcher(name) {}
};

namespace detail {

/// Makes `device` the calling thread's CUDA device.
void use_device(const char* who, int device);

}  // namespace detail

/// Starts `kernel<<<grid, block, shared_bytes, stream>>>(args...)`. A grid without blocks starts nothing. Opts in
/// to more than 48 KB of shared memory.
/// @throws CudaError `[launcher] …` when the kernel cannot be started, or an earlier one failed.
template <typename... Params, typename... Args>
void launch(void (*kernel)(Params...), dim3 grid, dim3 block, std::size_t shared_bytes, LaunchSite site,
            Args&&... args) {
  static_assert(sizeof...(Params) == sizeof...(Args),
                "a kernel is started with as many arguments as it has parameters");
  static_assert((std::is_trivially_copyable_v<Params> && ... && true), "a kernel's parameters are copied as bytes");
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return;
  const ProfilerRange range(site.launcher);
  detail::use_device(site.launcher, site.backend.device);
  if (shared_bytes > kSharedBytesWithoutOptIn)
    check(site.launcher, "shared memory of a kernel",
          cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), cudaFuncAttributeMaxDynamicSharedMemorySize,
                               static_cast<int>(shared_bytes)));
  const auto stream = static_cast<cudaStream_t>(site.backend.stream);
#if defined(TEMPA_CUDA_EMULATED)
  emulation::launch(site.launcher, kernel, grid, block, shared_bytes, stream, std::forward<Args>(args)...);
#else
  kernel<<<grid, block, shared_bytes, stream>>>(std::forward<Args>(args)...);
#endif
  check(site.launcher, "start of a kernel", cudaGetLastError());
}

/// The same with a constant size of shared memory: it is part of the name of this function, where
/// scripts/kernel_resources reads it. `launch<kernel<T>, kBytes>(blocks, threads, backend, arguments...)`
/// In a generic lambda, only for a kernel whose template arguments depend on the lambda: GCC 12 does not compile
/// others.
template <auto kKernel, std::size_t kSharedBytes, typename... Args>
[[gnu::noinline]] void launch(dim3 grid, dim3 block, LaunchSite site, Args&&... args) {
  launch(kKernel, grid, block, kSharedBytes, site, std::forward<Args>(args)...);
}

/// Blocks for `count` threads (or tiles), at most what a grid's x may have or `limit`; kernels loop over the rest.
inline unsigned blocks_for(Index count, Index per_block, Index limit = 0x7fffffff) {
  return static_cast<unsigned>(std::min(ceil_div(count, per_block), limit));
}

}  // namespace tempa::inline TEMPA_ABI::cuda
