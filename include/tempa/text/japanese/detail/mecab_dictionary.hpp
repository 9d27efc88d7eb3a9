// Finds a compiled MeCab dictionary on the system and checks it. Needs no MeCab.
#pragma once

#include <tempa/core/config.hpp>

#include <mecab.h>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Which dictionary MeCab uses, with the names of transformers' `mecab_kwargs`.
struct MecabOptions {
  /// mecab_dic: "ipadic", "unidic_lite" or "unidic"; the dictionary in use must be of this kind.
  std::optional<std::string> dictionary_name = std::nullopt;
  /// The dictionary's folder. Empty: the environment variable TEMPA_MECAB_DIC, and where that is not set
  /// `mecab_dictionary_folders(dictionary_name)`.
  std::filesystem::path dictionary{};
  /// mecab_option: more of MeCab's command-line options, such as `-u user.dic`. A `-d folder` in it is where the
  /// dictionary is if nothing else says so; MeCab's own settings file (`-r`) is never read.
  std::string arguments{};
  bool normalize_text = true;  ///< NFKC first
};

/// A dictionary that was found and passed the checks.
struct MecabDictionary {
  std::filesystem::path folder;
  std::int64_t word_count = 0;
  std::int64_t context_count = 0;  ///< left contexts; 1316 for ipadic
  /// @return whether it is an ipadic, by its connection matrix.
  bool is_ipadic() const { return context_count == kIpadicContexts; }

  static constexpr std::int64_t kIpadicContexts = 1316;
  /// Words of the ipadic that transformers uses (the PyPI package ipadic 1.0.0). Debian's mecab-ipadic-utf8 has one
  /// more, 令和, and segments texts with it differently; scripts/make_ipadic makes the one without it.
  static constexpr std::int64_t kIpadicWords = 392126;
};

/// The folders that are searched for a dictionary of this name, in this order: `tempa/<name>` in the user's and the
/// system's data folders (where scripts/make_ipadic puts it), then the packages of the distributions.
std::vector<std::filesystem::path> mecab_dictionary_folders(std::string_view name);

namespace detail {

/// Splits command-line options at white space that is not within single or double quotation marks.
/// @source Python `shlex.split`, without its backslashes.
std::vector<std::string> split_arguments(std::string_view text);

/// Removes `-d` and `-r` from MeCab's arguments. @return the folder after the last `-d`, or an empty path.
std::filesystem::path take_dictionary_argument(std::vector<std::string>& arguments);

std::string joined(const std::vector<std::filesystem::path>& folders);

}  // namespace detail

/// Finds the dictionary that `options` describe.
/// @throws ConfigError where none is found (naming every folder tried), where no dictionary is named, or where the
///   named folder is no dictionary or of another kind than `dictionary_name`; IoError, FormatError where its sys.dic is
///   broken.
MecabDictionary find_mecab_dictionary(const MecabOptions& options);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/japanese/detail/impl/mecab_dictionary.ipp>
#endif
