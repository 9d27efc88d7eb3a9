// The kernels of gemm_tensor.cuh for bfloat16.
#include "kernels/gemm/gemm_tensor.cuh"

namespace tempa::inline TEMPA_ABI::cuda::detail {

template void launch_tensor<bfloat16>(LaunchSite, const Product<bfloat16>&, int);

}  // namespace tempa::inline TEMPA_ABI::cuda::detail
