// The kernels of gemm_tensor.cuh for float16.
#include "kernels/gemm/gemm_tensor.cuh"

namespace tempa::inline TEMPA_ABI::cuda::detail {

template void launch_tensor<float16>(LaunchSite, const Product<float16>&, int);

}  // namespace tempa::inline TEMPA_ABI::cuda::detail
