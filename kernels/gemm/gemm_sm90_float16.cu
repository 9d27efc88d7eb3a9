// The kernels of gemm_sm90.cuh for float16.
#if defined(TEMPA_WITH_SM90A) && !defined(TEMPA_CUDA_EMULATED)
#include "kernels/gemm/gemm_sm90.cuh"

namespace tempa::inline TEMPA_ABI::cuda::detail {

template void launch_hopper<float16>(LaunchSite, const CUtensorMap&, const CUtensorMap&, const Product<float16>&, int,
                                     int, int);

}  // namespace tempa::inline TEMPA_ABI::cuda::detail
#endif
