// Ids, truncation and decoding against transformers: fixtures/text/make_bert_tokenizer.py.
#include <tempa/text/bert/bert_tokenizer.hpp>

#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/fixtures.hpp"

namespace bert_tokenizer_golden_test {

using namespace tempa;
using nlohmann::json;

namespace {

const json& golden() {
  static const json data = [] {
    std::ifstream in(fixture_path("text/bert_tokenizer.json"));
    return json::parse(in);
  }();
  return data;
}

BertTokenizer make_tokenizer(const json& setting) {
  BertTokenizerOptions options{.lower_case = setting["do_lower_case"].get<bool>(),
                               .tokenize_chinese_chars = setting["tokenize_chinese_chars"].get<bool>()};
  if (!setting["strip_accents"].is_null()) options.strip_accents = setting["strip_accents"].get<bool>();
  return BertTokenizer(Vocabulary::from_tokens(golden()["vocab"].get<std::vector<std::string>>()), options);
}

}  // namespace

TEST_CASE("BERT tokenizer: the ids are those of transformers, line by line", "[text]") {
  REQUIRE(golden()["lines"].size() > 200);
  for (std::size_t s = 0; s < golden()["settings"].size(); ++s) {
    const json& setting = golden()["settings"][s];
    const BertTokenizer tokenizer = make_tokenizer(setting);
    const json& rows = golden()["ids"][s];
    REQUIRE(rows.size() == golden()["lines"].size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      INFO(setting << " line " << i << ": " << golden()["lines"][i]);
      const Encoding encoding = tokenizer.encode(golden()["lines"][i].get<std::string>());
      CHECK(encoding.ids == rows[i].get<std::vector<std::int32_t>>());
      CHECK(encoding.token_type_ids == std::vector<std::int32_t>(encoding.ids.size(), 0));
    }
  }
}

TEST_CASE("BERT tokenizer: pairs are truncated as in transformers, at many lengths", "[text]") {
  const BertTokenizer tokenizer = make_tokenizer(golden()["settings"][0]);
  const json& rows = golden()["truncated"];
  REQUIRE(rows.size() == golden()["truncations"].size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const json& how = golden()["truncations"][i];
    const json& pair = golden()["pairs"][how[0].get<std::size_t>()];
    const std::string strategy = how[2].get<std::string>();
    const EncodeOptions options{.max_length = how[1].get<std::int64_t>(),
                                .truncation = strategy == "longest_first" ? Truncation::kLongestFirst
                                              : strategy == "only_first"  ? Truncation::kOnlyFirst
                                                                          : Truncation::kOnlySecond};
    INFO(how << ' ' << pair);
    const auto first = pair[0].get<std::string>();
    const auto second = pair[1].get<std::string>();
    if (rows[i].is_null()) {  // transformers fails, or warns and cuts nothing
      CHECK_THROWS_AS(tokenizer.encode(first, second, options), ValueError);
    } else {
      const Encoding encoding = tokenizer.encode(first, second, options);
      CHECK(encoding.ids == rows[i][0].get<std::vector<std::int32_t>>());
      CHECK(encoding.token_type_ids == rows[i][1].get<std::vector<std::int32_t>>());
    }
  }
}

TEST_CASE("BERT tokenizer: decoding gives the text of transformers", "[text]") {
  const BertTokenizer tokenizer = make_tokenizer(golden()["settings"][0]);
  const json& rows = golden()["decoded"];
  REQUIRE(rows.size() == golden()["decoded_lines"].size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto line = golden()["lines"][golden()["decoded_lines"][i].get<std::size_t>()].get<std::string>();
    INFO(line);
    const std::vector<std::int32_t> ids = tokenizer.encode(line).ids;
    CHECK(tokenizer.decode(ids) == rows[i][0].get<std::string>());
    CHECK(tokenizer.decode(ids, {.skip_special_tokens = true}) == rows[i][1].get<std::string>());
  }
}

}  // namespace bert_tokenizer_golden_test
