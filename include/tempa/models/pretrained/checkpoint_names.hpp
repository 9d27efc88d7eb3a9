// The names that a state dict has had in the course of the years, brought to the names of today's model.
#pragma once

#include <tempa/core/compiled.hpp>
#include <tempa/io/files/printable.hpp>
#include <tempa/io/state_dict.hpp>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("io");

namespace tempa::inline TEMPA_ABI {

/// A checkpoint under the names of a model.
struct RenamedCheckpoint {
  StateDict state;                   ///< shares the checkpoint's tensors
  std::vector<std::string> ignored;  ///< tensors that older versions stored and that are nothing to learn
};

namespace detail {

/// The name that `target` has for the checkpoint's `name`, or the nearest to it.
inline std::string current_name(std::string name, const StateDict& target, std::string_view base_prefix) {
  const auto is_known = [&](const std::string& candidate) { return target.contains(candidate); };
  while (name.starts_with("module.") && !is_known(name)) name.erase(0, 7);  // of torch.nn.DataParallel
  if (name.ends_with("LayerNorm.gamma") && !is_known(name)) name.replace(name.size() - 5, 5, "weight");
  if (name.ends_with("LayerNorm.beta") && !is_known(name)) name.replace(name.size() - 4, 4, "bias");
  if (base_prefix.empty()) return name;
  const std::string prefix = std::string(base_prefix) + ".";
  if (name.starts_with(prefix) && is_known(name.substr(prefix.size()))) return name.substr(prefix.size());
  if (!is_known(name) && is_known(prefix + name)) return prefix + name;
  return name;
}

/// Whether a name that no model has is one of the constant tables that files of transformers 4.0 to 4.30 hold, or the
/// second name of a tied output layer.
inline bool is_nothing_to_learn(std::string_view name, const StateDict& target) {
  const std::string_view last = name.substr(name.rfind('.') + 1);  // npos + 1 is 0
  if (last == "position_ids" || last == "token_type_ids") return true;
  return target.contains("cls.predictions.bias") &&
         (name == "cls.predictions.decoder.weight" || name == "cls.predictions.decoder.bias");
}

}  // namespace detail

/// Renames the tensors of a checkpoint as `target` calls them: `module.` of DataParallel goes, `LayerNorm.gamma` and
/// `LayerNorm.beta` become weight and bias, and `base_prefix` comes or goes, each only where the target asks for it.
/// @param target the model's state dict. @param base_prefix name of the encoder in models with a head ("bert").
/// @param path the checkpoint, named by errors.
/// @throws FormatError when two tensors of the checkpoint get the same name.
/// @source transformers, rename_source_key
inline RenamedCheckpoint rename_checkpoint(const StateDict& checkpoint, const StateDict& target,
                                           std::string_view base_prefix, const std::string& path) {
  RenamedCheckpoint result;
  std::map<std::string, std::string> origin;  // new name -> name in the checkpoint
  for (const StateDict::Entry& entry : checkpoint) {
    std::string name = detail::current_name(entry.name, target, base_prefix);
    if (!target.contains(name) && detail::is_nothing_to_learn(name, target)) {
      result.ignored.push_back(std::move(name));
      continue;
    }
    const auto [other, is_new] = origin.emplace(name, entry.name);
    if (!is_new)
      throw FormatError(path, 0,
                        concat("expected each weight once but ", printable(other->second), " and ",
                               printable(entry.name), " are both ", printable(name)));
    result.state.insert(std::move(name), entry.tensor);
  }
  return result;
}

}  // namespace tempa::inline TEMPA_ABI
