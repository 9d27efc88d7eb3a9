// Hundreds of thousands of lines against transformers: fixtures/text/make_bert_tokenizer.py, check P T D.
#include <tempa/text/bert/bert_tokenizer.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"

namespace bert_tokenizer_lines_test {

using namespace tempa;
using nlohmann::json;

namespace {

using Ids = std::vector<std::int32_t>;

std::vector<json> read_lines(const std::filesystem::path& path) {
  std::vector<json> lines;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) lines.push_back(json::parse(line));
  return lines;
}

/// Texts, or pairs with a length, as one batch on all threads.
std::vector<Encoding> encode(const BertTokenizer& tokenizer, const std::vector<json>& lines) {
  if (lines.at(0).is_string()) {
    std::vector<std::string> texts;
    for (const json& line : lines) texts.push_back(line.get<std::string>());
    return tokenizer.encode_batch(texts);
  }
  std::vector<Encoding> encodings;
  for (const json& line : lines) {
    encodings.push_back(tokenizer.encode(line[0].get<std::string>(), line[1].get<std::string>(),
                                         {.max_length = line[2].get<std::int64_t>()}));
  }
  return encodings;
}

}  // namespace

TEST_CASE("BERT tokenizer: hundreds of thousands of lines have the ids of transformers", "[text]") {
  const char* named = std::getenv("TEMPA_TOKENIZER_LINES");
  if (named == nullptr) {
    WARN("skipped: TEMPA_TOKENIZER_LINES names no folder that make_bert_tokenizer.py has made");
    return;
  }
  const std::filesystem::path folder = named;
  std::size_t all_lines = 0, all_different = 0;
  for (const json& one : read_json((folder / "cases.json").string()).root) {
    const auto model = one["model"].get<std::string>(), kind = one["lines"].get<std::string>();
    const BertTokenizer tokenizer = BertTokenizer::from_pretrained(folder / "models" / model);
    const std::vector<json> lines = read_lines(folder / (kind + ".jsonl"));
    const std::vector<json> expected = read_lines(folder / (model + "." + kind));
    REQUIRE(lines.size() == expected.size());
    const std::vector<Encoding> encodings = encode(tokenizer, lines);
    std::size_t different = 0;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const bool pair = lines[i].is_array();
      const bool same = encodings[i].ids == (pair ? expected[i][0] : expected[i]).get<Ids>() &&
                        (!pair || encodings[i].token_type_ids == expected[i][1].get<Ids>());
      if (!same && ++different <= 5) {
        UNSCOPED_INFO(lines[i].dump() << " gives " << json(encodings[i].ids).dump() << ", not " << expected[i].dump());
      }
    }
    WARN(model << ", " << kind << ": " << different << " differing lines of " << lines.size());
    CHECK(different == 0);
    all_lines += lines.size();
    all_different += different;
    tokenizer.save_pretrained(folder / "saved" / model);
    const BertTokenizer again = BertTokenizer::from_pretrained(folder / "saved" / model);
    const std::vector<json> few(lines.begin(), lines.begin() + 2000);
    CHECK(encode(again, few) == std::vector<Encoding>(encodings.begin(), encodings.begin() + 2000));
  }
  WARN("in all " << all_different << " differing lines of " << all_lines);
  CHECK(all_lines > 100000);
}

}  // namespace bert_tokenizer_lines_test
