// Checkpoints: folders "checkpoint-<step>" with everything that a training needs to resume, written atomically.
#pragma once

#include <tempa/io/detail/json/json.hpp>
#include <tempa/io/state_dict.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// The contents of a checkpoint. In its folder, part "model" is the file model.safetensors; `state` is in state.json.
struct Checkpoint {
  std::map<std::string, StateDict> parts;           ///< tensors: of the model, the optimizer, …
  nlohmann::json state = nlohmann::json::object();  ///< numbers and words: step, learning rate schedule, settings, …
};

namespace detail {

std::string part_file(std::string_view part);

}  // namespace detail

/// Writes `checkpoint` as the folder `path`, atomically; an existing one is replaced in one step.
/// @throws IoError when the disk is full or fails: nothing has changed then. ValueError when the state is not UTF-8.
void save_checkpoint(const std::string& path, const Checkpoint& checkpoint);

/// A checkpoint's state.json, and the names of its parts.
class CheckpointFile {
 public:
  /// Reads state.json and checks that every part exists with the size that it had when it was written.
  /// @throws IoError, FormatError naming the file and what is wrong with it.
  explicit CheckpointFile(std::string path);

  const std::string& path() const { return path_; }
  /// The state; the getters of io/detail/json/json.hpp read it with errors that name the file and the field.
  const JsonFile& state() const { return state_; }
  bool has_part(std::string_view part) const;
  /// The tensors of a part. @throws FormatError when the checkpoint has no such part, or the file is damaged.
  StateDict part(std::string_view part) const;

 private:
  std::string part_path(std::string_view part) const { return concat(path_, '/', detail::part_file(part)); }

  std::string path_;
  JsonFile state_;
  std::vector<std::string> parts_;
};

/// A checkpoint in a folder of checkpoints.
struct CheckpointEntry {
  Index step = 0;
  std::string path;
};

/// "<folder>/checkpoint-<step>". @source transformers.Trainer
std::string checkpoint_path(const std::string& folder, Index step);

/// The checkpoints in a folder by rising step; none when the folder does not exist. @throws IoError.
std::vector<CheckpointEntry> list_checkpoints(const std::string& folder);

/// The newest complete checkpoint of a folder, or nothing when there is none.
/// @param on_damaged called for each newer one that is damaged (by the disk or by hand: writing never leaves one).
std::optional<CheckpointFile> newest_checkpoint(
    const std::string& folder, const std::function<void(const Error&)>& on_damaged = [](const Error&) {});

/// Removes the oldest checkpoints of a folder until at most `limit` are left.
/// @param kept step of one that is kept in any case, such as the best one; it counts towards the limit.
/// @throws IoError; ConfigError for a limit below 1.
void prune_checkpoints(const std::string& folder, Index limit, std::optional<Index> kept = std::nullopt);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/io/impl/checkpoint.ipp>
#endif
