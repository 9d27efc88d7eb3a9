// The usual groups of a transformer's parameters: weight decay for the matrices, none for biases and normalisations.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/optim/optimizer.hpp>

#include <cctype>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("optim");

namespace tempa::inline TEMPA_ABI {

/// Whether a parameter is a bias or belongs to a normalisation by its name: its last part contains "bias", or a part
/// before it ends with "norm", numbers and upper case aside (`LayerNorm`, `layer_norm`, `norm1`).
/// @source transformers.Trainer.get_decay_parameter_names
inline bool is_bias_or_norm(std::string_view name) {
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

/// Two groups: `parameters` with `options`, and those of them that `without_decay` picks with weight_decay 0:
/// `AdamW optimizer(weight_decay_groups(model.named_parameters(), AdamWOptions{.lr = 2e-5}));`. A group without
/// parameters is left out.
/// @param parameters with their names. @param without_decay takes a name.
/// @throws ConfigError when a parameter has no name.
template <typename Options>
std::vector<ParamGroup<Options>> weight_decay_groups(
    const ParameterList& parameters, const Options& options,
    const std::function<bool(std::string_view)>& without_decay = is_bias_or_norm) {
  ParamGroup<Options> decayed{{}, options}, kept{{}, options};
  kept.options.weight_decay = 0;
  for (const auto& parameter : parameters) {
    if (parameter.name.empty())
      throw ConfigError(
          "[weight_decay_groups] expected named parameters (model.named_parameters()) but one has no name");
    (without_decay(parameter.name) ? kept : decayed).parameters.push_back(parameter);
  }
  std::vector<ParamGroup<Options>> groups;
  for (auto* group : {&decayed, &kept})
    if (!group->parameters.empty()) groups.push_back(std::move(*group));
  return groups;
}

}  // namespace tempa::inline TEMPA_ABI
