// What the emulation reports and a GPU would forgive, or punish somewhere else.
#include <tempa/core/config.hpp>
#include <tempa/core/error.hpp>
#include <tempa/device/cuda/runtime.hpp>

#include "cuda/device_array.hpp"
#include "kernels/common.cuh"
#include "kernels/device/tensor_core.cuh"
#include "support/catch.hpp"
#include "support/thrown.hpp"

#ifdef TEMPA_ADDRESS_SANITIZER
#include "emulation/device_memory.hpp"

#include <sanitizer/asan_interface.h>
#endif

#if defined(TEMPA_CUDA_EMULATED)

namespace cuda_emulation_test {

using namespace tempa;
using namespace tempa::cuda;
using Catch::Matchers::Contains;

namespace {

constexpr int kBlock = 64;

/// What the launch of a faulty kernel throws; the emulated machine is as new afterwards.
template <typename... Params, typename... Args>
std::string fault_of(void (*kernel)(Params...), Args... args) {
  const LaunchSite site(current_backend(0), "fault_of");
  const std::string text = thrown<CudaError>([&] { launch(kernel, 2, kBlock, 1024, site, args...); });
  emulation::reset();
  return text;
}

__global__ void one_thread_misses_the_barrier() {
  if (threadIdx.x != 3) __syncthreads();
}

__global__ void two_barriers() {
  if (threadIdx.x < 32) {
    __syncthreads();
  } else {
    __syncthreads();
  }
}

__global__ void lane_missing_in_shuffle(int* y) {
  if (threadIdx.x != 7) y[threadIdx.x] = __shfl_xor_sync(kAllLanes, static_cast<int>(threadIdx.x), 1);
}

__global__ void caller_not_in_mask() { __syncwarp(0xfffffffeu); }

__global__ void shuffle_from_outside_of_the_mask(int* y) {
  if (threadIdx.x < 2) y[threadIdx.x] = __shfl_sync(0x3u, 1, 5);
}

__global__ void half_a_warp_at_another_vote(int* y) {
  y[threadIdx.x] = threadIdx.x % 32 < 16 ? __any_sync(kAllLanes, 1) : __shfl_sync(kAllLanes, 1, 0);
}

__global__ void reads_what_nobody_wrote(float* y) {
  const auto tile = shared_array<float>(0, 8);
  y[0] = tile[5];
}

__global__ void writes_beyond_the_array() {
  const auto tile = shared_array<float>(16, kBlock - 1);
  tile[threadIdx.x] = 0;
}

__global__ void array_beyond_the_launch() { shared_array<float>(0, 257); }

__global__ void misaligned_vector(float* y) {
  const auto tile = shared_array<float>(0, 16);
  tile[static_cast<int>(threadIdx.x) % 16] = 1;
  const Vector<float, 4> vector = shared_cast<Vector<float, 4>>(tile + 1)[0];
  y[0] = vector[0];
}

__global__ void two_writers() {
  const auto tile = shared_array<int>(0, 1);
  tile[0] = static_cast<int>(threadIdx.x);
}

__global__ void reads_without_a_barrier(int* y) {
  const auto tile = shared_array<int>(0, kBlock);
  tile[threadIdx.x] = static_cast<int>(threadIdx.x);
  if (threadIdx.x == 33) y[0] = tile[2];
}

__global__ void overwrites_what_others_read(int* y) {
  const auto tile = shared_array<int>(0, kBlock);
  tile[threadIdx.x] = 1;
  __syncthreads();
  y[threadIdx.x] = tile[(threadIdx.x + 1) % kBlock];
  tile[threadIdx.x] = 2;
}

__global__ void shuffles_order_no_memory(int* y) {
  const auto tile = shared_array<int>(0, kBlock);
  tile[threadIdx.x] = 1;
  y[threadIdx.x] = __shfl_xor_sync(kAllLanes, 1, 1);
  y[threadIdx.x] += tile[threadIdx.x ^ 1u];
}

__global__ void reads_a_copy_under_way(const float* x, float* y) {
  const auto tile = shared_array<float>(0, 4);
  if (threadIdx.x == 0) {
    cp_async_16(tile, x);
    cp_async_commit();
    y[0] = tile[0];
  }
}

__global__ void waits_for_the_wrong_group(const float* x, float* y) {
  const auto tile = shared_array<float>(0, 8);
  if (threadIdx.x != 0) return;
  cp_async_16(tile, x);
  cp_async_commit();
  cp_async_16(tile + 4, x);
  cp_async_commit();
  cp_async_wait<1>();
  y[0] = tile[0];
  y[1] = tile[4];
}

__global__ void misaligned_global_vector(const float* x, float* y) { y[0] = load_vector<4>(x + 1)[0]; }

__global__ void does_nothing() {}

}  // namespace

TEST_CASE("Emulation: barriers that not all threads reach", "[cuda]") {
  CHECK_THAT(fault_of(one_thread_misses_the_barrier),
             Contains("[fault_of] start of a kernel: cudaErrorLaunchFailure (kernel of fault_of, block (0,0,0), thread "
                      "(0,0,0) waits at the __syncthreads of emulation_test.cu:") &&
                 Contains("for thread (3,0,0), which has returned"));
  CHECK_THAT(fault_of(two_barriers), Contains("thread (32,0,0) is at the __syncthreads of emulation_test.cu:") &&
                                         Contains("but thread (0,0,0) waits at the __syncthreads"));
}

TEST_CASE("Emulation: warps that are not complete", "[cuda]") {
  test::DeviceArray<int> y(kBlock);
  CHECK_THAT(fault_of(lane_missing_in_shuffle, y.data()), Contains("waits in a __shfl_*_sync of emulation_test.cu:") &&
                                                              Contains("for thread (7,0,0), which has returned"));
  CHECK_THAT(fault_of(caller_not_in_mask),
             Contains("thread (0,0,0) calls __syncwarp of") && Contains("not in its mask"));
  CHECK_THAT(fault_of(shuffle_from_outside_of_the_mask, y.data()), Contains("reads lane 5, which is not in the mask"));
  CHECK_THAT(fault_of(half_a_warp_at_another_vote, y.data()),
             Contains("waits in a vote of the warp") && Contains("which waits in a __shfl_*_sync"));
  CHECK_THAT(thrown<CudaError>([&] { launch(does_nothing, 1, 1025, 0, current_backend(0)); }),
             Contains("cudaErrorInvalidConfiguration"));
}

TEST_CASE("Emulation: shared memory out of bounds, uninitialised, misaligned", "[cuda]") {
  test::DeviceArray<float> y(kBlock);
  CHECK_THAT(fault_of(reads_what_nobody_wrote, y.data()),
             Contains("cudaErrorIllegalAddress") && Contains("reads the uninitialised byte 20 of shared memory"));
  CHECK_THAT(fault_of(writes_beyond_the_array),
             Contains("thread (63,0,0) accesses element 63 of a shared array of 63"));
  CHECK_THAT(fault_of(array_beyond_the_launch), Contains("up to byte 1028, but the launch asked for 1024 bytes"));
  CHECK_THAT(fault_of(misaligned_vector, y.data()),
             Contains("cudaErrorMisalignedAddress") && Contains("accesses 16 bytes at byte 4 of shared memory"));
  CHECK_THAT(fault_of(misaligned_global_vector, y.data(), y.data()),
             Contains("16 bytes of device memory that are not aligned"));
}

TEST_CASE("Emulation: races between barriers", "[cuda]") {
  test::DeviceArray<int> y(kBlock);
  CHECK_THAT(fault_of(two_writers),
             Contains("thread (1,0,0) writes byte 0 of shared memory, a race: thread 0 wrote it"));
  CHECK_THAT(fault_of(reads_without_a_barrier, y.data()),
             Contains("thread (33,0,0) reads byte 8") && Contains("thread 2 wrote it"));
  CHECK_THAT(fault_of(overwrites_what_others_read, y.data()), Contains("a race:") && Contains("read it"));
  CHECK_THAT(fault_of(shuffles_order_no_memory, y.data()), Contains("a race:") && Contains("wrote it"));
}

TEST_CASE("Emulation: asynchronous copies that are not waited for", "[cuda]") {
  const test::DeviceArray<float> x(std::vector<float>{1, 2, 3, 4});
  test::DeviceArray<float> y(2);
  CHECK_THAT(fault_of(reads_a_copy_under_way, x.data(), y.data()), Contains("while cp.async may still be writing it"));
  CHECK_THAT(fault_of(waits_for_the_wrong_group, x.data(), y.data()),
             Contains("reads byte 16 of shared memory while cp.async"));
  CHECK(y.to_vector()[0] == 1);
}

TEST_CASE("Emulation: the error of a kernel is reported by every later call", "[cuda]") {
  const test::DeviceArray<float> x(std::vector<float>{1});
  CHECK_THROWS_AS(launch(two_barriers, 1, kBlock, 0, current_backend(0)), CudaError);
  CHECK_THAT(thrown<CudaError>([&] { synchronize({}); }),
             Contains("[cuda::synchronize] wait for a stream: cudaErrorLaunchFailure (kernel of"));
  CHECK_THROWS_AS(x.to_vector(), CudaError);
  CHECK_THROWS_AS(allocate(0, std::size_t{1} << 20), CudaError);
  CHECK_THROWS_AS(launch(does_nothing, 1, 1, 0, Backend{}), CudaError);
  emulation::reset();
  CHECK(x.to_vector() == std::vector<float>{1});
}

TEST_CASE("Emulation: a failure that was planned", "[cuda]") {
  emulation::machine().launches_until_failure = 1;
  CHECK_NOTHROW(launch(does_nothing, 1, 1, 0, Backend{}));
  CHECK_THAT(thrown<CudaError>([&] { launch(does_nothing, 1, 1, 0, Backend{}); }), Contains("planned"));
  emulation::reset();
}

TEST_CASE("Emulation: a machine without a driver or with two devices", "[cuda]") {
  emulation::machine().has_driver = false;
  CHECK(device_count() == 0);
  CHECK_THAT(unavailable_reason(), Contains("no CUDA driver is installed (cudaErrorInsufficientDriver: "));
  CHECK_THAT(thrown<DeviceError>([] { allocate(1, 4); }),
             Contains("[cuda::allocate] cuda:1 cannot be used: no CUDA driver"));
  emulation::machine() = {.device_count = 0};
  CHECK_THAT(unavailable_reason(), Contains("no CUDA device was found"));
  emulation::machine() = {.device_count = 2};
  CHECK(current_backend(1).device == 1);
  CHECK_THAT(thrown<DeviceError>([] { current_backend(2); }),
             Contains("[cuda::current_backend] cuda:2 is not there; this machine has 2 CUDA devices"));
  emulation::reset();
  CHECK(unavailable_reason().empty());
}

#ifdef TEMPA_ADDRESS_SANITIZER

TEST_CASE("Emulation: the host cannot read device memory by mistake", "[cuda]") {
  test::DeviceArray<float> x(std::vector<float>{1, 2, 3});
  CHECK(__asan_address_is_poisoned(x.data()) == 1);
  const auto* const end = reinterpret_cast<const char*>(x.data() + 3);
  emulation::DeviceMemory::Access while_a_kernel_runs;
  CHECK(__asan_address_is_poisoned(x.data()) == 0);
  CHECK(__asan_address_is_poisoned(end - 1) == 0);
  CHECK(__asan_address_is_poisoned(end) == 1);
}

#endif

}  // namespace cuda_emulation_test

#endif
