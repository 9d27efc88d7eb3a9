// The bodies of <tempa/models/pretrained/detail/load_pretrained.hpp>.
#pragma once

#include <tempa/io/safetensors/safetensors.hpp>
#include <tempa/io/safetensors/sharded.hpp>
#include <tempa/io/torch/torch_bin.hpp>
#include <tempa/models/pretrained/detail/load_pretrained.hpp>

#include <algorithm>
#include <array>
#include <system_error>
#include <unordered_set>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE FolderWeights load_folder_weights(const std::filesystem::path& folder) {
  constexpr std::array<std::string_view, 4> kNames{"model.safetensors", "model.safetensors.index.json",
                                                   "pytorch_model.bin", "pytorch_model.bin.index.json"};
  for (const std::string_view name : kNames) {
    const std::string path = (folder / name).string();
    std::error_code error;
    if (!std::filesystem::exists(path, error)) continue;
    if (name.ends_with(".json")) return {path, load_sharded(path)};
    return {path, name.ends_with(".bin") ? load_torch_bin(path) : load_safetensors(path)};
  }
  throw IoError(folder.string(), concat("expected one of ", kNames[0], ", ", kNames[1], ", ", kNames[2], " and ",
                                        kNames[3], " but there is none"));
}

namespace detail {

/// @throws ShapeError, ValueError, with the report, for what `options` does not allow.
inline void check_report(const LoadReport& report, const PretrainedOptions& options, const FolderWeights& weights,
                         std::string_view model, const CheckpointNames& names) {
  for (const LoadReport::Mismatch& one : report.mismatched) {
    const bool other_shape = !(one.expected_shape == one.found_shape);
    if (other_shape && options.ignore_mismatched_sizes) continue;
    const std::string text = concat("[from_pretrained] ", printable(one.name), " does not fit the model",
                                    other_shape ? "; ignore_mismatched_sizes initializes such weights anew" : "", "\n",
                                    report.to_string(weights.path, model));
    if (other_shape) throw ShapeError(text);
    throw ValueError(text);
  }
  if (!options.allow_new_weights && !(report.missing.empty() && report.mismatched.empty() && report.extended.empty())) {
    std::vector<std::string> fresh = report.missing;
    fresh.insert(fresh.end(), report.extended.begin(), report.extended.end());
    for (const LoadReport::Mismatch& one : report.mismatched) fresh.push_back(one.name);
    std::string list;
    for (const std::string& name : merge_numbered_names(fresh)) list += (list.empty() ? "" : ", ") + printable(name);
    throw ValueError(concat("[from_pretrained] the checkpoint has no ", list,
                            ": with random weights in their place a prediction means nothing; train the model first "
                            "(allow_new_weights draws them all the same)\n",
                            report.to_string(weights.path, model)));
  }
  if (options.allow_missing_weights) return;
  for (const std::string& name : report.missing)
    if (!is_part_of_head(name, names))
      throw ValueError(concat("[from_pretrained] the checkpoint has no ", printable(name),
                              "; allow_missing_weights initializes such weights anew\n",
                              report.to_string(weights.path, model)));
}

TEMPA_INLINE void check_size(double wanted, const FolderWeights& weights) {
  double stored = 0;
  for (const auto& entry : weights.state) stored += static_cast<double>(shape(entry.tensor).numel());
  constexpr double kSmall = 1 << 20;
  if (wanted > 16 * stored + kSmall)
    throw ShapeError(concat("[from_pretrained] config.json describes an encoder of ", wanted, " weights but ",
                            weights.path, " has ", stored));
}

/// One line: which labels of the checkpoint's heads were kept, or that it has none of the model's heads.
inline void log_labels(std::ostream& log, const StateDict& checkpoint, const StateDict& target,
                       const LabelHeads& heads) {
  const auto has_head = [](const StateDict& state, const std::string& module) {
    return !module.empty() && state.contains(module + ".weight");
  };
  const auto in_model = [&](const LabelHead& head) { return has_head(target, head.name); };
  const auto in_file = [&](const std::string& module) { return has_head(checkpoint, module); };
  if (std::none_of(heads.heads.begin(), heads.heads.end(), in_model)) return;
  if (std::any_of(heads.known_heads.begin(), heads.known_heads.end(), in_file)) {
    log << heads.summary << '\n';
  } else {
    log << "labels: the checkpoint has no classifier of labels; a new one begins with " << class_list(heads.labels)
        << '\n';
  }
}

/// The parameters of a module that the report does not name as loaded from end to end.
inline std::unordered_set<const void*> not_loaded(const std::vector<Leaf>& leaves, const LoadReport& report) {
  std::unordered_set<std::string> loaded(report.loaded.begin(), report.loaded.end());
  for (const std::string& name : report.extended) loaded.erase(name);
  std::unordered_set<const void*> nodes;
  for_each_parameter(leaves, [&](const std::string& name, const auto& variable) {
    if (!loaded.contains(name)) nodes.insert(variable.node().get());
  });
  return nodes;
}

TEMPA_INLINE void load_weights(const std::vector<Leaf>& leaves, const FolderWeights& weights,
                               const PretrainedOptions& options, std::string_view model, const CheckpointNames& names,
                               const DeferredInit* init, const LabelHeads& heads) {
  const StateDict target = state_dict(leaves);
  RenamedCheckpoint renamed = rename_checkpoint(weights.state, target, names, weights.path);
  std::vector<std::string> extended;
  const StateDict state = with_label_heads(renamed.state, target, heads, extended);
  LoadReport report = match_state(state, target, {.check_finite = options.check_finite, .source = weights.path});
  report.ignored = std::move(renamed.ignored);
  for (const std::string& name : report.loaded)
    if (std::find(extended.begin(), extended.end(), name) != extended.end()) report.extended.push_back(name);
  if (options.report != nullptr) *options.report = report;
  check_report(report, options, weights, model, names);
  if (options.log != nullptr) {
    log_labels(*options.log, renamed.state, target, heads);
    LoadReport rest = report;
    rest.extended.clear();  // the line above has said it
    if (!rest.complete()) *options.log << rest.to_string(weights.path, model) << '\n';
  }
  if (init != nullptr) init->draw(not_loaded(leaves, report));
  fill_new_rows(state, target, heads, report.extended);
  copy_loaded(leaves, report, state);
}

}  // namespace detail

}  // namespace tempa::inline TEMPA_ABI
