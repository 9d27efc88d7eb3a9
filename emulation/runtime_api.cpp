#include "emulation/runtime_api.hpp"

#include "emulation/device_memory.hpp"
#include "emulation/execution.hpp"
#include "emulation/shared_memory.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

using emulation::DeviceMemory;
using emulation::machine;
using Clock = std::chrono::steady_clock;
using Work = std::function<cudaError_t()>;

struct CUgraph_st {
  std::vector<Work> work;
};
struct CUgraphExec_st {
  std::vector<Work> work;
};
struct CUstream_st {
  CUgraph_st* recording = nullptr;
  cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
  bool spoiled = false;  ///< something that cannot be recorded was called during the capture
};
struct CUevent_st {
  bool recorded = false;
  Clock::time_point time;
};

namespace {

struct Process {
  std::mutex mutex;
  cudaError_t kernel_error = cudaSuccess;  ///< of a stopped kernel: every later call reports it
  std::string kernel_error_text;
  std::map<const void*, std::size_t> opted_in_shared_bytes;
  std::size_t launches = 0;
};

Process& process() {
  static auto* const instance = new Process;
  return *instance;
}

thread_local cudaError_t last_error = cudaSuccess;
thread_local int current_device = 0;
thread_local cudaStreamCaptureMode capture_mode = cudaStreamCaptureModeGlobal;
thread_local CUstream_st* capturing_stream = nullptr;

/// Notes an error for cudaGetLastError and returns it; the error of a kernel goes before all others.
cudaError_t report(cudaError_t error) {
  const cudaError_t of_kernel = process().kernel_error;
  const cudaError_t result = of_kernel != cudaSuccess ? of_kernel : error;
  if (result != cudaSuccess && result != cudaErrorNotReady) last_error = result;
  return result;
}

bool device_exists(int device) { return machine().has_driver && device >= 0 && device < machine().device_count; }

/// Calls that may wait for the device spoil a capture of this thread, unless that or the thread is relaxed.
bool spoils_capture() {
  if (capturing_stream == nullptr || capturing_stream->mode == cudaStreamCaptureModeRelaxed ||
      capture_mode == cudaStreamCaptureModeRelaxed)
    return false;
  return capturing_stream->spoiled = true;
}

cudaError_t run_or_record(cudaStream_t stream, Work work) {
  if (process().kernel_error != cudaSuccess) return report(cudaSuccess);
  if (stream != nullptr && stream->recording != nullptr) {
    stream->recording->work.push_back(std::move(work));
    return cudaSuccess;
  }
  return report(work());
}

cudaError_t run_kernel(const emulation::Launch& launch) {
  emulation::KernelFault fault{};
  bool good = true;
  if (machine().launches_until_failure >= 0 && machine().launches_until_failure-- == 0) {
    good = false;
    fault = {emulation::Fault::kAddress, std::string("kernel of ") + launch.launcher + ": a failure that was planned"};
  } else {
    const DeviceMemory::Access access;
    good = emulation::run_grid(launch.launcher, launch.grid, launch.block, launch.shared_bytes, launch.body, fault);
  }
  const std::scoped_lock lock(process().mutex);
  ++process().launches;
  if (good) return cudaSuccess;
  process().kernel_error = fault.kind == emulation::Fault::kAddress      ? cudaErrorIllegalAddress
                           : fault.kind == emulation::Fault::kMisaligned ? cudaErrorMisalignedAddress
                                                                         : cudaErrorLaunchFailure;
  process().kernel_error_text = fault.text;
  return process().kernel_error;
}

struct ErrorText {
  cudaError_t error;
  const char* name;
  const char* text;
};

constexpr ErrorText kErrorTexts[] = {
    {cudaSuccess, "cudaSuccess", "no error"},
    {cudaErrorInvalidValue, "cudaErrorInvalidValue", "invalid argument"},
    {cudaErrorMemoryAllocation, "cudaErrorMemoryAllocation", "out of memory"},
    {cudaErrorInvalidConfiguration, "cudaErrorInvalidConfiguration", "invalid configuration argument"},
    {cudaErrorInsufficientDriver, "cudaErrorInsufficientDriver",
     "CUDA driver version is insufficient for CUDA runtime version"},
    {cudaErrorNoDevice, "cudaErrorNoDevice", "no CUDA-capable device is detected"},
    {cudaErrorInvalidDevice, "cudaErrorInvalidDevice", "invalid device ordinal"},
    {cudaErrorInvalidResourceHandle, "cudaErrorInvalidResourceHandle", "invalid resource handle"},
    {cudaErrorIllegalState, "cudaErrorIllegalState", "the operation cannot be performed in the present state"},
    {cudaErrorNotReady, "cudaErrorNotReady", "device not ready"},
    {cudaErrorIllegalAddress, "cudaErrorIllegalAddress", "an illegal memory access was encountered"},
    {cudaErrorMisalignedAddress, "cudaErrorMisalignedAddress", "misaligned address"},
    {cudaErrorLaunchFailure, "cudaErrorLaunchFailure", "unspecified launch failure"},
    {cudaErrorStreamCaptureUnsupported, "cudaErrorStreamCaptureUnsupported",
     "operation not permitted when stream is capturing"},
    {cudaErrorStreamCaptureInvalidated, "cudaErrorStreamCaptureInvalidated",
     "operation failed due to a previous error during capture"},
};

const ErrorText& text_of(cudaError_t error) {
  for (const ErrorText& entry : kErrorTexts)
    if (entry.error == error) return entry;
  return kErrorTexts[1];
}

}  // namespace

const char* cudaGetErrorName(cudaError_t error) { return text_of(error).name; }
const char* cudaGetErrorString(cudaError_t error) {
  if (error != cudaSuccess && error == process().kernel_error) return process().kernel_error_text.c_str();
  return text_of(error).text;
}
cudaError_t cudaPeekAtLastError() { return last_error; }
cudaError_t cudaGetLastError() { return std::exchange(last_error, process().kernel_error); }

cudaError_t cudaDriverGetVersion(int* version) {
  *version = machine().has_driver ? 13000 : 0;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceCount(int* count) {
  *count = machine().has_driver ? machine().device_count : 0;
  return report(!machine().has_driver ? cudaErrorInsufficientDriver : *count == 0 ? cudaErrorNoDevice : cudaSuccess);
}
cudaError_t cudaGetDevice(int* device) {
  *device = current_device;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) {
  if (!machine().has_driver) return report(cudaErrorInsufficientDriver);
  if (!device_exists(device)) return report(machine().device_count == 0 ? cudaErrorNoDevice : cudaErrorInvalidDevice);
  current_device = device;
  return report(cudaSuccess);
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (!device_exists(device)) return report(cudaErrorInvalidDevice);
  *properties = {};
  std::snprintf(properties->name, sizeof properties->name, "emulated device %d", device);
  properties->totalGlobalMem = machine().memory_bytes;
  properties->sharedMemPerBlockOptin = emulation::kMaxSharedBytes;
  properties->major = 8;  // no wgmma and no TMA here
  properties->multiProcessorCount = 4;
  properties->l2CacheSize = 1 << 20;
  return cudaSuccess;
}
cudaError_t cudaDeviceSynchronize() {
  return report(spoils_capture() ? cudaErrorStreamCaptureUnsupported : cudaSuccess);
}

cudaError_t cudaMalloc(void** p, std::size_t bytes) {
  if (process().kernel_error != cudaSuccess) return report(cudaSuccess);
  if (spoils_capture()) return report(cudaErrorStreamCaptureUnsupported);
  *p = DeviceMemory::instance().allocate(bytes, machine().memory_bytes);
  return report(*p == nullptr ? cudaErrorMemoryAllocation : cudaSuccess);
}
cudaError_t cudaFree(void* p) {
  if (spoils_capture()) return report(cudaErrorStreamCaptureUnsupported);
  return report(p == nullptr || DeviceMemory::instance().release(p) ? cudaSuccess : cudaErrorInvalidValue);
}
cudaError_t cudaHostAlloc(void** p, std::size_t bytes, unsigned) {
  *p = std::malloc(bytes);
  return report(*p == nullptr ? cudaErrorMemoryAllocation : cudaSuccess);
}
cudaError_t cudaFreeHost(void* p) {
  std::free(p);
  return report(cudaSuccess);
}
cudaError_t cudaMemGetInfo(std::size_t* free_bytes, std::size_t* total_bytes) {
  *total_bytes = machine().memory_bytes;
  const std::size_t used = DeviceMemory::instance().allocated_bytes();
  *free_bytes = *total_bytes - std::min(*total_bytes, used);
  return report(cudaSuccess);
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  return run_or_record(stream, [=] {
    auto& memory = DeviceMemory::instance();
    if ((kind != cudaMemcpyDeviceToHost && !memory.contains(to, bytes)) ||
        (kind != cudaMemcpyHostToDevice && !memory.contains(from, bytes)))
      return cudaErrorInvalidValue;
    const DeviceMemory::Access access;
    std::memcpy(to, from, bytes);
    return cudaSuccess;
  });
}
cudaError_t cudaMemsetAsync(void* p, int value, std::size_t bytes, cudaStream_t stream) {
  return run_or_record(stream, [=] {
    if (!DeviceMemory::instance().contains(p, bytes)) return cudaErrorInvalidValue;
    const DeviceMemory::Access access;
    std::memset(p, value, bytes);
    return cudaSuccess;
  });
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  *stream = new CUstream_st;
  return report(cudaSuccess);
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  if (capturing_stream == stream) capturing_stream = nullptr;
  delete stream->recording;
  delete stream;
  return report(cudaSuccess);
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  if (stream != nullptr && stream->recording != nullptr) {
    stream->spoiled = true;
    return report(cudaErrorStreamCaptureUnsupported);
  }
  return report(cudaSuccess);
}
cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t, unsigned) { return report(cudaSuccess); }
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = new CUevent_st;
  return report(cudaSuccess);
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return report(cudaSuccess);
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return run_or_record(stream, [=] {
    event->recorded = true;
    event->time = Clock::now();
    return cudaSuccess;
  });
}
cudaError_t cudaEventQuery(cudaEvent_t) { return report(cudaSuccess); }
cudaError_t cudaEventSynchronize(cudaEvent_t) {
  return report(spoils_capture() ? cudaErrorStreamCaptureUnsupported : cudaSuccess);
}
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t begin, cudaEvent_t end) {
  if (!begin->recorded || !end->recorded) return report(cudaErrorInvalidResourceHandle);
  *milliseconds = std::chrono::duration<float, std::milli>(end->time - begin->time).count();
  return report(cudaSuccess);
}

cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* mode) {
  std::swap(*mode, capture_mode);
  return report(cudaSuccess);
}
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  if (stream == nullptr || stream->recording != nullptr || capturing_stream != nullptr)
    return report(stream == nullptr ? cudaErrorStreamCaptureUnsupported : cudaErrorIllegalState);
  stream->recording = new CUgraph_st;
  stream->spoiled = false;
  capturing_stream = stream;
  stream->mode = mode;
  return report(cudaSuccess);
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  if (stream->recording == nullptr) return report(cudaErrorIllegalState);
  capturing_stream = nullptr;
  *graph = std::exchange(stream->recording, nullptr);
  if (!stream->spoiled) return report(cudaSuccess);
  delete std::exchange(*graph, nullptr);
  return report(cudaErrorStreamCaptureInvalidated);
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* instance, cudaGraph_t graph, unsigned long long) {
  *instance = new CUgraphExec_st{graph->work};
  return report(cudaSuccess);
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return report(cudaSuccess);
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t instance) {
  delete instance;
  return report(cudaSuccess);
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t instance, cudaStream_t stream) {
  for (const Work& work : instance->work)
    if (const cudaError_t error = run_or_record(stream, work); error != cudaSuccess) return error;
  return report(cudaSuccess);
}

cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute, int value) {
  if (value < 0 || static_cast<std::size_t>(value) > emulation::kMaxSharedBytes) return report(cudaErrorInvalidValue);
  const std::scoped_lock lock(process().mutex);
  process().opted_in_shared_bytes[kernel] = static_cast<std::size_t>(value);
  return report(cudaSuccess);
}

namespace emulation {

void start(Launch launch, cudaStream_t stream) {
  constexpr std::size_t kSharedBytesWithoutOptIn = 48 * 1024;
  const dim3 grid = launch.grid, block = launch.block;
  std::size_t shared_limit = kSharedBytesWithoutOptIn;
  {
    const std::scoped_lock lock(process().mutex);
    if (const auto found = process().opted_in_shared_bytes.find(launch.kernel);
        found != process().opted_in_shared_bytes.end())
      shared_limit = std::max(shared_limit, found->second);
  }
  const bool grid_fits =
      grid.x > 0 && grid.x <= 0x7fffffffu && grid.y > 0 && grid.y <= 65535 && grid.z > 0 && grid.z <= 65535;
  const bool block_fits = block.x > 0 && block.x <= 1024 && block.y > 0 && block.y <= 1024 && block.z > 0 &&
                          block.z <= 64 && std::size_t{block.x} * block.y * block.z <= 1024;
  if (!grid_fits || !block_fits) {
    report(cudaErrorInvalidConfiguration);
  } else if (launch.shared_bytes > shared_limit) {
    report(cudaErrorInvalidValue);
  } else {
    run_or_record(stream, [launch = std::move(launch)] { return run_kernel(launch); });
  }
}

void set_bytes_in_use(void* p, std::size_t bytes) { DeviceMemory::instance().set_bytes_in_use(p, bytes); }

Machine& machine() {
  static Machine instance;
  return instance;
}

void reset() {
  machine() = {};
  const std::scoped_lock lock(process().mutex);
  process().kernel_error = last_error = cudaSuccess;
}

std::size_t launch_count() {
  const std::scoped_lock lock(process().mutex);
  return process().launches;
}

}  // namespace emulation
