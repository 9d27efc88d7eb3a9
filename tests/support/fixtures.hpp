// The paths of the tests' files.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>

/// The path of a committed fixture, e.g. fixture_path("text/vocab.txt") -> tests/fixtures/text/vocab.txt.
inline std::filesystem::path fixture_path(std::string_view name) {
  return std::filesystem::path(TEMPA_TESTS_DIR) / "fixtures" / name;
}

/// The folder of a program's example data, e.g. example_path("smsa_sentiment/sample").
inline std::filesystem::path example_path(std::string_view name) {
  return std::filesystem::path(TEMPA_TESTS_DIR).parent_path() / "examples" / name;
}

/// The folder of the real SmSA files: the environment's TEMPA_SMSA_DIR, else ../shared/data/smsa beside the source
/// tree.
/// @return nothing where there is none; the test then says `WARN("skipped: ...")` and returns.
inline std::optional<std::filesystem::path> smsa_dir() {
  const char* named = std::getenv("TEMPA_SMSA_DIR");
  const bool is_named = named != nullptr && *named != '\0';
  const std::filesystem::path dir =
      is_named ? std::filesystem::path(named)
               : std::filesystem::path(TEMPA_TESTS_DIR).parent_path().parent_path() / "shared/data/smsa";
  if (!std::filesystem::exists(dir / "train_preprocess.tsv")) return std::nullopt;
  return dir;
}
