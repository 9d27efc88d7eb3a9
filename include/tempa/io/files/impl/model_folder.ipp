// The bodies of <tempa/io/files/model_folder.hpp>.
#pragma once

#include <tempa/io/files/detail/atomic_folder.hpp>
#include <tempa/io/files/model_folder.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// Whether a file of this name is a part of a model. Such files of an earlier model must not stay beside those of a new
/// one, as they would be taken for its weights or its tokenizer.
inline bool is_model_file(std::string_view name) {
  constexpr std::array<std::string_view, 14> kNames{"config.json",
                                                    "model.safetensors",
                                                    "model.safetensors.index.json",
                                                    "pytorch_model.bin",
                                                    "pytorch_model.bin.index.json",
                                                    "vocab.txt",
                                                    "tokenizer.json",
                                                    "tokenizer_config.json",
                                                    "special_tokens_map.json",
                                                    "added_tokens.json",
                                                    "spiece.model",
                                                    "sentencepiece.bpe.model",
                                                    "spm.model",
                                                    "metrics.json"};
  const auto is_part = [&](std::string_view begin, std::string_view end) {  // model-00001-of-00002.safetensors
    return name.starts_with(begin) && name.ends_with(end) && name.find("-of-") != std::string_view::npos;
  };
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end() || is_part("model-", ".safetensors") ||
         is_part("pytorch_model-", ".bin");
}

/// Whether a folder is a mount point, which cannot be renamed.
inline bool is_mount_point(const std::string& folder) {
#if defined(STATX_ATTR_MOUNT_ROOT)
  struct statx status = {};
  if (::statx(AT_FDCWD, folder.c_str(), 0, 0, &status) == 0 &&
      (status.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0)
    return (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
#endif
  struct stat own = {}, above = {};
  return ::stat(folder.c_str(), &own) == 0 && ::stat(concat(folder, "/..").c_str(), &above) == 0 &&
         (own.st_dev != above.st_dev || own.st_ino == above.st_ino);
}

TEMPA_INLINE void adopt_owner(const std::string& path, const std::string& replaced) {
  struct stat old = {};
  const Descriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (opened.number() >= 0 && ::lstat(replaced.c_str(), &old) == 0 && !S_ISLNK(old.st_mode))
    adopt_owner(opened.number(), old);
}

/// Whether two names refer to one file, or to symbolic links with the same text.
inline bool is_same_file(const std::string& one, const std::string& other) {
  struct stat first = {}, second = {};
  if (::lstat(one.c_str(), &first) != 0 || ::lstat(other.c_str(), &second) != 0) return false;
  if (first.st_dev == second.st_dev && first.st_ino == second.st_ino) return true;
  std::error_code error;
  return S_ISLNK(first.st_mode) && S_ISLNK(second.st_mode) &&
         std::filesystem::read_symlink(one, error) == std::filesystem::read_symlink(other, error) && !error;
}

/// Exchanges two names, in one step where the file system can. @return false with errno, when both
/// are unchanged.
inline bool exchange_names(const std::string& one, const std::string& other) {
  if (::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) == 0) return true;
  if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) return false;
  const std::string third = temporary_path(one);
  if (::rename(one.c_str(), third.c_str()) != 0) return false;
  const bool moved = ::rename(other.c_str(), one.c_str()) == 0;
  if (moved && ::rename(third.c_str(), other.c_str()) == 0) return true;
  const int reason = errno;
  if (moved) ::rename(one.c_str(), other.c_str());
  ::rename(third.c_str(), one.c_str());
  errno = reason;
  return false;
}

}  // namespace detail

TEMPA_INLINE ModelFolder::ModelFolder(const std::filesystem::path& path, std::vector<std::string> own_files)
    : name_(path.string()), own_files_(std::move(own_files)), place_(place_of(path)) {
  const std::filesystem::path around = std::filesystem::path(place_).parent_path();
  if (!is_there() || can_be_exchanged()) {
    remove_unfinished(around.string(), std::filesystem::path(place_).filename().string());
    if (make(place_)) return;
    const int reason = errno;
    if (!is_there()) {
      errno = reason;
      detail::throw_system_error(name_, "cannot make a folder here");
    }
  }
  remove_unfinished(place_, kInside);
  if (!make(concat(place_, '/', kInside))) detail::throw_system_error(name_, "cannot write in this folder");
  beside_ = false;
}

TEMPA_INLINE ModelFolder::~ModelFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(temporary_path_, ignored);
}

TEMPA_INLINE void ModelFolder::commit() {
  try {
    put_in_place();
  } catch (const std::filesystem::filesystem_error& error) {
    throw IoError(name_, concat("cannot replace the folder: ", error.code().message()));
  }
}

TEMPA_INLINE void ModelFolder::put_in_place() {
  for (const auto& entry : std::filesystem::directory_iterator(temporary_path_))
    if (entry.is_regular_file())
      detail::adopt_owner(entry.path(), concat(place_, '/', entry.path().filename().string()));
  detail::sync_tree(temporary_path_);
  if (!is_there()) {
    if (::rename(temporary_path_.c_str(), place_.c_str()) != 0)
      detail::throw_system_error(name_, "cannot put the folder in its place");
  } else if (!(beside_ && exchange())) {
    exchange_files();
  }
  detail::sync_folder(detail::folder_of(place_));
}

TEMPA_INLINE std::string ModelFolder::place_of(const std::filesystem::path& path) const {
  std::string found = path.string();
  while (found.size() > 1 && found.back() == '/') found.pop_back();
  if (const auto place = detail::canonical_path(found)) {
    struct stat status = {};
    if (::stat(place->c_str(), &status) == 0 && !S_ISDIR(status.st_mode))
      throw IoError(name_, "expected a folder but it is a file");
    if (::faccessat(AT_FDCWD, place->c_str(), W_OK | X_OK, AT_EACCESS) != 0)
      detail::throw_system_error(name_, "cannot write in this folder");
    return *place;
  }
  if (errno != ENOENT || found.empty()) detail::throw_system_error(name_, "cannot make the folder");
  std::error_code error;
  for (int links = 0; links < 40 && std::filesystem::is_symlink(found, error); ++links) {  // a dangling link
    const auto next = std::filesystem::read_symlink(found, error);
    found = next.is_absolute() ? next.string() : detail::folder_of(found) + next.string();
  }
  const std::string around = detail::folder_of(found);
  std::filesystem::create_directories(around, error);
  if (error) throw IoError(name_, concat("cannot make the folder ", around, ": ", error.message()));
  const auto place = detail::canonical_path(around);
  if (!place) detail::throw_system_error(name_, "cannot make the folder");
  return concat(*place == "/" ? "" : *place, '/', found.substr(found.rfind('/') + 1));
}

TEMPA_INLINE bool ModelFolder::is_there() const {
  struct stat status = {};
  return ::stat(place_.c_str(), &status) == 0;
}

TEMPA_INLINE bool ModelFolder::can_be_exchanged() const {
  const std::string here = detail::canonical_path(".").value_or("");
  return place_ != "/" && here != place_ && !here.starts_with(place_ + '/') && !detail::is_mount_point(place_);
}

TEMPA_INLINE bool ModelFolder::make(const std::string& place) {
  do {
    temporary_path_ = detail::temporary_path(place);
    if (::mkdir(temporary_path_.c_str(), 0777) == 0) return true;
  } while (errno == EEXIST);
  return false;
}

TEMPA_INLINE bool ModelFolder::is_replaced(const std::string& name) const {
  return detail::is_model_file(name) || std::find(own_files_.begin(), own_files_.end(), name) != own_files_.end();
}

TEMPA_INLINE bool ModelFolder::exchange() {
  try {
    give_others(place_, temporary_path_, /*top=*/true, Give::kLink);
  } catch (const std::filesystem::filesystem_error&) {
    return false;
  }
  detail::adopt_owner(temporary_path_, place_);
  detail::sync_folder(temporary_path_);
  if (::renameat2(AT_FDCWD, temporary_path_.c_str(), AT_FDCWD, place_.c_str(), RENAME_EXCHANGE) != 0) return false;
  try {  // what others have put into the old folder meanwhile
    give_others(temporary_path_, place_, /*top=*/true, Give::kMove);
  } catch (const std::filesystem::filesystem_error&) {  // the model is in place all the same
  }
  return true;
}

TEMPA_INLINE void ModelFolder::give_others(const std::filesystem::path& from, const std::filesystem::path& to, bool top,
                                           Give how) const {
  for (const auto& entry : std::filesystem::directory_iterator(from)) {
    const std::filesystem::path name = entry.path().filename(), target = to / name;
    if (top && is_replaced(name.string())) continue;
    const bool folder = entry.is_directory() && !entry.is_symlink();
    const bool there = std::filesystem::exists(std::filesystem::symlink_status(target));
    if (folder && (how == Give::kLink || there)) {
      if (!there && std::filesystem::create_directory(target, entry.path()))
        detail::adopt_owner(target.string(), entry.path().string());
      if (std::filesystem::is_directory(std::filesystem::symlink_status(target)))
        give_others(entry.path(), target, false, how);
    } else if (!there && how == Give::kMove) {
      std::filesystem::rename(entry.path(), target);
    } else if (!there && entry.is_symlink()) {
      std::filesystem::copy_symlink(entry.path(), target);
    } else if (!there) {
      std::filesystem::create_hard_link(entry.path(), target);
    }
  }
}

TEMPA_INLINE void ModelFolder::exchange_files() {
  struct Step {
    std::string inside, place;
    bool exchanged;  // else moved
  };
  std::vector<Step> done;
  // @return whether what is `inside` is in its place now, and what was there is inside
  const auto put = [&](const Step& step) {
    if (!(step.exchanged ? detail::exchange_names(step.inside, step.place)
                         : ::rename(step.inside.c_str(), step.place.c_str()) == 0))
      return false;
    done.push_back(step);
    return true;
  };
  const auto is_name = [](const std::string& path) {
    struct stat status = {};
    return ::lstat(path.c_str(), &status) == 0;
  };
  bool well = true;
  std::vector<std::string> names;  // before any of them moves
  for (const auto& entry : std::filesystem::recursive_directory_iterator(temporary_path_)) {
    const std::string name = entry.path().lexically_relative(temporary_path_).string();
    if (!entry.is_directory() || entry.is_symlink()) {
      names.push_back(name);
    } else if (const std::string folder = concat(place_, '/', name); well) {
      well = ::mkdir(folder.c_str(), 0777) == 0 || errno == EEXIST;
    }
  }
  for (std::size_t i = 0; well && i < names.size(); ++i) {
    const std::string place = concat(place_, '/', names[i]);
    if (detail::is_same_file(concat(temporary_path_, '/', names[i]), place)) continue;  // another file of the user's
    well = put({concat(temporary_path_, '/', names[i]), place, is_name(place)});
  }
  std::vector<std::string> orphans;
  if (well)
    for (const auto& entry : std::filesystem::directory_iterator(place_)) {
      const std::string name = entry.path().filename().string();
      if (is_replaced(name) && std::find(names.begin(), names.end(), name) == names.end()) orphans.push_back(name);
    }
  for (std::size_t i = 0; well && i < orphans.size(); ++i)
    well = put({concat(place_, '/', orphans[i]), concat(temporary_path_, '/', orphans[i]), false});
  if (well) return;
  const int reason = errno;
  for (auto step = done.rbegin(); step != done.rend(); ++step)
    if (step->exchanged) {
      detail::exchange_names(step->inside, step->place);
    } else {
      ::rename(step->place.c_str(), step->inside.c_str());
    }
  errno = reason;
  detail::throw_system_error(name_, "cannot replace the files of the folder");
}

}  // namespace tempa::inline TEMPA_ABI
