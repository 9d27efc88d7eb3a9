// Saves a training and resumes it.
#pragma once

#include <tempa/data/data_loader.hpp>
#include <tempa/io/checkpoint.hpp>
#include <tempa/optim/averaged_model.hpp>
#include <tempa/optim/optimizer.hpp>
#include <tempa/train/detail/training_progress.hpp>

#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <utility>

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
std::string file_setting(const std::string& path);

/// The state of a training when its checkpoint was written.
struct RestoredTraining {
  TrainingProgress progress;
  LoaderPosition position;  ///< of the training batches
  StateDict best;           ///< weights of the best evaluation; empty before the first
  StateDict scores;         ///< of the epoch that runs; see `detail::StateReader`
};

/// Compares `options.settings` with the checkpoint that a training would resume from, before its data are read and its
/// model is built. Without `resume` or a checkpoint, and with `accept_changes`, it does nothing.
/// @throws ConfigError naming every setting that differs; FormatError, IoError.
void check_settings(const CheckpointOptions& options);

/// Writes and reads the checkpoints of one training: weights, optimizer, average, random numbers, data position,
/// progress, and whatever was added by `add_state`.
class TrainingCheckpoints {
 public:
  /// @throws ConfigError for an option out of its range.
  explicit TrainingCheckpoints(CheckpointOptions options);

  bool enabled() const { return !options_.folder.empty(); }
  /// Whether one is due after this optimizer step.
  bool due(Index step) const { return enabled() && options_.every_steps > 0 && step % options_.every_steps == 0; }

  /// "; the newest checkpoint is runs/checkpoint-20", or nothing.
  std::string newest_text() const;

  /// Further state to be restored: a scheduler, the position in a log.
  /// @throws ConfigError when the name is taken.
  void add_state(const std::string& name, std::function<NumberState()> save,
                 std::function<void(const NumberState&)> load);
  /// A log, which a resumed training rewinds to where it was when the checkpoint was written. A log that the
  /// checkpoint does not know is not changed. @param location identifies the log in the checkpoint.
  void add_log(std::string location, std::function<Index()> position, std::function<void(Index)> rewind);
  /// A setting that must be the same on resume: `"lr", "0.001"`.
  void set_setting(const std::string& name, std::string value) { options_.settings[name] = std::move(value); }

  /// Writes "checkpoint-<step>" atomically, then removes the oldest ones beyond the limit.
  /// @throws IoError; NumericalError when a weight is NaN or infinite: then nothing was written.
  void save(const TrainingProgress& progress, LoaderPosition position, const StateDict& model,
            const Optimizer& optimizer, const AveragedModel* average, const StateDict& best, const StateDict& scores);

  /// With `resume`, restores model, optimizer, average, `default_generator()` and the added states from the newest
  /// complete checkpoint. @param model tensors that share storage with the model.
  /// @return nothing when there is none to resume from.
  /// @throws ConfigError naming every setting that differs, or when the folder has checkpoints and `resume` was
  ///   not given, because a new training would remove those of the old one as it writes its own; FormatError, IoError;
  ///   ShapeError or ValueError when the weights are of another model. Nothing was changed when the settings differ.
  std::optional<RestoredTraining> restore(StateDict& model, Optimizer& optimizer, AveragedModel* average);

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
  static void check_finite(const StateDict& model);

  // Removes, once, what killed processes left.
  void sweep();

  void tell(const std::string& text) const;

  void compare_settings(const CheckpointFile& file) const;

  /// The saved state; with `accept_changes` the options of the groups are those of `optimizer`.
  OptimizerState optimizer_state(const CheckpointFile& file, const Optimizer& optimizer) const;

  /// The saved numbers of an added state; with `accept_changes` the base rates are the current ones.
  NumberState added_state(const JsonFile& state, const std::string& name, const State& one) const;

  CheckpointOptions options_;
  std::map<std::string, State> states_;
  std::map<std::string, Log> logs_;
  bool swept_ = false;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/train/detail/impl/training_checkpoint.ipp>
#endif
