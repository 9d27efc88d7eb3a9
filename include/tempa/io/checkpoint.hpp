// Checkpoints: folders "checkpoint-<step>" with everything that a training needs to resume, written atomically.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/io/detail/json/json.hpp>
#include <tempa/io/files/detail/atomic_folder.hpp>
#include <tempa/io/safetensors/safetensors.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("io");

namespace tempa::inline TEMPA_ABI {

/// The contents of a checkpoint. In its folder, part "model" is the file model.safetensors; `state` is in state.json.
struct Checkpoint {
  std::map<std::string, StateDict> parts;           ///< tensors: of the model, the optimizer, …
  nlohmann::json state = nlohmann::json::object();  ///< numbers and words: step, learning rate schedule, settings, …
};

namespace detail {

inline constexpr std::string_view kCheckpointPrefix = "checkpoint-";
inline constexpr std::string_view kCheckpointState = "state.json";
inline constexpr std::int64_t kCheckpointVersion = 1;

inline std::string part_file(std::string_view part) { return concat(part, ".safetensors"); }

}  // namespace detail

/// Writes `checkpoint` as the folder `path`, atomically; an existing one is replaced in one step.
/// @throws IoError when the disk is full or fails: nothing has changed then. ValueError when the state is not UTF-8.
inline void save_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  AtomicFolder folder(path);
  nlohmann::json sizes = nlohmann::json::object();
  for (const auto& [part, tensors] : checkpoint.parts) {
    const std::string file = folder.file(detail::part_file(part));
    save_safetensors(file, tensors);
    sizes[part] = static_cast<std::uint64_t>(std::filesystem::file_size(file));
  }
  write_json(folder.file(detail::kCheckpointState),
             {{"checkpoint_version", detail::kCheckpointVersion}, {"part_bytes", sizes}, {"state", checkpoint.state}});
  folder.commit();
}

/// A checkpoint's state.json, and the names of its parts.
class CheckpointFile {
 public:
  /// Reads state.json and checks that every part exists with the size that it had when it was written.
  /// @throws IoError, FormatError naming the file and what is wrong with it.
  explicit CheckpointFile(std::string path) : path_(std::move(path)) {
    const JsonFile whole = read_json(concat(path_, '/', detail::kCheckpointState));
    const auto version = require<std::int64_t>(whole, "checkpoint_version");
    if (version != detail::kCheckpointVersion)
      throw field_error(whole, "checkpoint_version",
                        concat("expected ", detail::kCheckpointVersion, " but got ", version));
    for (const char* field : {"part_bytes", "state"})
      if (!has_field(whole, field) || !whole.root.at(field).is_object())
        throw field_error(whole, field, "expected an object");
    for (const auto& [part, bytes] : whole.root.at("part_bytes").items()) {
      const auto expected =
          require<std::uint64_t>(whole, (nlohmann::json::json_pointer("/part_bytes") / part).to_string());
      const std::string file = part_path(part);
      std::error_code error;
      const std::uintmax_t size = std::filesystem::file_size(file, error);
      if (error) throw IoError(file, "cannot read the size: " + error.message());
      if (size != expected) throw FormatError(file, 0, concat("expected ", expected, " bytes but has ", size));
      parts_.push_back(part);
    }
    state_ = {whole.path, whole.root.at("state").dump(), whole.root.at("state")};
  }

  const std::string& path() const { return path_; }
  /// The state; the getters of io/json.hpp read it with errors that name the file and the field.
  const JsonFile& state() const { return state_; }
  bool has_part(std::string_view part) const { return std::find(parts_.begin(), parts_.end(), part) != parts_.end(); }
  /// The tensors of a part. @throws FormatError when the checkpoint has no such part, or the file is damaged.
  StateDict part(std::string_view part) const {
    if (!has_part(part)) throw FormatError(path_, 0, concat("expected a part '", part, "' but there is none"));
    return load_safetensors(part_path(part));
  }

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
inline std::string checkpoint_path(const std::string& folder, Index step) {
  return concat(folder, '/', detail::kCheckpointPrefix, step);
}

/// The checkpoints in a folder by rising step; none when the folder does not exist. @throws IoError.
inline std::vector<CheckpointEntry> list_checkpoints(const std::string& folder) {
  std::vector<CheckpointEntry> found;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (!name.starts_with(detail::kCheckpointPrefix) || !entry->is_directory()) continue;
    name.erase(0, detail::kCheckpointPrefix.size());
    Index step = 0;
    const auto [last, wrong] = std::from_chars(name.data(), name.data() + name.size(), step);
    if (wrong == std::errc() && last == name.data() + name.size() && step >= 0)
      found.push_back({step, entry->path().string()});
  }
  if (error && error != std::errc::no_such_file_or_directory)
    throw IoError(folder, "cannot read the folder: " + error.message());
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.step < b.step; });
  return found;
}

/// The newest complete checkpoint of a folder, or nothing when there is none.
/// @param on_damaged called for each newer one that is damaged (by the disk or by hand: writing never leaves one).
inline std::optional<CheckpointFile> newest_checkpoint(
    const std::string& folder, const std::function<void(const Error&)>& on_damaged = [](const Error&) {}) {
  auto entries = list_checkpoints(folder);
  for (; !entries.empty(); entries.pop_back()) {
    try {
      return CheckpointFile(entries.back().path);
    } catch (const Error& error) {
      on_damaged(error);
    }
  }
  return std::nullopt;
}

/// Removes the oldest checkpoints of a folder until at most `limit` are left.
/// @param kept step of one that is kept in any case, such as the best one; it counts towards the limit.
/// @throws IoError; ConfigError for a limit below 1.
inline void prune_checkpoints(const std::string& folder, Index limit, std::optional<Index> kept = std::nullopt) {
  if (limit < 1) throw ConfigError(concat("[prune_checkpoints] limit must be at least 1 but is ", limit));
  const auto entries = list_checkpoints(folder);
  Index surplus = static_cast<Index>(entries.size()) - limit;
  for (const CheckpointEntry& entry : entries) {
    if (surplus <= 0 || &entry == &entries.back()) break;
    if (kept && entry.step == *kept) continue;
    remove_folder(entry.path);
    --surplus;
  }
}

}  // namespace tempa::inline TEMPA_ABI
