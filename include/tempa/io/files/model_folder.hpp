// The folder of a trained model with all its files, replaced as a whole.
#pragma once

#include <tempa/io/files/file.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// Gives a file or folder the owner and the permissions of the one that it replaces, where there is one.
void adopt_owner(const std::string& path, const std::string& replaced);

}  // namespace detail

/// A model's folder that is written anew and replaced as a whole: weights, config.json, tokenizer, settings and metrics
/// always belong to the same training, even if the process is killed. Other files that a user keeps there stay.
///
///   ModelFolder::require_writable("out");    // before the training: an error now, not hours later
///   …
///   ModelFolder folder("out");
///   model.save_pretrained(folder.path());
///   tokenizer.save_pretrained(folder.path());
///   folder.commit();
///
/// The new folder is filled beside the old one, under a name that begins with a dot, gets the old one's other files as
/// hard links, and changes places with it in one step. Where that is impossible (the folder is a mount point, this
/// process works in it, the folder around it may not be written, the file system has no hard links or cannot
/// exchange), the new files are written to a folder inside it, flushed to disk, and then exchanged one by
/// one, which takes milliseconds; an error undoes the exchanges so far.
class ModelFolder {
 public:
  /// @param path created if missing, with its parent folders; a symbolic link to a folder stays one.
  /// @param own_files names of files that belong to the model besides those that every model has.
  /// @throws IoError when the path is no folder, or may not be written.
  explicit ModelFolder(const std::filesystem::path& path, std::vector<std::string> own_files = {});
  ModelFolder(const ModelFolder&) = delete;
  ModelFolder& operator=(const ModelFolder&) = delete;
  /// Removes what was written if there was no `commit`, else what was replaced.
  ~ModelFolder();

  /// @throws IoError when a model cannot be written to `path`, as the constructor. An existing folder is not
  /// changed.
  static void require_writable(const std::filesystem::path& path) { const ModelFolder probe(path); }

  /// Where the files are to be written, until `commit`.
  std::filesystem::path path() const { return temporary_path_; }

  /// Flushes everything to disk and replaces the old folder. Call it once, last.
  /// @throws IoError when the disk fails: the old folder is unchanged then.
  void commit();

 private:
  static constexpr std::string_view kInside = "new";

  void put_in_place();

  /// The folder that a path refers to, with links resolved; its parent folder is created.
  std::string place_of(const std::filesystem::path& path) const;

  bool is_there() const;
  /// Whether an existing folder can be renamed without harm.
  bool can_be_exchanged() const;
  /// Makes a folder with a new name beside `place`: not one left by a killed process that had the same process id.
  bool make(const std::string& place);
  bool is_replaced(const std::string& name) const;

  /// All of it in one step. @return false, and nothing has changed, when the file system cannot.
  bool exchange();

  enum class Give { kLink, kMove };
  /// Adds to the folder `to` what only the folder `from` has, but no part of a model. @throws filesystem_error.
  void give_others(const std::filesystem::path& from, const std::filesystem::path& to, bool top, Give how) const;

  /// Exchanges file by file. @throws IoError after the exchanges so far have been undone.
  void exchange_files();

  std::string name_;  // as errors call it
  std::vector<std::string> own_files_;
  std::string place_, temporary_path_;
  bool beside_ = true;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/io/files/impl/model_folder.ipp>
#endif
