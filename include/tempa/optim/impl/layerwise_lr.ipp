// The bodies of <tempa/optim/layerwise_lr.hpp>.
#pragma once

#include <tempa/optim/layerwise_lr.hpp>

#include <charconv>
#include <cstddef>
#include <system_error>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE std::optional<Index> transformer_layer(std::string_view name) {
  for (std::string_view rest = name; !rest.empty();) {
    const std::size_t dot = std::min(rest.find('.'), rest.size());
    const std::string_view part = rest.substr(0, dot);
    rest.remove_prefix(std::min(dot + 1, rest.size()));
    if (part.starts_with("embedding")) return -1;
    if (part != "layer" && !part.ends_with("layer_groups")) continue;
    Index layer = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), layer);
    if (error == std::errc() && (end == rest.data() + rest.size() || *end == '.')) return layer;
  }
  return std::nullopt;
}

}  // namespace tempa::inline TEMPA_ABI
