// Device memory: allocated in the order of a stream, kept for reuse, copied, measured.
#pragma once

#include <tempa/device/cuda/backend.hpp>
#include <tempa/device/detail/storage.hpp>

#include <cstddef>
#include <memory>

namespace tempa::inline TEMPA_ABI::cuda {

/// Shared ownership of `bytes` uninitialized bytes on `device`, 256-byte aligned. Freed memory is
/// reused by the same stream immediately, without waiting: whoever uses it on another stream must keep it until that
/// use is done. During a capture it comes from a pool that the graph keeps.
/// @throws OutOfMemoryError with the bytes that were requested, in use, cached and in total; the process can continue.
/// @throws DeviceError when there is no such device.
std::shared_ptr<void> allocate(int device, std::size_t bytes);

/// Host memory that the device reads and writes by itself: copies from and to it are asynchronous.
/// @throws OutOfMemoryError.
std::shared_ptr<void> allocate_pinned(std::size_t bytes);

/// Host to device. `host` may be changed when this returns, unless it is pinned: then only when the copy has run.
/// During a capture the bytes, at most 64 KB, become a part of the graph. @throws CudaError for more.
void copy_to_device(Backend backend, void* device, const void* host, std::size_t bytes);

/// Device to host; returns when the copy is complete. @throws ValueError as `throw_if_fault`; CudaError during a
/// capture.
void copy_to_host(Backend backend, void* host, const void* device, std::size_t bytes);

/// Device to host, into pinned memory, in the order of the stream; returns immediately.
void copy_to_host_async(Backend backend, void* pinned, const void* device, std::size_t bytes);

/// Device to device, in the order of the stream. The ranges must not overlap.
void copy_on_device(Backend backend, void* to, const void* from, std::size_t bytes);

/// Sets each byte to the lower 8 bits of `value`.
void set_bytes(Backend backend, void* p, int value, std::size_t bytes);

/// Device memory held by tensors now, at its peak, and kept for reuse.
MemoryStats memory_stats(int device);

/// Starts a new measurement of `MemoryStats::peak_bytes`.
void reset_peak_memory(int device);

/// Gives the cached blocks back to the driver; waits for the device. Blocks of a captured graph stay.
void release_cached_memory(int device);

}  // namespace tempa::inline TEMPA_ABI::cuda
