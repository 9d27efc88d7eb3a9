// The usual groups of a transformer's parameters: weight decay for the matrices, none for biases and normalizations.
#pragma once

#include <tempa/optim/optimizer.hpp>

#include <functional>
#include <string_view>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Whether a parameter is a bias or belongs to a normalization by its name: its last part contains "bias", or a part
/// before it ends with "norm", numbers and upper case aside (`LayerNorm`, `layer_norm`, `norm1`).
/// @source transformers.Trainer.get_decay_parameter_names
bool is_bias_or_norm(std::string_view name);

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

#if !defined(TEMPA_SEPARATE)
#include <tempa/optim/impl/param_groups.ipp>
#endif
