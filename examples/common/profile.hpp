// Implements --profile.
#pragma once

#include <tempa/device/device.hpp>
#include <tempa/profile/profiler.hpp>

#include <iostream>

/// Calls `f`. With `options.profile`, its trace is written to that file, and the table to standard error.
/// @return what `f` returns. @throws tempa::IoError when the trace cannot be written.
template <typename Options, typename F>
int with_profile(const Options& options, const F& f) {
  if (options.profile.empty()) return f();
  const tempa::Device device = tempa::Device::parse(options.device);
  tempa::Profiler profiler({.trace_file = options.profile,
                            .log = &std::cerr,
                            .measure_peak = true,
                            .device = device,
                            .synchronize = device.is_cuda()});
  const int status = f();
  profiler.close();
  return status;
}
