// Devices, errors, streams, events and profiler ranges: host code over the CUDA runtime.
#include <tempa/core/error.hpp>
#include <tempa/device/cuda/device.hpp>
#include <tempa/device/cuda/fault.hpp>
#include <tempa/device/cuda/stream.hpp>

#include "kernels/runtime/check.hpp"
#include "kernels/runtime/launch.cuh"
#include "kernels/runtime/thread_state.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <utility>

#if !defined(TEMPA_CUDA_EMULATED) && __has_include(<nvtx3/nvToolsExt.h>)
#include <nvtx3/nvToolsExt.h>
#define TEMPA_HAS_NVTX 1
#else
#define TEMPA_HAS_NVTX 0
#endif

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

std::string version_text(int version) { return concat(version / 1000, ".", version % 1000 / 10); }

cudaStream_t stream_of(Backend backend) { return static_cast<cudaStream_t>(backend.stream); }
cudaEvent_t event_of(void* event) { return static_cast<cudaEvent_t>(event); }

/// cudaGetDeviceCount, which leaves no error to be found by later calls.
cudaError_t count_devices(int& count) {
  count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status != cudaSuccess) {
    count = 0;
    static_cast<void>(cudaGetLastError());
  }
  return status;
}

}  // namespace

void throw_cuda_error(const char* who, const char* what, cudaError_t status) {
  static_cast<void>(cudaGetLastError());  // it is reported here, and must not be reported again by the next call
  const std::string text =
      concat("[", who, "] ", what, ": ", cudaGetErrorName(status), " (", cudaGetErrorString(status), ")");
  switch (status) {
    case cudaErrorMemoryAllocation:
      throw OutOfMemoryError(text);
    case cudaErrorNoDevice:
    case cudaErrorInvalidDevice:
    case cudaErrorInsufficientDriver:
      throw DeviceError(text);
    default:
      throw CudaError(text);
  }
}

namespace detail {

ThreadState& thread_state() {
  thread_local ThreadState state;
  return state;
}

void use_device(const char* who, int device) {
  int current = -1;
  if (cudaGetDevice(&current) == cudaSuccess && current == device && device >= 0) return;
  const cudaError_t status = cudaSetDevice(device);
  if (status == cudaSuccess) return;
  if (status == cudaErrorInvalidDevice || status == cudaErrorNoDevice || status == cudaErrorInsufficientDriver) {
    static_cast<void>(cudaGetLastError());
    const int count = device_count();
    if (count == 0) throw DeviceError(concat("[", who, "] cuda:", device, " cannot be used: ", unavailable_reason()));
    throw DeviceError(concat("[", who, "] cuda:", device, " is not there; this machine has ", count, " CUDA device",
                             count == 1 ? "" : "s"));
  }
  throw_cuda_error(who, "choice of the device", status);
}

}  // namespace detail

int device_count() noexcept {
  int count = 0;
  count_devices(count);
  return count;
}

std::string unavailable_reason() {
  int count = 0;
  const cudaError_t status = count_devices(count);
  if (status == cudaSuccess && count > 0) return {};
  int driver = 0;
  if (cudaDriverGetVersion(&driver) != cudaSuccess) driver = 0;
  const std::string reported = concat(" (", cudaGetErrorName(status), ": ", cudaGetErrorString(status), ")");
  if (status == cudaSuccess || status == cudaErrorNoDevice) return concat("no CUDA device was found", reported);
  if (driver == 0) return concat("no CUDA driver is installed", reported);
  return concat("the CUDA driver is for CUDA ", version_text(driver), reported);
}

const DeviceProperties& properties(int device) {
  static std::mutex mutex;
  static auto* const known = new std::map<int, DeviceProperties>;
  detail::use_device("cuda::properties", device);
  const std::scoped_lock lock(mutex);
  if (const auto found = known->find(device); found != known->end()) return found->second;
  cudaDeviceProp raw;
  check("cuda::properties", "properties of the device", cudaGetDeviceProperties(&raw, device));
  DeviceProperties result;
  result.name = raw.name;
  result.major = raw.major;
  result.minor = raw.minor;
  result.multiprocessors = raw.multiProcessorCount;
  result.total_memory_bytes = raw.totalGlobalMem;
  result.shared_memory_per_block_bytes = raw.sharedMemPerBlockOptin;
  result.l2_cache_bytes = static_cast<std::size_t>(raw.l2CacheSize);
  return known->emplace(device, std::move(result)).first->second;
}

Backend current_backend(int device) {
  detail::use_device("cuda::current_backend", device);
  return {device, detail::thread_state().stream(device)};
}

void synchronize(Backend backend) {
  detail::use_device("cuda::synchronize", backend.device);
  check("cuda::synchronize", "wait for a stream", cudaStreamSynchronize(stream_of(backend)));
  throw_if_fault(backend);
}

Stream::Stream(int device) : backend_{device, nullptr} {
  detail::use_device("cuda::Stream", device);
  cudaStream_t stream = nullptr;
  check("cuda::Stream", "creation", cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  backend_.stream = stream;
}

Stream::~Stream() {
  if (backend_.stream == nullptr) return;
  if (cudaStreamSynchronize(stream_of(backend_)) == cudaSuccess) detail::inherit_free_blocks(backend_);
  cudaStreamDestroy(stream_of(backend_));
}

Stream& Stream::operator=(Stream&& other) noexcept {
  std::swap(backend_, other.backend_);
  return *this;
}

void Stream::synchronize() const { cuda::synchronize(backend_); }

Event::Event(int device) : device_(device), event_(nullptr) {
  detail::use_device("cuda::Event", device);
  cudaEvent_t event = nullptr;
  check("cuda::Event", "creation", cudaEventCreateWithFlags(&event, cudaEventDefault));
  event_ = event;
}

Event::~Event() {
  if (event_ != nullptr) cudaEventDestroy(event_of(event_));
}

Event& Event::operator=(Event&& other) noexcept {
  std::swap(device_, other.device_);
  std::swap(event_, other.event_);
  return *this;
}

void Event::record(Backend backend) {
  detail::use_device("cuda::Event::record", device_);
  check("cuda::Event::record", "event", cudaEventRecord(event_of(event_), stream_of(backend)));
}

void Event::wait(Backend backend) const {
  check("cuda::Event::wait", "event", cudaStreamWaitEvent(stream_of(backend), event_of(event_), 0));
}

void Event::synchronize() const {
  check("cuda::Event::synchronize", "wait for an event", cudaEventSynchronize(event_of(event_)));
}

bool Event::done() const {
  const cudaError_t status = cudaEventQuery(event_of(event_));
  if (status == cudaErrorNotReady) {
    static_cast<void>(cudaGetLastError());
    return false;
  }
  check("cuda::Event::done", "event", status);
  return true;
}

float Event::elapsed_ms(const Event& begin) const {
  float elapsed = 0;
  check("cuda::Event::elapsed_ms", "events", cudaEventElapsedTime(&elapsed, event_of(begin.event_), event_of(event_)));
  return elapsed;
}

StreamGuard::StreamGuard(Backend backend) : former_{backend.device, detail::thread_state().stream(backend.device)} {
  detail::thread_state().streams[backend.device] = backend.stream;
}

StreamGuard::~StreamGuard() { detail::thread_state().streams[former_.device] = former_.stream; }

#if TEMPA_HAS_NVTX
ProfilerRange::ProfilerRange(const char* name) { nvtxRangePushA(name); }
ProfilerRange::~ProfilerRange() { nvtxRangePop(); }
#else
ProfilerRange::ProfilerRange(const char*) {}
ProfilerRange::~ProfilerRange() = default;
#endif

}  // namespace tempa::inline TEMPA_ABI::cuda
