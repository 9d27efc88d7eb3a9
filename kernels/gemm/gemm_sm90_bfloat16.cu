// The kernels of gemm_sm90.cuh for bfloat16.
#if defined(TEMPA_WITH_SM90A) && !defined(TEMPA_CUDA_EMULATED)
#include "kernels/gemm/gemm_sm90.cuh"

namespace tempa::inline TEMPA_ABI::cuda::detail {

template void launch_hopper<bfloat16>(LaunchSite, const CUtensorMap&, const CUtensorMap&, const Product<bfloat16>&, int,
                                      int, int);

}  // namespace tempa::inline TEMPA_ABI::cuda::detail
#endif
