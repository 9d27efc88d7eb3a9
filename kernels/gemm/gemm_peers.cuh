// The alternatives to the portable kernels of matrix products: cuBLASLt, and the kernels for Hopper.
#pragma once

#include "kernels/gemm/gemm.cuh"

namespace tempa::inline TEMPA_ABI::cuda::detail {

/// By cuBLASLt. Epilogues that it does not have follow in separate kernels. @return false, with nothing done, where
/// it has no algorithm. @throws CudaError.
template <Floating T>
bool run_cublaslt(LaunchSite site, const Product<T>& product);

/// By TMA and wgmma. @return false, with nothing done, on another device than of compute capability 9.0, for float and
/// double, and for operands that TMA cannot read (rows that do not begin at multiples of 16 bytes).
template <Floating T>
bool run_hopper(LaunchSite site, Product<T> product);

}  // namespace tempa::inline TEMPA_ABI::cuda::detail
