// The bodies of <tempa/models/pretrained/detail/checkpoint_names.hpp>.
#pragma once

#include <tempa/io/files/detail/printable.hpp>
#include <tempa/models/pretrained/detail/checkpoint_names.hpp>

#include <algorithm>
#include <map>

namespace tempa::inline TEMPA_ABI {

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

TEMPA_INLINE bool is_part_of_head(std::string_view name, const CheckpointNames& names) {
  if (name.starts_with(names.base_prefix) && name.substr(names.base_prefix.size()).starts_with('.'))
    name.remove_prefix(names.base_prefix.size() + 1);
  return std::none_of(names.body.begin(), names.body.end(), [&](std::string_view part) {
    return name.starts_with(part) && name.substr(part.size()).starts_with('.');
  });
}

}  // namespace detail

TEMPA_INLINE RenamedCheckpoint rename_checkpoint(const StateDict& checkpoint, const StateDict& target,
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
