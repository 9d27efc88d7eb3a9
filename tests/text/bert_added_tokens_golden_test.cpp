// Added tokens against transformers: fixtures/text/make_bert_tokenizer.py, write-added.
#include <tempa/text/bert/bert_tokenizer.hpp>

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/fixtures.hpp"
#include "support/temporary_folder.hpp"

namespace bert_added_tokens_golden_test {

using namespace tempa;
using nlohmann::json;

namespace {

using Ids = std::vector<std::int32_t>;

json golden() { return read_json(fixture_path("text/bert_added_tokens.json").string()).root; }

}  // namespace

TEST_CASE("Added tokens: ids, tokens and decoded texts are those of transformers", "[text]") {
  const json data = golden();
  const TemporaryFolder folder;
  std::string vocab;
  for (const json& token : data["vocab"]) vocab += token.get<std::string>() + '\n';
  folder.write("vocab.txt", vocab);
  folder.write("tokenizer_config.json", data["config"].dump());
  const auto lines = data["lines"].get<std::vector<std::string>>();
  REQUIRE(lines.size() > 200);
  const BertTokenizer tokenizer = BertTokenizer::from_pretrained(folder.path());
  CHECK(tokenizer.vocab_size() == data["length"].get<std::int64_t>());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    INFO("line " << i << ": " << json(lines[i]).dump());
    const Ids ids = tokenizer.encode(lines[i]).ids;
    CHECK(ids == data["ids"][i].get<Ids>());
    if (i % 3 != 0) continue;
    CHECK(tokenizer.tokenize(lines[i]) == data["tokens"][i / 3].get<std::vector<std::string>>());
    const json& decoded = data["decoded"][i / 3];
    CHECK(tokenizer.decode(ids) == decoded[0].get<std::string>());
    CHECK(tokenizer.decode(ids, {.skip_special_tokens = true, .clean_up_tokenization_spaces = false}) ==
          decoded[1].get<std::string>());
    CHECK(tokenizer.decode(ids, {.skip_special_tokens = true, .clean_up_tokenization_spaces = true}) ==
          decoded[2].get<std::string>());
  }
}

}  // namespace bert_added_tokens_golden_test
