// The device of a tensor's memory: the CPU or a CUDA device.
#pragma once

#include <tempa/core/error.hpp>
#if defined(TEMPA_WITH_CUDA)
#include <tempa/device/cuda/device.hpp>
#endif

#include <charconv>
#include <ostream>
#include <string>
#include <string_view>

namespace tempa::inline TEMPA_ABI {

/// The CPU, or one CUDA device.
class Device {
 public:
  /// The host.
  static constexpr Device cpu() { return Device(-1); }

  /// CUDA device `index`. @throws DeviceError when this build has no CUDA or the machine no such device, with what to
  /// do.
  static Device cuda(int index = 0) {
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

  /// The fastest device of this machine: a CUDA device if there is one, else the CPU.
  static Device best() {
#if defined(TEMPA_WITH_CUDA)
    if (tempa::cuda::device_count() > 0) return cuda(0);
#endif
    return cpu();
  }

  /// "auto" (best), "cpu", "cuda" or "cuda:1". @throws ConfigError for another text; DeviceError as `cuda`.
  static Device parse(std::string_view text) {
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

  constexpr bool is_cpu() const { return index_ < 0; }
  constexpr bool is_cuda() const { return index_ >= 0; }
  /// CUDA device number, -1 for the CPU.
  constexpr int index() const { return index_; }
  std::string to_string() const { return is_cpu() ? "cpu" : concat("cuda:", index_); }

  friend constexpr bool operator==(const Device&, const Device&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Device& device) { return out << device.to_string(); }

 private:
  explicit constexpr Device(int index) : index_(index) {}
  int index_;
};

}  // namespace tempa::inline TEMPA_ABI
