// Streams and events.
#pragma once

#include <tempa/device/cuda/backend.hpp>

namespace tempa::inline TEMPA_ABI::cuda {

/// A queue of work that does not wait for the default stream.
class Stream {
 public:
  /// @throws DeviceError when there is no such device; CudaError.
  explicit Stream(int device = 0);
  ~Stream();
  Stream(Stream&& other) noexcept : backend_(other.backend_) { other.backend_.stream = nullptr; }
  Stream& operator=(Stream&& other) noexcept;

  Backend backend() const { return backend_; }
  /// Waits until all its work is done.
  void synchronize() const;

 private:
  Backend backend_;
};

/// A mark in a stream, with the time at which the device reached it.
class Event {
 public:
  /// @throws DeviceError when there is no such device; CudaError.
  explicit Event(int device = 0);
  ~Event();
  Event(Event&& other) noexcept : device_(other.device_), event_(other.event_) { other.event_ = nullptr; }
  Event& operator=(Event&& other) noexcept;

  /// Records the event after all work given to the stream so far.
  void record(Backend backend);
  /// The stream's later work waits for the mark; the caller does not.
  void wait(Backend backend) const;
  /// The caller waits for the mark.
  void synchronize() const;
  /// Whether the device has reached the mark.
  bool done() const;
  /// Milliseconds from `begin` to this mark; both must be done.
  float elapsed_ms(const Event& begin) const;

 private:
  int device_;
  void* event_;
};

/// While alive, makes a stream the calling thread's current one on its device.
class StreamGuard {
 public:
  explicit StreamGuard(Backend backend);
  explicit StreamGuard(const Stream& stream) : StreamGuard(stream.backend()) {}
  ~StreamGuard();
  StreamGuard(const StreamGuard&) = delete;
  StreamGuard& operator=(const StreamGuard&) = delete;

 private:
  Backend former_;
};

/// Names a range of the program for the profiler, by NVTX; does nothing where the kernels were built without NVTX.
class ProfilerRange {
 public:
  explicit ProfilerRange(const char* name);
  ~ProfilerRange();
  ProfilerRange(const ProfilerRange&) = delete;
  ProfilerRange& operator=(const ProfilerRange&) = delete;
};

}  // namespace tempa::inline TEMPA_ABI::cuda
