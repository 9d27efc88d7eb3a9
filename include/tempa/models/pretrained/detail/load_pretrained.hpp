// Reading model folders: which file has the weights, and how its names and types fit the model.
#pragma once

#include <tempa/models/pretrained/config_fields.hpp>
#include <tempa/models/pretrained/detail/checkpoint_names.hpp>
#include <tempa/models/pretrained/detail/config_json.hpp>
#include <tempa/models/pretrained/detail/label_heads.hpp>
#include <tempa/nn/init.hpp>
#include <tempa/nn/module.hpp>

#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Options of `from_pretrained`.
struct PretrainedOptions {
  /// K of a new head, named LABEL_0, LABEL_1, …; the labels of config.json when absent.
  std::optional<Index> num_labels{};
  /// Names of the labels, by number: `id2label` and `label2id`. Their count is `num_labels`. A head of the folder is
  /// kept: a label that it knows keeps its row, a new one gets a new row, and one line in `log` says which, see
  /// `match_labels`.
  std::vector<std::string> labels{};
  /// Whether the model has `labels` in this order and spelling, or in the folder's, with the new ones after them: then
  /// read them from its configuration.
  LabelOrder label_order = LabelOrder::kAsGiven;
  /// Keep the folder's labels that are not among `labels` as well.
  bool keep_labels = false;
  /// What the head predicts; that of config.json when absent.
  std::optional<ProblemType> problem_type{};
  /// Initialize a weight anew whose shape in the file is another, instead of refusing: for a head of another size.
  bool ignore_mismatched_sizes = false;
  /// Initialize weights of the embeddings and the encoder anew that the file does not have, instead of refusing. Heads
  /// and the pooler may always be missing.
  bool allow_missing_weights = false;
  /// false: refuse a folder without all weights, heads and pooler included. For a model that is to predict: new weights
  /// are random, and what it says with them means nothing.
  bool allow_new_weights = true;
  /// Refuse NaN and infinite weights, which a failed training leaves: the error names the first one.
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
FolderWeights load_folder_weights(const std::filesystem::path& folder);

namespace detail {

/// Refuses a config.json that asks for far more memory than the weights next to it could fill, before it is allocated.
/// @param wanted about as many weights as the encoder has at least.
void check_size(double wanted, const FolderWeights& weights);

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

/// Copies `weights` into a module and reports it; what was not loaded is drawn by `init`, or stays as it is.
void load_weights(const std::vector<Leaf>& leaves, const FolderWeights& weights, const PretrainedOptions& options,
                  std::string_view model, const CheckpointNames& names, const DeferredInit* init,
                  const LabelHeads& heads = {});

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
/// What the file does not have is initialized as a new model is, by `default_generator()`, and reported as transformers
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

#if !defined(TEMPA_SEPARATE)
#include <tempa/models/pretrained/detail/impl/load_pretrained.ipp>
#endif
