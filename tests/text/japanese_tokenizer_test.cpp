// The Japanese tokenizer: ids against transformers (fixtures/text/make_japanese_tokenizer.py), dictionaries, files,
// errors.
#include <tempa/core/random.hpp>
#include <tempa/io/files/file.hpp>
#include <tempa/text/japanese/japanese_tokenizer.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/fixtures.hpp"
#include "support/ipadic.hpp"
#include "support/large_tokenizer_fixture.hpp"
#include "support/many_threads.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

namespace japanese_tokenizer_test {

using namespace tempa;
using namespace std::string_literals;
using Catch::Matchers::Contains;
using Ids = std::vector<std::int32_t>;
using nlohmann::json;

namespace {

const json& golden() {
  static const json data = [] {
    std::ifstream in(fixture_path("text/japanese_tokenizer.json"));
    return json::parse(in);
  }();
  return data;
}

/// The words of the golden vocabulary, and its characters alone and as continuations.
std::vector<std::string> golden_tokens() {
  auto tokens = golden()["vocab"]["words"].get<std::vector<std::string>>();
  for (const char32_t c : to_utf32(golden()["vocab"]["characters"].get<std::string>())) {
    const std::string character = to_utf8(std::u32string(1, c));
    tokens.push_back(character);
    tokens.push_back("##" + character);
  }
  return tokens;
}

/// A model folder with the golden vocabulary and a setting as its tokenizer_config.json.
void write_folder(const TemporaryFolder& folder, json setting) {
  std::string vocab;
  for (const std::string& token : golden_tokens()) vocab += token + "\n";
  folder.write("vocab.txt", vocab);
  setting["tokenizer_class"] = "BertJapaneseTokenizer";
  folder.write("tokenizer_config.json", setting.dump());
}

constexpr const char* kVocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nこん\n##にちは\nabc\n##d\nあ\nい\n";
enum : std::int32_t { kPad, kUnk, kCls, kSep, kMask, kKon, kNichiwa, kAbc, kD, kA, kI };

BertJapaneseTokenizer basic_tokenizer(BertJapaneseTokenizerOptions options = {}) {
  const TemporaryFolder folder;
  return BertJapaneseTokenizer::from_vocab_file(folder.write("vocab.txt", kVocabulary), std::move(options));
}

}  // namespace

TEST_CASE("Japanese tokenizer: the ids are those of transformers, line by line", "[text]") {
  TEMPA_REQUIRE_IPADIC(dictionary);
  REQUIRE(golden()["lines"].size() >= 50);
  for (std::size_t s = 0; s < golden()["settings"].size(); ++s) {
    const TemporaryFolder folder;
    write_folder(folder, golden()["settings"][s]);
    const auto tokenizer =
        BertJapaneseTokenizer::from_pretrained(folder.path(), {.mecab = {.dictionary = *dictionary}});
    CHECK(tokenizer.vocab_size() == static_cast<std::int64_t>(golden_tokens().size()));
    const json& rows = golden()["ids"][s];
    const json& numbers = golden()["numbers"][s];
    REQUIRE(rows.size() == numbers.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::string line = golden()["lines"][numbers[i].get<std::size_t>()].get<std::string>();
      INFO(golden()["settings"][s] << ": " << line);
      const Encoding encoding = tokenizer.encode(line);
      CHECK(encoding.ids == rows[i].get<Ids>());
      CHECK(encoding.token_type_ids == Ids(encoding.ids.size(), 0));
    }
  }
}

TEST_CASE("Japanese tokenizer: pairs are truncated and ids decoded as in transformers", "[text]") {
  TEMPA_REQUIRE_IPADIC(dictionary);
  for (std::size_t s = 0; s < 2; ++s) {
    const TemporaryFolder folder;
    write_folder(folder, golden()["settings"][s]);
    const auto tokenizer =
        BertJapaneseTokenizer::from_pretrained(folder.path(), {.mecab = {.dictionary = *dictionary}});
    const json& decoded = golden()["decoded"][s];
    std::size_t row = 0;
    for (std::size_t line = 4; line < 24; line += 3) {
      const Ids ids = tokenizer.encode(golden()["lines"][line].get<std::string>()).ids;
      for (const bool skip : {false, true}) {
        CHECK(tokenizer.decode(ids, {.skip_special_tokens = skip}) == decoded[row++].get<std::string>());
      }
    }
    CHECK(row == decoded.size());
    if (s > 0) continue;
    const json& truncated = golden()["truncated"];
    row = 0;
    for (const json& pair : golden()["pairs"]) {
      for (const Truncation how : {Truncation::kLongestFirst, Truncation::kOnlyFirst, Truncation::kOnlySecond}) {
        for (const std::int64_t length : {3, 5, 6, 8}) {
          INFO(pair << ' ' << static_cast<int>(how) << ' ' << length);
          const auto encode = [&] {
            return tokenizer.encode(pair[0].get<std::string>(), pair[1].get<std::string>(),
                                    {.max_length = length, .truncation = how});
          };
          const json& wanted = truncated[row++];
          if (wanted.is_null()) {
            CHECK_THROWS_AS(encode(), ValueError);
          } else {
            CHECK(encode() == Encoding{wanted[0].get<Ids>(), wanted[1].get<Ids>()});
          }
        }
      }
    }
    CHECK(row == truncated.size());
  }
}

TEST_CASE("Japanese tokenizer: tens of thousands of lines have the ids of transformers", "[text]") {
  const auto folders = large_tokenizer_folders("japanese");
  if (folders.empty()) {
    WARN("skipped: TEMPA_LARGE_TOKENIZER_FIXTURES names no folder of make_japanese_tokenizer.py large");
    return;
  }
  TEMPA_REQUIRE_IPADIC(dictionary);
  for (const std::filesystem::path& folder : folders) {
    const auto tokenizer = BertJapaneseTokenizer::from_pretrained(folder, {.mecab = {.dictionary = *dictionary}});
    const auto lines = large_lines(folder);
    REQUIRE(lines.size() >= 20000);
    std::size_t different = 0;
    for (const auto& [line, ids] : lines) different += tokenizer.encode(line).ids == ids ? 0U : 1U;
    INFO(folder.string());
    CHECK(different == 0);
  }
}

TEST_CASE("Japanese tokenizer: a NUL is left out, and what follows it is kept", "[text]") {
  TEMPA_REQUIRE_IPADIC(dictionary);
  const auto tokenizer =
      basic_tokenizer({.word_tokenizer = JapaneseWordTokenizer::kMecab, .mecab = {.dictionary = *dictionary}});
  CHECK(tokenizer.encode("あ\0い"s).ids == tokenizer.encode("あい").ids);
  CHECK(tokenizer.encode("\0"s).ids == Ids{kCls, kSep});
  CHECK(tokenizer.options().mecab.dictionary_name == "ipadic");
}

TEST_CASE("Japanese tokenizer: one tokenizer serves many threads", "[text]") {
  TEMPA_REQUIRE_IPADIC(dictionary);
  const TemporaryFolder folder;
  write_folder(folder, golden()["settings"][0]);
  const auto tokenizer = BertJapaneseTokenizer::from_pretrained(folder.path(), {.mecab = {.dictionary = *dictionary}});
  std::vector<std::string> lines;
  for (const json& line : golden()["lines"]) lines.push_back(line.get<std::string>());
  CHECK(different_in_threads(tokenizer, lines) == 0);
  CHECK(encode_batch(tokenizer, lines).at(3).ids == tokenizer.encode(lines[3]).ids);
}

TEST_CASE("Japanese tokenizer: words by the basic tokenizer need no MeCab", "[text]") {
  const auto tokenizer = basic_tokenizer();
  CHECK(tokenizer.encode("こんにちは, abcd").ids == Ids{kCls, kKon, kNichiwa, kUnk, kAbc, kD, kSep});
  CHECK(tokenizer.tokenize("こんにちは[MASK]abcde") == std::vector<std::string>{"こん", "##にちは", "[MASK]", "[UNK]"});
  CHECK(tokenizer.decode(Ids{kCls, kKon, kNichiwa, kAbc, kSep}, {.skip_special_tokens = true}) == "こんにちは abc");
  CHECK(tokenizer.encode("あ", "い").token_type_ids == Ids{0, 0, 0, 1, 1});
  CHECK(tokenizer.is_special(kMask));
  CHECK_FALSE(tokenizer.is_special(kKon));
  CHECK(tokenizer.mask_token_id() == kMask);
  CHECK(tokenizer.vocab_size() == 11);
  const auto characters = basic_tokenizer({.subword_tokenizer = JapaneseSubwordTokenizer::kCharacter});
  CHECK(characters.encode("あいう").ids == Ids{kCls, kA, kI, kUnk, kSep});
  const auto whole = basic_tokenizer({.tokenize_words = false, .tokenize_subwords = false});
  CHECK(whole.encode("abc").ids == Ids{kCls, kAbc, kSep});
  CHECK(whole.encode("abc abc").ids == Ids{kCls, kUnk, kSep});
}

TEST_CASE("Japanese tokenizer: longer tokens are left out at random when asked for", "[text]") {
  const BertJapaneseTokenizer tokenizer(
      Vocabulary::from_tokens({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "こ", "##ん", "こん"}));
  manual_seed(7);
  const Ids whole{2, 6, 3}, pieces{2, 4, 5, 3};
  std::size_t cut = 0;
  for (int i = 0; i < 100; ++i) {
    const Ids ids = tokenizer.encode("こん", {.piece_drop_prob = 0.5}).ids;
    CHECK((ids == whole || ids == pieces));
    cut += ids == pieces ? 1U : 0U;
  }
  CHECK(cut > 25);
  CHECK(cut < 75);
  CHECK_THROWS_AS(tokenizer.encode("こ", {.piece_drop_prob = 1.0}), ValueError);
}

TEST_CASE("Japanese tokenizer: what it saves opens again, with the same bytes and ids", "[text]") {
  const TemporaryFolder source, target;
  source.write("vocab.txt", kVocabulary + "う\r\n"s);
  source.write("tokenizer_config.json",
               R"({"tokenizer_class": "BertJapaneseTokenizer", "do_lower_case": true, "never_split": ["ABC"],
                   "subword_tokenizer_type": "character",
                   "mask_token": {"content": "[MASK]", "lstrip": true, "__type": "AddedToken"},
                   "added_tokens_decoder": {"12": {"content": "<笑>", "special": false}}})");
  const auto tokenizer = BertJapaneseTokenizer::from_pretrained(source.path());
  CHECK(tokenizer.encode("あ [MASK]ABC<笑>う").ids == Ids{kCls, kA, kMask, kUnk, kUnk, kUnk, 12, 11, kSep});
  CHECK(tokenizer.vocab_size() == 13);
  tokenizer.save_pretrained(target.path() / "model");
  CHECK(read_text_file((target.path() / "model" / "vocab.txt").string()) == kVocabulary + "う\r\n"s);
  const auto again = BertJapaneseTokenizer::from_pretrained(target.path() / "model");
  for (const std::string line : {"あ [MASK]ABC<笑>う", "x abcd い", ""}) {
    CHECK(again.encode(line) == tokenizer.encode(line));
  }
  CHECK(again.options().never_split == std::vector<std::string>{"ABC"});
  CHECK(again.options().lower_case);
}

TEST_CASE("Japanese tokenizer: the first models are known by their names", "[text]") {
  const auto is = [](const char* name, JapaneseSubwordTokenizer subwords) {
    const auto options = japanese_options_of(name);
    return options && options->word_tokenizer == JapaneseWordTokenizer::kMecab &&
           options->mecab.dictionary_name == "ipadic" && !options->lower_case && options->subword_tokenizer == subwords;
  };
  CHECK(is("cl-tohoku/bert-base-japanese", JapaneseSubwordTokenizer::kWordPiece));
  CHECK(is("tohoku-nlp/bert-base-japanese-whole-word-masking", JapaneseSubwordTokenizer::kWordPiece));
  CHECK(is("cl-tohoku/bert-base-japanese-char", JapaneseSubwordTokenizer::kCharacter));
  CHECK(is("bert-base-japanese-char-whole-word-masking", JapaneseSubwordTokenizer::kCharacter));
  for (const char* const name :
       {"", "cl-tohoku/bert-base-japanese-v2", "bert-base-uncased", "other/bert-base-japanese"}) {
    CHECK_FALSE(japanese_options_of(name));
  }
  const TemporaryFolder folder;
  folder.write("renamed/config.json", R"({"_name_or_path": "cl-tohoku/bert-base-japanese-char"})");
  CHECK(japanese_options_of_folder(folder.path() / "renamed")->subword_tokenizer ==
        JapaneseSubwordTokenizer::kCharacter);
  for (const char* const path :
       {"bert-base-japanese", "bert-base-japanese/", "models--cl-tohoku--bert-base-japanese/snapshots/0123abcd"}) {
    std::filesystem::create_directories(folder.path() / path);
    CHECK(japanese_options_of_folder(folder.path() / path));
  }
  CHECK_FALSE(japanese_options_of_folder(folder.path()));
  CHECK_FALSE(japanese_options_of_folder(folder.path() / "bert-base-japanese" / "checkpoint-100"));
}

TEST_CASE("Japanese tokenizer: an old folder without a word about words is cut by MeCab", "[text]") {
  TEMPA_REQUIRE_IPADIC(dictionary);
  const TemporaryFolder folder;
  folder.write("bert-base-japanese-char/vocab.txt", kVocabulary);
  folder.write("bert-base-japanese-char/tokenizer_config.json", R"({"do_lower_case": false, "model_max_length": 512})");
  const auto tokenizer = BertJapaneseTokenizer::from_pretrained(folder.path() / "bert-base-japanese-char",
                                                                {.mecab = {.dictionary = *dictionary}});
  CHECK(tokenizer.options().word_tokenizer == JapaneseWordTokenizer::kMecab);
  CHECK(tokenizer.encode("ｱあい").ids == Ids{kCls, kUnk, kA, kI, kSep});
}

TEST_CASE("Japanese tokenizer: broken folders are named", "[text]") {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path();
  const auto open = [&] { BertJapaneseTokenizer::from_pretrained(path); };
  CHECK_THROWS_AS(BertJapaneseTokenizer::from_pretrained(path / "none"), IoError);
  CHECK_THAT(thrown<IoError>(open), Contains("vocab.txt"));
  folder.write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n");
  CHECK_THAT(thrown<FormatError>(open), Contains("must have the special token [SEP] but has not, among 3 tokens"));
  CHECK_THAT(thrown<ConfigError>([] { BertJapaneseTokenizer(Vocabulary::from_tokens({"[PAD]"})); }),
             Contains("[BertJapaneseTokenizer] the vocabulary must have the special token [UNK]"));
  folder.write("vocab.txt", kVocabulary);
  const std::pair<const char*, const char*> malformed[] = {
      {"{\n\"do_lower_case\": \"yes\"}", "tokenizer_config.json:2: do_lower_case: expected true or false"},
      {"{\"subword_tokenizer_type\": \"bpe\"}", "expected wordpiece, character or sentencepiece but got 'bpe'"},
      {"{\"never_split\": 3}", "never_split: expected an array"},
      {"{\"mecab_kwargs\": {\"mecab_dic\": 1}}", "/mecab_kwargs/mecab_dic: expected a string"},
      {"{\"added_tokens_decoder\": {\"x\": {}}}", "expected tokens by their ids but has 'x'"},
      {"{\"added_tokens_decoder\": {\"99\": {\"content\": \"abc\"}}}", "'abc'"},
      {"{\"cls_token\": \"\"}", "expected a token but it is empty"},
      {"{", "tokenizer_config.json:1:"}};
  for (const auto& [config, message] : malformed) {
    folder.write("tokenizer_config.json", config);
    INFO(config);
    CHECK_THAT(thrown<FormatError>(open), Contains(message));
  }
  for (const char* const kind : {"sudachi", "jumanpp", "juman"}) {
    folder.write("tokenizer_config.json", json{{"word_tokenizer_type", kind}}.dump());
    CHECK_THAT(thrown<ConfigError>(open), Contains("word_tokenizer_type must be basic or mecab but is '"s + kind));
  }
  CHECK_THROWS_AS(basic_tokenizer().encode("\xE3\x81"), ValueError);
  CHECK_THROWS_AS(basic_tokenizer().decode(Ids{11}), ValueError);
  CHECK_THROWS_AS(basic_tokenizer().encode("あ", {.max_length = 1}), ValueError);
}

}  // namespace japanese_tokenizer_test
