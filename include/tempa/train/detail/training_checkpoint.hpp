// Saves a training and resumes it.
#pragma once

#include <tempa/autograd/detect_anomaly.hpp>
#include <tempa/core/detail/compiled.hpp>
#include <tempa/data/data_loader.hpp>
#include <tempa/io/files/detail/crc32.hpp>
#include <tempa/optim/averaged_model.hpp>
#include <tempa/optim/optimizer.hpp>
#include <tempa/train/detail/training_progress.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

TEMPA_COMPILED_FILE("train");

namespace tempa::inline TEMPA_ABI {

/// Checkpoints of a training.
struct CheckpointOptions {
  std::string folder{};         ///< where the folders "checkpoint-<step>" go, of this training alone; empty: none
  Index every_steps = 0;        ///< optimizer steps between two; 0: only one at the end of each epoch
  Index save_total_limit = 2;   ///< the oldest ones are removed when there are more
  bool resume = false;          ///< resume from the newest complete one of `folder`, if there is one
  bool accept_changes = false;  ///< resume with other settings than the checkpoint's: they are reported, not refused
  /// Values by name that must be the same on resume, besides those that the trainer knows: e.g. a data file, see
  /// `file_setting`.
  std::map<std::string, std::string> settings{};
  std::ostream* log = &std::cout;  ///< what was restored, what was damaged or has changed; nullptr: silent
};

/// A data file as a setting: "train.tsv, CRC-32 3421780262", so that it is noticed when its content has changed. Of a
/// folder the files directly in it count, but not weights, which a checkpoint has itself, nor logs (.jsonl).
/// @return the path alone when it is neither. @throws IoError when a file cannot be read.
inline std::string file_setting(const std::string& path) {
  constexpr std::array<std::string_view, 9> kLeftOut{".safetensors", ".bin", ".h5",  ".msgpack", ".ot",
                                                     ".onnx",        ".pt",  ".pth", ".jsonl"};
  std::error_code failure;
  std::vector<std::filesystem::path> files;
  if (std::filesystem::is_regular_file(path, failure)) files = {path};
  if (std::filesystem::is_directory(path, failure))
    for (const auto& entry : std::filesystem::directory_iterator(path, failure))
      if (entry.is_regular_file(failure) &&
          std::find(kLeftOut.begin(), kLeftOut.end(), entry.path().extension().string()) == kLeftOut.end())
        files.push_back(entry.path());
  if (files.empty()) return path;
  std::sort(files.begin(), files.end());
  std::uint32_t crc = 0;
  for (const auto& name : files) {
    const FileBytes file(name.string());
    crc = crc32({reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()}, crc);
  }
  return concat(path, ", CRC-32 ", crc);
}

/// The state of a training when its checkpoint was written.
struct RestoredTraining {
  TrainingProgress progress;
  LoaderPosition position;  ///< of the training batches
  StateDict best;           ///< weights of the best evaluation; empty before the first
  StateDict scores;         ///< of the epoch that runs; see `detail::StateReader`
};

namespace detail {

/// A line for each setting that differs: "\n- lr: 0.1 in the checkpoint, 0.2 now".
/// @param all whether what the checkpoint has and `here` lacks is a difference too.
inline std::string setting_differences(const CheckpointFile& file, const std::map<std::string, std::string>& here,
                                       bool all) {
  std::string differences;
  const auto differ = [&](const std::string& name, const std::string& there, const std::string& now) {
    differences += concat("\n- ", name, ": ", there, " in the checkpoint, ", now, " now");
  };
  std::map<std::string, std::string> there;
  for (const auto& entry : json_field(file.state(), "/settings").items())
    there[entry.key()] =
        require<std::string>(file.state(), (nlohmann::json::json_pointer("/settings") / entry.key()).to_string());
  for (const auto& [name, value] : here) {
    const auto found = there.find(name);
    if (found == there.end()) {
      differ(name, "absent", value);
    } else if (found->second != value) {
      differ(name, found->second, value);
    }
  }
  for (const auto& [name, value] : there)
    if (all && !here.contains(name)) differ(name, value, "absent");
  return differences;
}

[[noreturn]] inline void refuse_settings(const CheckpointFile& file, const std::string& differences) {
  throw ConfigError(concat("[checkpoint] ", file.path(), " was written with other settings:", differences,
                           "\nGive the same settings, or accept_changes."));
}

}  // namespace detail

/// Compares `options.settings` with the checkpoint that a training would resume from, before its data are read and its
/// model is built. Without `resume` or a checkpoint, and with `accept_changes`, it does nothing.
/// @throws ConfigError naming every setting that differs; FormatError, IoError.
inline void check_settings(const CheckpointOptions& options) {
  if (!options.resume || options.accept_changes) return;
  const auto file = newest_checkpoint(options.folder, [](const Error&) {});
  if (!file) return;
  const std::string differences = detail::setting_differences(*file, options.settings, false);
  if (!differences.empty()) detail::refuse_settings(*file, differences);
}

/// Writes and reads the checkpoints of one training: weights, optimizer, average, random numbers, data position,
/// progress, and whatever was added by `add_state`.
class TrainingCheckpoints {
 public:
  /// @throws ConfigError for an option out of its range.
  explicit TrainingCheckpoints(CheckpointOptions options) : options_(std::move(options)) {
    if (options_.every_steps < 0 || options_.save_total_limit < 1)
      throw ConfigError(
          concat("[checkpoint] every_steps must not be negative and save_total_limit at least 1 but they "
                 "are ",
                 options_.every_steps, " and ", options_.save_total_limit));
    if (options_.resume && options_.folder.empty()) throw ConfigError("[checkpoint] resume needs a folder");
  }

  bool enabled() const { return !options_.folder.empty(); }
  /// Whether one is due after this optimizer step.
  bool due(Index step) const { return enabled() && options_.every_steps > 0 && step % options_.every_steps == 0; }

  /// "; the newest checkpoint is runs/checkpoint-20", or nothing.
  std::string newest_text() const {
    const auto entries = enabled() ? list_checkpoints(options_.folder) : std::vector<CheckpointEntry>();
    return entries.empty() ? "" : concat("; the newest checkpoint is ", entries.back().path);
  }

  /// Further state to be restored: a scheduler, the position in a log.
  /// @throws ConfigError when the name is taken.
  void add_state(const std::string& name, std::function<NumberState()> save,
                 std::function<void(const NumberState&)> load) {
    if (!states_.emplace(name, State{std::move(save), std::move(load)}).second)
      throw ConfigError(concat("[checkpoint] there is already a state named ", name));
  }
  /// A log, which a resumed training rewinds to where it was when the checkpoint was written. A log that the
  /// checkpoint does not know is not changed. @param location identifies the log in the checkpoint.
  void add_log(std::string location, std::function<Index()> position, std::function<void(Index)> rewind) {
    while (logs_.contains(location)) location += '+';
    logs_.emplace(std::move(location), Log{std::move(position), std::move(rewind)});
  }
  /// A setting that must be the same on resume: `"lr", "0.001"`.
  void set_setting(const std::string& name, std::string value) { options_.settings[name] = std::move(value); }

  /// Writes "checkpoint-<step>" atomically, then removes the oldest ones beyond the limit.
  /// @throws IoError; NumericalError when a weight is NaN or infinite: then nothing was written.
  void save(const TrainingProgress& progress, LoaderPosition position, const StateDict& model,
            const Optimizer& optimizer, const AveragedModel* average, const StateDict& best, const StateDict& scores) {
    const ProfileScope scope("checkpoint", ProfileCategory::kCheckpoint);
    check_finite(model);
    Checkpoint checkpoint;
    checkpoint.parts = {{"model", model}, {"optimizer", {}}};
    const OptimizerState optimizer_state = optimizer.state_dict();
    for (const auto& [name, tensor] : optimizer_state.tensors)
      std::visit([&, &name = name](const auto& typed) { checkpoint.parts["optimizer"].insert(name, typed); }, tensor);
    if (average != nullptr) checkpoint.parts["average"] = average->state_dict();
    if (!best.empty()) checkpoint.parts["best"] = best;
    if (!scores.empty()) checkpoint.parts["scores"] = scores;
    checkpoint.state = {{"progress", progress_to_json(progress)},
                        {"position", {{"epoch", position.epoch}, {"batch", position.batch}}},
                        {"generator", generator_to_json(default_generator())},
                        {"optimizer", detail::numbers_to_json(optimizer_state.numbers)},
                        {"average_updates", average == nullptr ? 0 : average->num_updates()},
                        {"settings", options_.settings},
                        {"states", nlohmann::json::object()},
                        {"logs", nlohmann::json::object()}};
    for (const auto& [name, state] : states_) checkpoint.state["states"][name] = detail::numbers_to_json(state.save());
    for (const auto& [location, log] : logs_) checkpoint.state["logs"][location] = log.position();
    std::error_code error;
    std::filesystem::create_directories(options_.folder, error);
    if (error) throw IoError(options_.folder, "cannot make the folder: " + error.message());
    sweep();
    save_checkpoint(checkpoint_path(options_.folder, progress.step), checkpoint);
    prune_checkpoints(options_.folder, options_.save_total_limit, progress.step);
  }

  /// With `resume`, restores model, optimizer, average, `default_generator()` and the added states from the newest
  /// complete checkpoint. @param model tensors that share storage with the model.
  /// @return nothing when there is none to resume from.
  /// @throws ConfigError naming every setting that differs; ConfigError when the folder has checkpoints and `resume`
  /// was
  ///   not given, because a new training would remove those of the old one as it writes its own; FormatError, IoError;
  ///   ShapeError or ValueError when the weights are of another model. Nothing was changed when the settings differ.
  std::optional<RestoredTraining> restore(StateDict& model, Optimizer& optimizer, AveragedModel* average) {
    if (!options_.resume) {
      if (const auto others = list_checkpoints(options_.folder); !others.empty())
        throw ConfigError(concat("[checkpoint] expected a folder without checkpoints but ", options_.folder,
                                 " has those of another training, up to step ", others.back().step,
                                 ": go on with it by resume, or name another folder"));
      return std::nullopt;
    }
    if (std::filesystem::is_directory(options_.folder)) sweep();
    const auto file = newest_checkpoint(options_.folder, [&](const Error& error) {
      tell(concat("a damaged checkpoint is passed over: ", error.what()));
    });
    if (!file) {
      tell(concat("nothing to resume in ", options_.folder, ": the training starts anew"));
      return std::nullopt;
    }
    const JsonFile& state = file->state();
    compare_settings(*file);
    RestoredTraining restored{.progress = progress_from_json(state, "/progress"),
                              .position = {.epoch = require<Index>(state, "/position/epoch", {.min = 0}),
                                           .batch = require<Index>(state, "/position/batch", {.min = 0})},
                              .best = {},
                              .scores = {}};
    const Generator generator = generator_from_json(state, "/generator");
    if (file->has_part("best")) restored.best = file->part("best");
    if (file->has_part("scores")) restored.scores = file->part("scores");
    if (average != nullptr)
      average->load_state_dict(file->part("average"), require<Index>(state, "/average_updates", {.min = 0}));
    optimizer.load_state_dict(optimizer_state(*file, optimizer));
    for (const auto& [name, one] : states_) one.load(added_state(state, name, one));
    std::vector<std::pair<const Log*, Index>> logs;
    for (const auto& [location, log] : logs_)
      if (const std::string field = (nlohmann::json::json_pointer("/logs") / location).to_string();
          has_field(state, field))
        logs.emplace_back(&log, require<Index>(state, field, {.min = 0}));
    copy_matching(file->part("model"), model).require_complete(file->path(), "the model");
    for (const auto& [log, position] : logs) log->rewind(position);
    default_generator() = generator;
    tell(concat("resumed from ", file->path(), ": epoch ", restored.progress.epoch, ", batch ", restored.progress.batch,
                ", step ", restored.progress.step));
    return restored;
  }

 private:
  struct State {
    std::function<NumberState()> save;
    std::function<void(const NumberState&)> load;
  };
  struct Log {
    std::function<Index()> position;
    std::function<void(Index)> rewind;
  };

  // The last step may have made a weight infinite: better the checkpoint before it than this one.
  static void check_finite(const StateDict& model) {
    for (const StateDict::Entry& entry : model)
      std::visit(
          [&]<Element T>(const Tensor<T>& tensor) {
            if constexpr (Floating<T>)
              if (const auto found = detail::nonfinite_in(tensor); !found.empty())
                throw NumericalError(concat("[checkpoint] expected finite weights but ", entry.name, " has ", found,
                                            "; none was written"));
          },
          entry.tensor);
  }

  // Removes, once, what killed processes left.
  void sweep() {
    if (!swept_) remove_unfinished(options_.folder);
    swept_ = true;
  }

  void tell(const std::string& text) const {
    if (options_.log != nullptr) *options_.log << "[checkpoint] " << text << std::endl;
  }

  void compare_settings(const CheckpointFile& file) const {
    const std::string differences = detail::setting_differences(file, options_.settings, true);
    if (differences.empty()) return;
    if (!options_.accept_changes) detail::refuse_settings(file, differences);
    tell(concat("settings that have changed since ", file.path(), ":", differences));
  }

  /// The saved state; with `accept_changes` the options of the groups are those of `optimizer`.
  OptimizerState optimizer_state(const CheckpointFile& file, const Optimizer& optimizer) const {
    OptimizerState result;
    result.numbers = detail::numbers_from_json(file.state(), "/optimizer");
    for (const auto& entry : file.part("optimizer")) {
      std::visit(
          [&, &name = entry.name]<typename T>(const Tensor<T>& tensor) {
            if constexpr (std::same_as<T, float> || std::same_as<T, double>) {
              result.tensors.emplace(name, tensor);
            } else {
              throw FormatError(file.path(), 0, concat("optimizer state '", name, "' must be float32 or float64"));
            }
          },
          entry.tensor);
    }
    if (options_.accept_changes)
      for (const auto& [name, value] : optimizer.state_dict().numbers)
        if (name.starts_with("groups.")) result.numbers[name] = value;
    return result;
  }

  /// The saved numbers of an added state; with `accept_changes` the base rates are the current ones.
  NumberState added_state(const JsonFile& state, const std::string& name, const State& one) const {
    NumberState numbers =
        detail::numbers_from_json(state, (nlohmann::json::json_pointer("/states") / name).to_string());
    if (options_.accept_changes)
      for (const auto& [key, value] : one.save())
        if (key.starts_with("base_lr.")) numbers[key] = value;
    return numbers;
  }

  CheckpointOptions options_;
  std::map<std::string, State> states_;
  std::map<std::string, Log> logs_;
  bool swept_ = false;
};

}  // namespace tempa::inline TEMPA_ABI
