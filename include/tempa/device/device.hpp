// The device of a tensor's memory: the CPU or a CUDA device.
#pragma once

#include <tempa/core/config.hpp>
#if defined(TEMPA_WITH_CUDA)
#include <tempa/device/cuda/device.hpp>
#endif

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
  static Device cuda(int index = 0);

  /// The fastest device of this machine: a CUDA device if there is one, else the CPU.
  static Device best();

  /// "auto" (best), "cpu", "cuda" or "cuda:1". @throws ConfigError for another text; DeviceError as `cuda`.
  static Device parse(std::string_view text);

  constexpr bool is_cpu() const { return index_ < 0; }
  constexpr bool is_cuda() const { return index_ >= 0; }
  /// CUDA device number, -1 for the CPU.
  constexpr int index() const { return index_; }
  std::string to_string() const;

  friend constexpr bool operator==(const Device&, const Device&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Device& device) { return out << device.to_string(); }

 private:
  explicit constexpr Device(int index) : index_(index) {}
  int index_;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/device/impl/device.ipp>
#endif
