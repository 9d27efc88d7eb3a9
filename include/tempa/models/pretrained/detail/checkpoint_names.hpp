// The names that weights have had over the years, and the names that a model has today.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/io/files/detail/printable.hpp>
#include <tempa/io/state_dict.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("models");

namespace tempa::inline TEMPA_ABI {

/// A checkpoint under the names of a model.
struct RenamedCheckpoint {
  StateDict state;                   ///< shares the checkpoint's tensors
  std::vector<std::string> ignored;  ///< tensors that older versions stored and that are nothing to learn
};

/// How the checkpoints of a family call things.
struct CheckpointNames {
  std::string_view base_prefix;  ///< name of the encoder in models with a head: "bert"
  /// Parts of the encoder that a checkpoint must have; the pooler and heads may be missing.
  std::vector<std::string_view> body{"embeddings", "encoder"};
  /// Ends of names that were others before, and what they are now.
  std::vector<std::pair<std::string_view, std::string_view>> renames{{"LayerNorm.gamma", "LayerNorm.weight"},
                                                                     {"LayerNorm.beta", "LayerNorm.bias"}};
  /// Modules whose `weight` and `bias` are second names of others of the model's: a tied output layer.
  std::vector<std::string_view> tied{};
};

namespace detail {

/// The name that `target` has for the checkpoint's `name`, or the nearest to it.
inline std::string current_name(std::string name, const StateDict& target, const CheckpointNames& names) {
  const auto is_known = [&](const std::string& candidate) { return target.contains(candidate); };
  while (name.starts_with("module.") && !is_known(name)) name.erase(0, 7);  // of torch.nn.DataParallel
  for (const auto& [before, now] : names.renames)
    if (name.ends_with(before) && !is_known(name)) name.replace(name.size() - before.size(), before.size(), now);
  if (names.base_prefix.empty()) return name;
  const std::string prefix = std::string(names.base_prefix) + ".";
  if (name.starts_with(prefix) && is_known(name.substr(prefix.size()))) return name.substr(prefix.size());
  if (!is_known(name) && is_known(prefix + name)) return prefix + name;
  return name;
}

/// Whether a name that no model has is one of the constant tables that files of transformers 4.0 to 4.30 hold, or the
/// second name of a tied weight.
inline bool is_nothing_to_learn(std::string_view name, const CheckpointNames& names) {
  const std::string_view last = name.substr(name.rfind('.') + 1);  // npos + 1 is 0
  if (last == "position_ids" || last == "token_type_ids") return true;
  return std::any_of(names.tied.begin(), names.tied.end(), [&](std::string_view module) {
    return name == concat(module, ".weight") || name == concat(module, ".bias");
  });
}

/// Whether a model works without this weight of the file when somebody trains it: a head or the pooler, which masked
/// language models do not have; the rest is the knowledge that the checkpoint is loaded for.
inline bool is_part_of_head(std::string_view name, const CheckpointNames& names) {
  if (name.starts_with(names.base_prefix) && name.substr(names.base_prefix.size()).starts_with('.'))
    name.remove_prefix(names.base_prefix.size() + 1);
  return std::none_of(names.body.begin(), names.body.end(), [&](std::string_view part) {
    return name.starts_with(part) && name.substr(part.size()).starts_with('.');
  });
}

}  // namespace detail

/// Renames the tensors of a checkpoint as `target` calls them: `module.` of DataParallel goes, `LayerNorm.gamma` and
/// `LayerNorm.beta` become weight and bias, and the name of the encoder comes or goes, each only where the target asks
/// for it.
/// @param target the model's state dict. @param names of its family. @param path the checkpoint, named by errors.
/// @throws FormatError when two tensors of the checkpoint get the same name.
/// @source transformers, rename_source_key
inline RenamedCheckpoint rename_checkpoint(const StateDict& checkpoint, const StateDict& target,
                                           const CheckpointNames& names, const std::string& path) {
  RenamedCheckpoint result;
  std::map<std::string, std::string> origin;  // new name -> name in the checkpoint
  for (const StateDict::Entry& entry : checkpoint) {
    std::string name = detail::current_name(entry.name, target, names);
    if (!target.contains(name) && detail::is_nothing_to_learn(name, names)) {
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
