// CUDA C++ and its runtime for a host compiler, as far as the kernels use them: what a .cu file sees instead of
// cuda_runtime.h. Not there, by intent: __shared__ (see kernels/device/shared.cuh), wgmma, TMA, float atomics in an
// order of their own, and blocks that wait for each other.
#pragma once

#include "emulation/execution.hpp"
#include "emulation/intrinsics.hpp"
#include "emulation/runtime_api.hpp"
#include "emulation/shared_memory.hpp"
#include "emulation/types.hpp"

#include <tuple>
#include <type_traits>
#include <utility>

namespace emulation {

/// kernel<<<grid, block, shared_bytes, stream>>>(args...); the arguments are copied, as on a GPU.
template <typename... Params, typename... Args>
void launch(const char* launcher, void (*kernel)(Params...), dim3 grid, dim3 block, std::size_t shared_bytes,
            cudaStream_t stream, Args&&... args) {
  const std::tuple<std::remove_const_t<Params>...> arguments(static_cast<Params>(std::forward<Args>(args))...);
  start({launcher, reinterpret_cast<const void*>(kernel), grid, block, shared_bytes,
         [kernel, arguments] { std::apply(kernel, arguments); }},
        stream);
}

}  // namespace emulation
