// Model folders: which file has the weights, how its names and types fit the model, and what is written.
#pragma once

#include <tempa/core/compiled.hpp>
#include <tempa/io/safetensors/safetensors.hpp>
#include <tempa/io/safetensors/sharded.hpp>
#include <tempa/io/torch/torch_bin.hpp>
#include <tempa/models/bert/config_file.hpp>
#include <tempa/models/heads/label_heads.hpp>
#include <tempa/models/pretrained/checkpoint_names.hpp>
#include <tempa/nn/init.hpp>
#include <tempa/nn/module.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <variant>
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

/// Options of `save_pretrained`.
struct SavePretrainedOptions {
  /// Type of the stored weights: kFloat32, kFloat16, kBFloat16 or kFloat64; each tensor's own when absent (a
  /// 16-bit model's weights, without the optimizer's master weights, but float32 statistics of a BatchNorm1d).
  std::optional<DType> dtype{};
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

/// Whether a model works without this weight of the file when somebody trains it: a head or the pooler, which masked
/// language models do not have; the rest is the knowledge that the checkpoint is loaded for.
inline bool is_part_of_head(std::string_view name, std::string_view base_prefix) {
  if (name.starts_with(base_prefix) && name.substr(base_prefix.size()).starts_with('.'))
    name.remove_prefix(base_prefix.size() + 1);
  return !name.starts_with("embeddings.") && !name.starts_with("encoder.");
}

/// @throws ShapeError, ValueError, with the report, for what `options` does not allow.
inline void check_report(const LoadReport& report, const PretrainedOptions& options, const FolderWeights& weights,
                         std::string_view model, std::string_view base_prefix) {
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
    std::vector<std::string> names = report.missing;
    names.insert(names.end(), report.extended.begin(), report.extended.end());
    for (const LoadReport::Mismatch& one : report.mismatched) names.push_back(one.name);
    std::string list;
    for (const std::string& name : merge_numbered_names(names)) list += (list.empty() ? "" : ", ") + printable(name);
    throw ValueError(concat("[from_pretrained] the checkpoint has no ", list,
                            ": with random weights in their place a prediction means nothing; train the model first "
                            "(allow_new_weights draws them all the same)\n",
                            report.to_string(weights.path, model)));
  }
  if (options.allow_missing_weights) return;
  for (const std::string& name : report.missing)
    if (!is_part_of_head(name, base_prefix))
      throw ValueError(concat("[from_pretrained] the checkpoint has no ", printable(name),
                              "; allow_missing_weights initializes such weights anew\n",
                              report.to_string(weights.path, model)));
}

/// Refuses a config.json that asks for far more memory than the weights beside it could fill, before it is allocated.
inline void check_size(const BertConfig& config, const FolderWeights& weights) {
  const auto real = [](Index size) { return static_cast<double>(size); };
  const double hidden = real(config.hidden_size), intermediate = real(config.intermediate_size);
  const double layer = 4 * hidden * (hidden + 1) + 2 * hidden * intermediate + intermediate + 5 * hidden;
  const double tables = real(config.vocab_size + config.max_position_embeddings + config.type_vocab_size + 2) * hidden;
  double stored = 0;
  for (const auto& entry : weights.state) stored += real(shape(entry.tensor).numel());
  constexpr double kSmall = 1 << 20;
  if (const double wanted = tables + layer * real(config.num_hidden_layers); wanted > 16 * stored + kSmall)
    throw ShapeError(concat("[from_pretrained] config.json describes an encoder of ", wanted, " weights but ",
                            weights.path, " has ", stored));
}

/// What becomes of the heads of a folder whose labels are `config`'s, with the labels that `options` asks for: as
/// `Model::label_heads` says where there is one, else of its module `Model::kLabelHead`, or "classifier".
/// @throws ConfigError for labels that contradict num_labels or each other.
template <typename Model>
LabelHeads heads_of(const BertConfig& config, const PretrainedOptions& options) {
  const auto count = static_cast<Index>(options.labels.size());
  if (options.num_labels && *options.num_labels < 1)
    throw ConfigError(concat("[from_pretrained] num_labels must be positive but is ", *options.num_labels));
  if (options.num_labels && count > 0 && *options.num_labels != count)
    throw ConfigError(
        concat("[from_pretrained] num_labels must be the number of labels, ", count, ", but is ", *options.num_labels));
  if (count == 0) return {};
  require_different_labels("[from_pretrained]", options.labels);
  const auto problem = options.problem_type ? options.problem_type : config.problem_type;
  const MatchLabelsOptions matching{
      .order = options.label_order,
      .keep = options.keep_labels,
      .same_value = problem.value_or(ProblemType::kRegression) == ProblemType::kRegression};
  if constexpr (requires { Model::label_heads(config.id2label, options.labels, matching); }) {
    return Model::label_heads(config.id2label, options.labels, matching);
  } else if constexpr (requires { Model::kLabelHead; }) {
    return match_label_head(Model::kLabelHead, config.id2label, options.labels, matching);
  } else {
    return match_label_head("classifier", config.id2label, options.labels, matching);
  }
}

/// The configuration with the labels and the problem that `options` asks for.
inline BertConfig with_options(BertConfig config, const PretrainedOptions& options, const LabelHeads& heads) {
  if (!heads.labels.empty()) {
    config.id2label = heads.labels;
  } else if (options.num_labels && *options.num_labels != config.num_labels()) {
    config.id2label = default_labels(*options.num_labels);
  }
  if (options.problem_type) config.problem_type = options.problem_type;
  return config.validated();
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
                         const PretrainedOptions& options, std::string_view model, std::string_view base_prefix,
                         const DeferredInit* init, const LabelHeads& heads = {}) {
  const StateDict target = state_dict(leaves);
  RenamedCheckpoint renamed = rename_checkpoint(weights.state, target, base_prefix, weights.path);
  std::vector<std::string> extended;
  const StateDict state = with_label_heads(renamed.state, target, heads, extended);
  LoadReport report = match_state(state, target, {.check_finite = options.check_finite, .source = weights.path});
  report.ignored = std::move(renamed.ignored);
  for (const std::string& name : report.loaded)
    if (std::find(extended.begin(), extended.end(), name) != extended.end()) report.extended.push_back(name);
  if (options.report != nullptr) *options.report = report;
  check_report(report, options, weights, model, base_prefix);
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

/// The weights in the type in which they are stored.
/// @throws NumericalError naming the first one that the type cannot hold.
template <Floating To>
StateDict stored_weights(const StateDict& state) {
  StateDict stored;
  for (const StateDict::Entry& entry : state) {
    std::visit(
        [&]<Element From>(const Tensor<From>& tensor) {
          if constexpr (!Floating<From> || std::same_as<From, To>) {
            stored.insert(entry.name, tensor);
          } else {
            const Tensor<From> host = tensor.to(Device::cpu());
            const Tensor<To> converted = host.template cast<To>();
            for (Index i = 0; i < host.numel(); ++i) {
              const auto before = element_cast<double>(host.data()[i]);
              if (std::isfinite(before) && !std::isfinite(element_cast<double>(converted.data()[i])))
                throw NumericalError(concat("[save_pretrained] '", entry.name, "' must fit into ",
                                            to_string(dtype_of<To>), " but element ", i, " is ", before));
            }
            stored.insert(entry.name, converted);
          }
        },
        entry.tensor);
  }
  return stored;
}

/// `save_pretrained` of a module with these weights.
inline void save_pretrained(const StateDict& state, BertConfig& config, std::string_view architecture,
                            const std::filesystem::path& folder, const SavePretrainedOptions& options) {
  const DType type = options.dtype ? *options.dtype : dtype(state.begin()->tensor);
  const StateDict stored = [&]() -> StateDict {
    if (!options.dtype) return state;  // NOLINT(performance-no-automatic-move): a copy of handles
    switch (type) {
      case DType::kFloat32:
        return stored_weights<float>(state);
      case DType::kFloat64:
        return stored_weights<double>(state);
      case DType::kFloat16:
        return stored_weights<float16>(state);
      case DType::kBFloat16:
        return stored_weights<bfloat16>(state);
      default:
        throw ConfigError(concat("[save_pretrained] dtype must be a floating-point type but is ", to_string(type)));
    }
  }();
  BertConfig written = config;
  written.architectures = {std::string(architecture)};
  written.dtype = type;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw IoError(folder.string(), "cannot make the folder: " + error.message());
  AtomicFile config_file((folder / "config.json").string());
  config_file.write(config_text(written));
  save_safetensors((folder / "model.safetensors").string(), stored);
  config_file.commit();
  config = std::move(written);
}

}  // namespace detail

/// Copies the weights of a model folder into `module`, whose names are those of its `state_dict` (an own head around a
/// `BertModel` named `bert`). Files of all ages are understood: with and without the prefix `bert.`, with `module.` of
/// DataParallel, with `LayerNorm.gamma`; weights in another floating-point type are converted. What the file does not
/// have keeps its values.
/// @param options the labels and the problem type have no meaning here. @param model its name in the report.
/// @param base_prefix name of the encoder in the module.
/// @throws IoError, FormatError; ShapeError or ValueError with the whole report for a weight that does not fit or that
/// is missing in the encoder, unless the options allow it: then nothing was copied. NumericalError by check_finite.
template <Module M>
void load_pretrained_weights(M& module, const std::filesystem::path& folder, const PretrainedOptions& options = {},
                             std::string_view model = "the model", std::string_view base_prefix = "bert") {
  detail::load_weights(leaves(module), load_folder_weights(folder), options, model, base_prefix, nullptr);
}

/// A model of the shapes and labels of `folder`/config.json with the weights of the folder, in evaluation mode.
/// What the file does not have is initialised as a new model is, by `default_generator()`, and reported as transformers
/// does. Two differences are there to keep a half-random model from passing for a trained one: weights missing in the
/// embeddings or the encoder are an error (`allow_missing_weights`), and so are those of an integer type. A 16-bit
/// model keeps the weights of a float file as well until its optimizer takes them, but not when it is loaded under
/// `NoGrad`. With `labels` in the options the rows of the folder's head follow their labels.
/// @tparam Model has a constructor from BertConfig and `kName`, its class in transformers; `kLabelHead` when the module
///   whose rows are labels is not called "classifier".
/// @throws as `load_pretrained_weights`; ConfigError for an impossible configuration.
/// @source transformers PreTrainedModel.from_pretrained
template <typename Model>
Model load_pretrained(const std::filesystem::path& folder, const PretrainedOptions& options = {}) {
  BertConfig config = read_bert_config((folder / "config.json").string());
  const LabelHeads heads = detail::heads_of<Model>(config, options);
  config = detail::with_options(std::move(config), options, heads);
  const FolderWeights weights = load_folder_weights(folder);
  if (!options.allow_missing_weights && !options.ignore_mismatched_sizes) detail::check_size(config, weights);
  const DeferredInit init;
  Model model(config);
  detail::load_weights(leaves(model), weights, options, Model::kName, "bert", &init, heads);
  set_training(model, false);
  return model;
}

/// Writes config.json and model.safetensors of a folder, which is made when it is not there. Each of the two is
/// replaced at once, the weights first, and config.json is on the disk before: no failure leaves a torn file, or
/// one of them without room for the other.
/// @param config `architectures` and `dtype` are set in it.
/// @throws IoError; ConfigError for an integer `dtype`; NumericalError for a weight that `dtype` cannot hold.
/// @source transformers PreTrainedModel.save_pretrained
template <Module M>
void save_pretrained(M& module, BertConfig& config, std::string_view architecture, const std::filesystem::path& folder,
                     const SavePretrainedOptions& options = {}) {
  detail::save_pretrained(state_dict(module), config, architecture, folder, options);
}

/// Gives a model class the two functions that Hugging Face users look for: `struct Tagger : PretrainedMembers<Tagger>`.
/// @tparam Self as `load_pretrained` asks, with its BertConfig as `config` or `config()`.
template <typename Self>
struct PretrainedMembers {
  /// A model of a Hugging Face folder, ready to evaluate: `from_pretrained("indobert-base-p1", {.num_labels = 3})`.
  /// @throws as `load_pretrained`.
  static Self from_pretrained(const std::filesystem::path& folder, const PretrainedOptions& options = {}) {
    return load_pretrained<Self>(folder, options);
  }

  /// Writes config.json and model.safetensors, as transformers reads them: `save_pretrained("out", {.dtype =
  /// DType::kBFloat16})`. @throws as `tempa::save_pretrained`.
  void save_pretrained(const std::filesystem::path& folder, const SavePretrainedOptions& options = {}) {
    auto& self = static_cast<Self&>(*this);
    if constexpr (requires { self.config(); }) {
      tempa::save_pretrained(self, self.config(), Self::kName, folder, options);
    } else {
      tempa::save_pretrained(self, self.config, Self::kName, folder, options);
    }
  }
};

TEMPA_COMPILED_FUNCTION(detail::stored_weights);

}  // namespace tempa::inline TEMPA_ABI

#if defined(TEMPA_COMPILED)
/// The module `M<T>`, which has `PretrainedMembers`, for each `Floating` T, see tempa/core/compiled.hpp.
#define TEMPA_COMPILED_PRETRAINED(M)                                \
  TEMPA_COMPILED_MODULE(M);                                         \
  TEMPA_INSTANTIATE_FLOAT struct PretrainedMembers<M<float>>;       \
  TEMPA_INSTANTIATE_DOUBLE struct PretrainedMembers<M<double>>;     \
  TEMPA_INSTANTIATE_BFLOAT16 struct PretrainedMembers<M<bfloat16>>; \
  TEMPA_INSTANTIATE_FLOAT16 struct PretrainedMembers<M<float16>>
#else
#define TEMPA_COMPILED_PRETRAINED(M) static_assert(true)
#endif
