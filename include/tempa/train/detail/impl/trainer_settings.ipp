// The bodies of <tempa/train/detail/trainer_settings.hpp>.
#pragma once

#include <tempa/train/detail/trainer_settings.hpp>

#include <charconv>

namespace tempa::inline TEMPA_ABI::detail {

TEMPA_INLINE std::string setting_text(double value) {
  char text[32];
  return std::string(text, std::to_chars(text, text + sizeof text, value).ptr);
}

TEMPA_INLINE std::string setting_text(bool value) { return value ? "yes" : "no"; }

TEMPA_INLINE std::string setting_text(const std::string& value) { return value; }

TEMPA_INLINE std::string setting_text(const char* value) { return value; }

TEMPA_INLINE std::string setting_text(const std::vector<double>& values) {
  std::string text;
  for (const double value : values) text += (text.empty() ? "" : " ") + setting_text(value);
  return text.empty() ? "none" : text;
}

}  // namespace tempa::inline TEMPA_ABI::detail
