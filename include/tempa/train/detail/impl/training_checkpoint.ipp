// The bodies of <tempa/train/detail/training_checkpoint.hpp>.
#pragma once

#include <tempa/autograd/detect_anomaly.hpp>
#include <tempa/io/files/detail/atomic_folder.hpp>
#include <tempa/io/files/detail/crc32.hpp>
#include <tempa/io/files/file.hpp>
#include <tempa/train/detail/training_checkpoint.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <variant>
#include <vector>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE std::string file_setting(const std::string& path) {
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

TEMPA_INLINE void check_settings(const CheckpointOptions& options) {
  if (!options.resume || options.accept_changes) return;
  const auto file = newest_checkpoint(options.folder, [](const Error&) {});
  if (!file) return;
  const std::string differences = detail::setting_differences(*file, options.settings, false);
  if (!differences.empty()) detail::refuse_settings(*file, differences);
}

TEMPA_INLINE TrainingCheckpoints::TrainingCheckpoints(CheckpointOptions options) : options_(std::move(options)) {
  if (options_.every_steps < 0 || options_.save_total_limit < 1)
    throw ConfigError(
        concat("[checkpoint] every_steps must not be negative and save_total_limit at least 1 but they "
               "are ",
               options_.every_steps, " and ", options_.save_total_limit));
  if (options_.resume && options_.folder.empty()) throw ConfigError("[checkpoint] resume needs a folder");
}

TEMPA_INLINE std::string TrainingCheckpoints::newest_text() const {
  const auto entries = enabled() ? list_checkpoints(options_.folder) : std::vector<CheckpointEntry>();
  return entries.empty() ? "" : concat("; the newest checkpoint is ", entries.back().path);
}

TEMPA_INLINE void TrainingCheckpoints::add_state(const std::string& name, std::function<NumberState()> save,
                                                 std::function<void(const NumberState&)> load) {
  if (!states_.emplace(name, State{std::move(save), std::move(load)}).second)
    throw ConfigError(concat("[checkpoint] there is already a state named ", name));
}

TEMPA_INLINE void TrainingCheckpoints::add_log(std::string location, std::function<Index()> position,
                                               std::function<void(Index)> rewind) {
  while (logs_.contains(location)) location += '+';
  logs_.emplace(std::move(location), Log{std::move(position), std::move(rewind)});
}

TEMPA_INLINE void TrainingCheckpoints::save(const TrainingProgress& progress, LoaderPosition position,
                                            const StateDict& model, const Optimizer& optimizer,
                                            const AveragedModel* average, const StateDict& best,
                                            const StateDict& scores) {
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

TEMPA_INLINE std::optional<RestoredTraining> TrainingCheckpoints::restore(StateDict& model, Optimizer& optimizer,
                                                                          AveragedModel* average) {
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

TEMPA_INLINE void TrainingCheckpoints::check_finite(const StateDict& model) {
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

TEMPA_INLINE void TrainingCheckpoints::sweep() {
  if (!swept_) remove_unfinished(options_.folder);
  swept_ = true;
}

TEMPA_INLINE void TrainingCheckpoints::tell(const std::string& text) const {
  if (options_.log != nullptr) *options_.log << "[checkpoint] " << text << std::endl;
}

TEMPA_INLINE void TrainingCheckpoints::compare_settings(const CheckpointFile& file) const {
  const std::string differences = detail::setting_differences(file, options_.settings, true);
  if (differences.empty()) return;
  if (!options_.accept_changes) detail::refuse_settings(file, differences);
  tell(concat("settings that have changed since ", file.path(), ":", differences));
}

TEMPA_INLINE OptimizerState TrainingCheckpoints::optimizer_state(const CheckpointFile& file,
                                                                 const Optimizer& optimizer) const {
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

TEMPA_INLINE NumberState TrainingCheckpoints::added_state(const JsonFile& state, const std::string& name,
                                                          const State& one) const {
  NumberState numbers = detail::numbers_from_json(state, (nlohmann::json::json_pointer("/states") / name).to_string());
  if (options_.accept_changes)
    for (const auto& [key, value] : one.save())
      if (key.starts_with("base_lr.")) numbers[key] = value;
  return numbers;
}

}  // namespace tempa::inline TEMPA_ABI
