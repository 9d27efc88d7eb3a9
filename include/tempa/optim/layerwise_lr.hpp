// Learning rates that fall from the head of a transformer down to its embeddings.
#pragma once

#include <tempa/optim/param_groups.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// The number after the part "layer" of a parameter's name ("bert.encoder.layer.3.output.dense.weight": 3), or after
/// one that ends with "layer_groups", whose layers share weights; -1 for a name with a part that begins with
/// "embedding"; nothing for all others: pooler and head.
std::optional<Index> transformer_layer(std::string_view name);

/// Groups with a learning rate for each layer: lr for what is above the layers, lr decay for the last of L layers,
/// lr decay^(L-l) for layer l from 0, lr decay^(L+1) for the embeddings; each split by `weight_decay_groups`:
/// `AdamW optimizer(layerwise_lr_groups(model.named_parameters(), AdamWOptions{.lr = 5e-5}, 0.9));`
/// @param parameters with their names. @param decay above 0; 1 gives all the same rate. @param without_decay takes a
///   name: these have no weight decay.
/// @return from the embeddings to the head; a group without parameters is left out.
/// @throws ConfigError when a parameter has no name, or for a decay that is not positive and finite.
/// @source Howard and Ruder 2018 (ULMFiT, discriminative fine-tuning); Sun et al. 2019; Clark et al. 2020 (ELECTRA)
template <typename Options>
std::vector<ParamGroup<Options>> layerwise_lr_groups(
    const ParameterList& parameters, const Options& options, double decay,
    const std::function<bool(std::string_view)>& without_decay = is_bias_or_norm) {
  if (!(decay > 0) || !std::isfinite(decay))
    throw ConfigError(concat("[layerwise_lr_groups] decay must be positive and finite but is ", decay));
  Index layers = 0;
  for (const auto& parameter : parameters)
    layers = std::max(layers, transformer_layer(parameter.name).value_or(-1) + 1);
  std::map<Index, ParameterList> by_layer;
  for (const auto& parameter : parameters)
    by_layer[transformer_layer(parameter.name).value_or(layers)].push_back(parameter);
  std::vector<ParamGroup<Options>> groups;
  for (const auto& [layer, members] : by_layer) {
    Options scaled = options;
    scaled.lr = options.lr * std::pow(decay, static_cast<double>(layers - layer));
    for (auto& group : weight_decay_groups(members, scaled, without_decay)) groups.push_back(std::move(group));
  }
  return groups;
}

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/optim/impl/layerwise_lr.ipp>
#endif
