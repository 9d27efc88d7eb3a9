// The MeCab dictionary with which the golden ids were made.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/text/japanese/detail/mecab_dictionary.hpp>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

/// The folder of an ipadic with the words of the Python package (see `MecabDictionary::kIpadicWords`): the one that is
/// found, or one that scripts/make_ipadic makes for this process.
/// @return nothing where neither is possible, or the build has no MeCab; the test then says `WARN("skipped: ...")`.
inline std::optional<std::filesystem::path> ipadic_folder() {
#if defined(TEMPA_WITH_MECAB)
  static const std::optional<std::filesystem::path> folder = []() -> std::optional<std::filesystem::path> {
    try {
      const tempa::MecabDictionary found = tempa::find_mecab_dictionary({.dictionary_name = "ipadic"});
      if (found.word_count == tempa::MecabDictionary::kIpadicWords) return found.folder;
    } catch (const tempa::Error&) {
      // None is installed, but perhaps its sources are.
    }
    static const TemporaryFolder made;
    const std::filesystem::path script =
        std::filesystem::path(TEMPA_TESTS_DIR).parent_path() / "scripts" / "make_ipadic";
    const std::filesystem::path target = made.path() / "ipadic";
    const std::string command = script.string() + " " + target.string() + " >/dev/null 2>&1";
    if (std::system(command.c_str()) != 0) return std::nullopt;
    return target;
  }();
  return folder;
#else
  return std::nullopt;
#endif
}

/// Sets the folder of the dictionary, or skips the test case with the reason.
#if defined(TEMPA_WITH_MECAB)
#define TEMPA_REQUIRE_IPADIC(name)                                                                       \
  const auto name = ipadic_folder();                                                                     \
  if (!name) {                                                                                           \
    WARN("skipped: no ipadic with 392126 words, and scripts/make_ipadic cannot make it (mecab-ipadic)"); \
    return;                                                                                              \
  }
#else
#define TEMPA_REQUIRE_IPADIC(name)                                   \
  const std::optional<std::filesystem::path> name = ipadic_folder(); \
  WARN("skipped: this build has no MeCab");                          \
  return
#endif
