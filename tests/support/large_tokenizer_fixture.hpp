// Ids of transformers for tens of thousands of lines: too large to be committed, made by the scripts
// `make_…_tokenizer.py large` and `make_sentencepiece.py large` in tests/fixtures/text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

/// The model folders in the environment's TEMPA_LARGE_TOKENIZER_FIXTURES whose names begin with `kind`; none where it
/// is not set. The test then says `WARN("skipped: ...")` and returns.
inline std::vector<std::filesystem::path> large_tokenizer_folders(const std::string& kind) {
  std::vector<std::filesystem::path> folders;
  const char* const named = std::getenv("TEMPA_LARGE_TOKENIZER_FIXTURES");
  if (named == nullptr || *named == '\0') return folders;
  for (const auto& entry : std::filesystem::directory_iterator(named)) {
    if (entry.is_directory() && entry.path().filename().string().starts_with(kind + "_")) folders.push_back(entry);
  }
  return folders;
}

/// The lines of such a folder with their ids.
inline std::vector<std::pair<std::string, std::vector<std::int32_t>>> large_lines(const std::filesystem::path& folder) {
  std::vector<std::pair<std::string, std::vector<std::int32_t>>> lines;
  std::ifstream in(folder / "lines.jsonl");
  for (std::string line; std::getline(in, line);) {
    const nlohmann::json row = nlohmann::json::parse(line);
    lines.emplace_back(row[0].get<std::string>(), row[1].get<std::vector<std::int32_t>>());
  }
  return lines;
}
