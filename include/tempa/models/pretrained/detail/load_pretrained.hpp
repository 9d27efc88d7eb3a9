// Reading model folders: which file has the weights, and how its names and types fit the model.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/io/safetensors/safetensors.hpp>
#include <tempa/io/safetensors/sharded.hpp>
#include <tempa/io/torch/torch_bin.hpp>
#include <tempa/models/pretrained/config_fields.hpp>
#include <tempa/models/pretrained/detail/checkpoint_names.hpp>
#include <tempa/models/pretrained/detail/config_json.hpp>
#include <tempa/models/pretrained/detail/label_heads.hpp>
#include <tempa/nn/init.hpp>
#include <tempa/nn/module.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("models");

namespace tempa::inline TEMPA_ABI {

/// Options of `from_pretrained`.
struct PretrainedOptions {
  /// K of a new head, named LABEL_0, LABEL_1, …; the labels of config.json when absent.
  std::optional<Index> num_labels{};
  /// Names of the labels, by number: `id2label` and `label2id`. Their count is `num_labels`. A head of the folder goes
  /// on: a label that it knows keeps its row, a new one gets a new row, and one line in `log` says which, see
  /// `match_labels`.
  std::vector<std::string> labels{};
  /// Whether the model has `labels` in this order and spelling, or in the folder's, with the new ones after them: then
  /// read them from its configuration.
  LabelOrder label_order = LabelOrder::kAsGiven;
  /// Keep the folder's labels that are not among `labels` as well.
  bool keep_labels = false;
  /// What the head predicts; that of config.json when absent.
  std::optional<ProblemType> problem_type{};
  /// Initialise a weight anew whose shape in the file is another, instead of refusing: for a head of another size.
  bool ignore_mismatched_sizes = false;
  /// Initialise weights of the embeddings and the encoder anew that the file does not have, instead of refusing. Heads
  /// and the pooler may always be missing.
  bool allow_missing_weights = false;
  /// false: refuse a folder without all weights, heads and pooler included. For a model that is to predict: new weights
  /// are random, and what it says with them means nothing.
  bool allow_new_weights = true;
  /// Refuse NaN and infinite weights, which a training that failed leaves: the error names the first one.
  bool check_finite = false;
  /// Where the report goes when there is something to say; nullptr: nowhere.
  std::ostream* log = &std::cerr;
  /// Filled when given, also with what was loaded.
  LoadReport* report = nullptr;
};

/// The weights of a folder, and the file that they are read from.
struct FolderWeights {
  std::string path;
  StateDict state;
};

/// Reads model.safetensors of a folder; when there is none, model.safetensors.index.json, pytorch_model.bin or
/// pytorch_model.bin.index.json, the first that is there.
/// @throws IoError naming the four when there is none of them; IoError, FormatError of the file that was chosen.
/// @source transformers, PreTrainedModel.from_pretrained
inline FolderWeights load_folder_weights(const std::filesystem::path& folder) {
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

/// Refuses a config.json that asks for far more memory than the weights beside it could fill, before it is allocated.
/// @param wanted about as many weights as the encoder has at least.
inline void check_size(double wanted, const FolderWeights& weights) {
  double stored = 0;
  for (const auto& entry : weights.state) stored += static_cast<double>(shape(entry.tensor).numel());
  constexpr double kSmall = 1 << 20;
  if (wanted > 16 * stored + kSmall)
    throw ShapeError(concat("[from_pretrained] config.json describes an encoder of ", wanted, " weights but ",
                            weights.path, " has ", stored));
}

/// What becomes of the heads of a folder whose labels are `known`, with the labels that `options` asks for: as
/// `Model::label_heads` says where there is one, else of its module `Model::kLabelHead`, or "classifier".
/// @throws ConfigError for labels that contradict num_labels or each other.
template <typename Model>
LabelHeads heads_of(const std::vector<std::string>& known, std::optional<ProblemType> problem,
                    const PretrainedOptions& options) {
  const auto count = static_cast<Index>(options.labels.size());
  if (options.num_labels && *options.num_labels < 1)
    throw ConfigError(concat("[from_pretrained] num_labels must be positive but is ", *options.num_labels));
  if (options.num_labels && count > 0 && *options.num_labels != count)
    throw ConfigError(
        concat("[from_pretrained] num_labels must be the number of labels, ", count, ", but is ", *options.num_labels));
  if (count == 0) return {};
  require_different_labels("[from_pretrained]", options.labels);
  if (options.problem_type) problem = options.problem_type;
  const MatchLabelsOptions matching{
      .order = options.label_order,
      .keep = options.keep_labels,
      .same_value = problem.value_or(ProblemType::kRegression) == ProblemType::kRegression};
  if constexpr (requires { Model::label_heads(known, options.labels, matching); }) {
    return Model::label_heads(known, options.labels, matching);
  } else if constexpr (requires { Model::kLabelHead; }) {
    return match_label_head(Model::kLabelHead, known, options.labels, matching);
  } else {
    return match_label_head("classifier", known, options.labels, matching);
  }
}

/// The configuration with the labels and the problem that `options` asks for.
template <ModelConfig C>
C with_options(C config, const PretrainedOptions& options, const LabelHeads& heads) {
  if (!heads.labels.empty()) {
    config.id2label = heads.labels;
  } else if (options.num_labels && *options.num_labels != config.num_labels()) {
    config.id2label = default_labels(*options.num_labels);
  }
  if (options.problem_type) config.problem_type = options.problem_type;
  return validated(config);
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

/// Copies `weights` into a module and reports it; what was not loaded is drawn by `init`, or stays as it is.
inline void load_weights(const std::vector<Leaf>& leaves, const FolderWeights& weights,
                         const PretrainedOptions& options, std::string_view model, const CheckpointNames& names,
                         const DeferredInit* init, const LabelHeads& heads = {}) {
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

/// Copies the weights of a model folder into `module`, whose names are those of its `state_dict` (an own head around a
/// `BertModel` named `bert`). Files of all ages are understood: with and without the prefix `bert.`, with `module.` of
/// DataParallel, with `LayerNorm.gamma`; weights in another floating-point type are converted. What the file does not
/// have keeps its values.
/// @param options the labels and the problem type have no meaning here. @param model its name in the report.
/// @param names of the family of the encoder, with `base_prefix` its name in the module.
/// @throws IoError, FormatError; ShapeError or ValueError with the whole report for a weight that does not fit or that
/// is missing in the encoder, unless the options allow it: then nothing was copied. NumericalError by check_finite.
template <Module M>
void load_pretrained_weights(M& module, const std::filesystem::path& folder, const PretrainedOptions& options = {},
                             std::string_view model = "the model",
                             const CheckpointNames& names = {.base_prefix = "bert"}) {
  detail::load_weights(leaves(module), load_folder_weights(folder), options, model, names, nullptr);
}

/// A model of the shapes and labels of `folder`/config.json with the weights of the folder, in evaluation mode.
/// What the file does not have is initialised as a new model is, by `default_generator()`, and reported as transformers
/// does. Two differences are there to keep a half-random model from passing for a trained one: weights missing in the
/// embeddings or the encoder are an error (`allow_missing_weights`), and so are those of an integer type. A 16-bit
/// model keeps the weights of a float file as well until its optimizer takes them, but not when it is loaded under
/// `NoGrad`. With `labels` in the options the rows of the folder's head follow their labels.
/// @tparam Model has `config` or `config()`, of its family, and a constructor from it; `kName`, its class in
///   transformers; `kLabelHead` when the module whose rows are labels is not called "classifier";
///   `checkpoint_names()` when its names are not only the family's.
/// @throws as `load_pretrained_weights`; ConfigError for an impossible configuration.
/// @source transformers PreTrainedModel.from_pretrained
template <typename Model>
Model load_pretrained(const std::filesystem::path& folder, const PretrainedOptions& options = {}) {
  using Config = ConfigOf<Model>;
  auto config = read_config<Config>((folder / "config.json").string());
  const LabelHeads heads = detail::heads_of<Model>(config.id2label, config.problem_type, options);
  config = detail::with_options(std::move(config), options, heads);
  CheckpointNames names = Config::checkpoint_names();
  if constexpr (requires { Model::checkpoint_names(); }) names = Model::checkpoint_names();
  const FolderWeights weights = load_folder_weights(folder);
  if (!options.allow_missing_weights && !options.ignore_mismatched_sizes)
    detail::check_size(config.num_weights(), weights);
  const DeferredInit init;
  Model model(config);
  detail::load_weights(leaves(model), weights, options, Model::kName, names, &init, heads);
  set_training(model, false);
  return model;
}

}  // namespace tempa::inline TEMPA_ABI
