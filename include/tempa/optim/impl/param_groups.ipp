// The bodies of <tempa/optim/param_groups.hpp>.
#pragma once

#include <tempa/optim/param_groups.hpp>

#include <cctype>
#include <string>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE bool is_bias_or_norm(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  std::string_view rest = lower;
  for (std::size_t dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.')) {
    std::string_view part = rest.substr(0, dot);
    while (!part.empty() && std::isdigit(static_cast<unsigned char>(part.back())) != 0) part.remove_suffix(1);
    if (part.ends_with("norm")) return true;
    rest.remove_prefix(dot + 1);
  }
  return rest.find("bias") != std::string_view::npos;
}

}  // namespace tempa::inline TEMPA_ABI
