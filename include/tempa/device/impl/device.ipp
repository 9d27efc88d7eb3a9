// The bodies of <tempa/device/device.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/device/cuda/device.hpp>
#include <tempa/device/device.hpp>

#include <charconv>
#include <system_error>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE Device Device::cuda(int index) {
#if defined(TEMPA_WITH_CUDA)
  const int count = tempa::cuda::device_count();
  if (index >= 0 && index < count) return Device(index);
  throw DeviceError(concat("[Device] cuda:", index, " was asked for but ",
                           count == 0 ? tempa::cuda::unavailable_reason()
                                      : concat("this machine has ", count, " CUDA device", count == 1 ? "" : "s"),
                           "; use Device::cpu() or Device::best()"));
#else
  throw DeviceError(concat("[Device] cuda:", index, " was asked for but this program was built without CUDA; ",
                           "use Device::cpu() or link tempa::cuda"));
#endif
}

TEMPA_INLINE Device Device::best() {
#if defined(TEMPA_WITH_CUDA)
  if (tempa::cuda::device_count() > 0) return cuda(0);
#endif
  return cpu();
}

TEMPA_INLINE Device Device::parse(std::string_view text) {
  if (text == "auto") return best();
  if (text == "cpu") return cpu();
  if (text == "cuda") return cuda();
  if (text.starts_with("cuda:")) {
    int index = -1;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data() + 5, end, index);
    if (error == std::errc() && rest == end && index >= 0) return cuda(index);
  }
  throw ConfigError(concat("[Device] expected auto, cpu, cuda or cuda:<number> but got '", text, "'"));
}

TEMPA_INLINE std::string Device::to_string() const { return is_cpu() ? "cpu" : concat("cuda:", index_); }

}  // namespace tempa::inline TEMPA_ABI
