// Marks functions that run on the host and, compiled by nvcc, on the device.
#pragma once

#if defined(__CUDACC__)
#define TEMPA_HOST_DEVICE __host__ __device__
#else
#define TEMPA_HOST_DEVICE
#endif
