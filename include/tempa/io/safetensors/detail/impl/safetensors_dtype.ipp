// The bodies of <tempa/io/safetensors/detail/safetensors_dtype.hpp>.
#pragma once

#include <tempa/io/safetensors/detail/safetensors_dtype.hpp>

#include <algorithm>

namespace tempa::inline TEMPA_ABI::detail {

TEMPA_INLINE std::optional<SafetensorsDType> safetensors_dtype(std::string_view name) {
  const auto found = std::find_if(kSafetensorsDTypes.begin(), kSafetensorsDTypes.end(),
                                  [&](const SafetensorsDTypeInfo& info) { return info.name == name; });
  if (found == kSafetensorsDTypes.end()) return std::nullopt;
  return static_cast<SafetensorsDType>(found - kSafetensorsDTypes.begin());
}

}  // namespace tempa::inline TEMPA_ABI::detail
