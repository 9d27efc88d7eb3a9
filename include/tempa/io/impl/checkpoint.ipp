// The bodies of <tempa/io/checkpoint.hpp>.
#pragma once

#include <tempa/io/checkpoint.hpp>
#include <tempa/io/files/detail/atomic_folder.hpp>
#include <tempa/io/safetensors/safetensors.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <system_error>
#include <utility>

namespace tempa::inline TEMPA_ABI {

namespace detail {

inline constexpr std::string_view kCheckpointPrefix = "checkpoint-";

inline constexpr std::string_view kCheckpointState = "state.json";

inline constexpr std::int64_t kCheckpointVersion = 1;

TEMPA_INLINE std::string part_file(std::string_view part) { return concat(part, ".safetensors"); }

}  // namespace detail

TEMPA_INLINE void save_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
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

TEMPA_INLINE CheckpointFile::CheckpointFile(std::string path) : path_(std::move(path)) {
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

TEMPA_INLINE bool CheckpointFile::has_part(std::string_view part) const {
  return std::find(parts_.begin(), parts_.end(), part) != parts_.end();
}

TEMPA_INLINE StateDict CheckpointFile::part(std::string_view part) const {
  if (!has_part(part)) throw FormatError(path_, 0, concat("expected a part '", part, "' but there is none"));
  return load_safetensors(part_path(part));
}

TEMPA_INLINE std::string checkpoint_path(const std::string& folder, Index step) {
  return concat(folder, '/', detail::kCheckpointPrefix, step);
}

TEMPA_INLINE std::vector<CheckpointEntry> list_checkpoints(const std::string& folder) {
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

TEMPA_INLINE std::optional<CheckpointFile> newest_checkpoint(const std::string& folder,
                                                             const std::function<void(const Error&)>& on_damaged) {
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

TEMPA_INLINE void prune_checkpoints(const std::string& folder, Index limit, std::optional<Index> kept) {
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
