#include <tempa/text/bert/bert_tokenizer.hpp>
#include <tempa/text/tokenizer.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/many_threads.hpp"
#include "support/temporary_folder.hpp"

namespace bert_tokenizer_test {

using namespace tempa;
using namespace std::string_literals;
using Catch::Matchers::Contains;
using Ids = std::vector<std::int32_t>;
using Words = std::vector<std::string>;

namespace {

constexpr const char* kVocabulary =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nsaya\nsuka\nkopi\n##nya\nKopi\n.\n!\ncafe\ncaf\u00e9\n-\nx\n";
enum : std::int32_t { kPad, kUnk, kCls, kSep, kMask, kSaya, kSuka, kKopi, kNya, kBigKopi, kDot };

Vocabulary make_vocabulary() {
  const TemporaryFolder folder;
  return Vocabulary::load(folder.write("vocab.txt", kVocabulary));
}

BertTokenizer make_tokenizer(BertTokenizerOptions options = {}) {
  return BertTokenizer(make_vocabulary(), std::move(options));
}

/// A tokenizer of somebody else: every byte is an id.
struct ByteTokenizer {
  Encoding encode(std::string_view text, const EncodeOptions&) const {
    return {{text.begin(), text.end()}, Ids(text.size(), 0)};
  }
  Encoding encode(std::string_view text, std::string_view, const EncodeOptions& options) const {
    return encode(text, options);
  }
  int vocab_size() const { return 256; }
  int pad_token_id() const { return 0; }
  int unk_token_id() const { return 1; }
  int cls_token_id() const { return 2; }
  int sep_token_id() const { return 3; }
};
struct NoTokenizer {
  int vocab_size() const { return 0; }
};

}  // namespace

TEST_CASE("Tokenizer concept: BERT's and an own tokenizer satisfy it", "[text]") {
  STATIC_REQUIRE(Tokenizer<BertTokenizer>);
  STATIC_REQUIRE(Tokenizer<ByteTokenizer>);
  STATIC_REQUIRE_FALSE(Tokenizer<NoTokenizer>);
}

TEST_CASE("Basic tokenizer: alone, by the rules of Python it knows the final sigma", "[text]") {
  const BasicTokenizer python({.rules = TextRules::kPython});
  CHECK(python.tokenize("\u039f\u0394\u039f\u03a3, OK") == Words{"\u03bf\u03b4\u03bf\u03c2", ",", "ok"});
  const BasicTokenizer fast;
  CHECK(fast.tokenize("\u039f\u0394\u039f\u03a3, OK") == Words{"\u03bf\u03b4\u03bf\u03c3", ",", "ok"});
  CHECK(fast.tokenize("Rp5.000\u4e2d\u6587!") == Words{"rp5", ".", "000", "\u4e2d", "\u6587", "!"});
  CHECK(BasicTokenizer({.tokenize_chinese_chars = false}).tokenize("a\u4e2d") == Words{"a\u4e2d"});
  CHECK(fast.tokenize("").empty());
  CHECK_THROWS_AS(fast.tokenize("a\xFF"), ValueError);
  CHECK_THROWS_AS(BasicTokenizer({.never_split = {"\xFF"}}), ValueError);
}

TEST_CASE("Basic tokenizer: words that are never split stay as they are", "[text]") {
  for (const TextRules rules : {TextRules::kFast, TextRules::kPython}) {
    const BasicTokenizer tokenizer({.rules = rules, .never_split = {"A-B", "\u00c9.", "[X]"}});
    CHECK(tokenizer.tokenize("A-B a-b A-Bc \u00c9. [X]\t[X].") ==
          Words{"A-B", "a", "-", "b", "a", "-", "bc", "\u00c9.", "[X]", "[", "x", "]", "."});
  }
}

TEST_CASE("BERT tokenizer: encodes a text and a pair", "[text]") {
  const BertTokenizer tokenizer = make_tokenizer();
  CHECK(tokenizer.vocab_size() == 16);
  CHECK(tokenizer.pad_token_id() == kPad);
  CHECK(tokenizer.unk_token_id() == kUnk);
  CHECK(tokenizer.cls_token_id() == kCls);
  CHECK(tokenizer.sep_token_id() == kSep);
  CHECK(tokenizer.mask_token_id() == kMask);
  CHECK(tokenizer.tokenize("Saya suka KOPInya. teh [MASK]") ==
        Words{"saya", "suka", "kopi", "##nya", ".", "[UNK]", "[MASK]"});
  CHECK(tokenizer.encode("saya") == Encoding{{kCls, kSaya, kSep}, {0, 0, 0}});
  CHECK(tokenizer.encode("") == Encoding{{kCls, kSep}, {0, 0}});
  CHECK(tokenizer.encode("saya", "suka kopi") == Encoding{{kCls, kSaya, kSep, kSuka, kKopi, kSep}, {0, 0, 0, 1, 1, 1}});
  CHECK(tokenizer.encode("saya", "") == Encoding{{kCls, kSaya, kSep, kSep}, {0, 0, 0, 1}});
  CHECK(tokenizer.encode("saya", {.add_special_tokens = false}) == Encoding{{kSaya}, {0}});
  CHECK(tokenizer.encode("saya", "suka", {.add_special_tokens = false}) == Encoding{{kSaya, kSuka}, {0, 1}});
  CHECK(tokenizer.decode(tokenizer.encode("Saya suka kopinya.").ids) == "[CLS] saya suka kopinya. [SEP]");
  CHECK(tokenizer.decode(tokenizer.encode("Saya suka kopinya.").ids, {.skip_special_tokens = true}) ==
        "saya suka kopinya.");
  CHECK_THROWS_AS(tokenizer.decode(Ids{16}), ValueError);
  CHECK_THROWS_AS(tokenizer.decode(Ids{-1}), ValueError);
}

TEST_CASE("BERT tokenizer: options for case, accents and whole words", "[text]") {
  CHECK(make_tokenizer().encode("Kopi caf\u00e9").ids == Ids{kCls, kKopi, 12, kSep});
  CHECK(make_tokenizer({.lower_case = false}).encode("Kopi caf\u00e9").ids == Ids{kCls, kBigKopi, 13, kSep});
  CHECK(make_tokenizer({.lower_case = false, .strip_accents = true}).encode("Kopi caf\u00e9").ids ==
        Ids{kCls, kBigKopi, 12, kSep});
  CHECK(make_tokenizer({.strip_accents = false}).encode("Kopi caf\u00e9").ids == Ids{kCls, kKopi, 13, kSep});
  CHECK(make_tokenizer({.never_split = {"Kopi", "x-x"}}).encode("Kopi x-x").ids == Ids{kCls, kBigKopi, kUnk, kSep});
}

TEST_CASE("BERT tokenizer: truncation keeps [CLS] and [SEP], the IndoNLU way loses the last [SEP]", "[text]") {
  const BertTokenizer tokenizer = make_tokenizer();
  const std::string text = "saya suka kopi";
  CHECK(tokenizer.encode(text, {.max_length = 4}).ids == Ids{kCls, kSaya, kSuka, kSep});
  CHECK(tokenizer.encode(text, {.max_length = 2}).ids == Ids{kCls, kSep});
  CHECK(tokenizer.encode(text, {.max_length = 5}).ids == Ids{kCls, kSaya, kSuka, kKopi, kSep});
  CHECK(tokenizer.encode(text, {.max_length = 99}).ids.size() == 5);
  CHECK(tokenizer.encode(text, {.max_length = 4, .truncation = Truncation::kOnlyFirst}).ids.size() == 4);
  CHECK(tokenizer.encode(text, {.max_length = 4, .truncation = Truncation::kNone}).ids.size() == 5);
  CHECK(tokenizer.encode(text, {.max_length = 2, .add_special_tokens = false}).ids == Ids{kSaya, kSuka});
  const EncodeOptions indonlu{.max_length = 4, .truncation = Truncation::kIndonlu};
  CHECK(tokenizer.encode(text, indonlu) == Encoding{{kCls, kSaya, kSuka, kKopi}, {0, 0, 0, 0}});
  CHECK(tokenizer.encode("saya", "kopi", indonlu) == Encoding{{kCls, kSaya, kSep, kKopi}, {0, 0, 0, 1}});

  CHECK_THROWS_WITH(tokenizer.encode(text, {.max_length = 1}), Contains("at least 2") && Contains("is 1"));
  CHECK_THROWS_AS(tokenizer.encode(text, text, {.max_length = 2}), ValueError);
  CHECK_THROWS_AS(tokenizer.encode(text, {.max_length = -1, .truncation = Truncation::kIndonlu}), ValueError);
  CHECK_THROWS_WITH(tokenizer.encode(text, {.max_length = 3, .truncation = Truncation::kOnlySecond}),
                    Contains("only_second expected a pair"));
  CHECK_THROWS_WITH(tokenizer.encode(text, text, {.max_length = 6, .truncation = Truncation::kOnlyFirst}),
                    Contains("more than 3 tokens but has 3"));
}

TEST_CASE("BERT tokenizer: invalid UTF-8 in a text is named by its byte", "[text]") {
  const BertTokenizer tokenizer = make_tokenizer();
  CHECK_THROWS_AS(tokenizer.encode("saya \xC3"), ValueError);
  CHECK_THROWS_WITH(tokenizer.encode("[MASK] kopi \xED\xA0\x80"), Contains("byte offset 12"));
  CHECK_THROWS_AS(tokenizer.encode("saya", "\xFF"), ValueError);
  CHECK_THROWS_AS(tokenizer.tokenize("\x80"), ValueError);
  CHECK(tokenizer.encode("ko\0pi"s).ids == Ids{kCls, kKopi, kSep});  // NUL is dropped, as in BERT
}

TEST_CASE("BERT tokenizer: a vocabulary without a special token is refused by name", "[text]") {
  const TemporaryFolder folder;
  for (const std::string token : {"[UNK]", "[CLS]", "[SEP]", "[PAD]"}) {
    std::string bytes = kVocabulary;
    bytes.replace(bytes.find(token), token.size(), "other");
    const auto path = folder.write("vocab.txt", bytes);
    CHECK_THROWS_AS(BertTokenizer::from_vocab_file(path), FormatError);
    CHECK_THROWS_WITH(BertTokenizer::from_vocab_file(path), Contains(token) && Contains("vocab.txt"));
    CHECK_THROWS_AS(BertTokenizer(Vocabulary::load(path)), ConfigError);
  }
  std::string bytes = kVocabulary;
  bytes.replace(bytes.find("[MASK]"), 6, "other");
  CHECK_FALSE(BertTokenizer::from_vocab_file(folder.write("vocab.txt", bytes)).mask_token_id().has_value());
}

TEST_CASE("BERT tokenizer: reads what tokenizer_config.json says", "[text]") {
  const TemporaryFolder folder;
  folder.write("vocab.txt", kVocabulary);
  CHECK(BertTokenizer::from_pretrained(folder.path()).options().lower_case);
  folder.write("tokenizer_config.json",
               R"({"do_lower_case": false, "strip_accents": true, "tokenize_chinese_chars": false, "other": [1],
                   "word_tokenizer_type": "basic", "unk_token": {"content": "x", "lstrip": false}, "mask_token": null})");
  const BertTokenizer tokenizer = BertTokenizer::from_pretrained(folder.path());
  CHECK_FALSE(tokenizer.options().lower_case);
  CHECK(tokenizer.options().strip_accents == true);
  CHECK_FALSE(tokenizer.options().tokenize_chinese_chars);
  CHECK(tokenizer.unk_token_id() == 15);
  CHECK(tokenizer.mask_token_id() == kMask);
  folder.write("tokenizer_config.json", R"({"do_lower_case": null, "strip_accents": null})");
  CHECK(BertTokenizer::from_pretrained(folder.path(), {.lower_case = false}).options().lower_case == false);
}

TEST_CASE("BERT tokenizer: a broken folder is named by file, line and field", "[text]") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(BertTokenizer::from_pretrained(folder.path() / "absent"), IoError);
  CHECK_THROWS_AS(BertTokenizer::from_pretrained(folder.path()), IoError);
  folder.write("vocab.txt", kVocabulary);
  struct Case {
    std::string json, message;
    std::int64_t line;
  };
  const std::vector<Case> cases = {{"", "tokenizer_config.json", 1},
                                   {"{\n\"do_lower_case\": tru, \"a\": 1\n}", "expected JSON", 2},
                                   {"[]", "JSON object", 1},
                                   {R"({"do_lower_case": "yes"})", "do_lower_case", 1},
                                   {"{\n\"strip_accents\": 1}", "strip_accents", 2},
                                   {R"({"tokenize_chinese_chars": []})", "tokenize_chinese_chars", 1},
                                   {R"({"unk_token": 5})", "unk_token", 1},
                                   {R"({"sep_token": ""})", "sep_token", 1},
                                   {R"({"do_lower_case": true, "do_lower_case": false})", "duplicate key", 1},
                                   {R"({"cls_token": {"lstrip": true}})", "cls_token", 0},
                                   {R"({"unk_token": "<unk>"})", "<unk>", 0},
                                   {"{\"do_lower_case\": true, \"x\": \"\xFF\"}", "expected JSON", 1}};
  for (const Case& c : cases) {
    INFO(c.json);
    folder.write("tokenizer_config.json", c.json);
    try {
      BertTokenizer::from_pretrained(folder.path());
      FAIL_CHECK("no error");
    } catch (const FormatError& error) {
      CHECK_THAT(error.what(), Contains(c.message));
      CHECK(error.line() == c.line);
    }
  }
  folder.write("tokenizer_config.json", R"({"word_tokenizer_type": "mecab"})");
  CHECK_THROWS_AS(BertTokenizer::from_pretrained(folder.path()), ConfigError);
}

TEST_CASE("BERT tokenizer: a saved folder is opened with the same options and ids", "[text]") {
  const TemporaryFolder folder;
  const BertTokenizer tokenizer =
      make_tokenizer({.lower_case = false, .strip_accents = true, .tokenize_chinese_chars = false});
  const auto path = folder.path() / "a" / "b";
  tokenizer.save_pretrained(path);
  const BertTokenizer loaded = BertTokenizer::from_pretrained(path);
  CHECK(loaded.vocabulary().tokens() == tokenizer.vocabulary().tokens());
  CHECK(loaded.options().lower_case == false);
  CHECK(loaded.options().strip_accents == true);
  CHECK(loaded.options().tokenize_chinese_chars == false);
  CHECK(loaded.encode("Kopi saya \u4e2d.") == tokenizer.encode("Kopi saya \u4e2d."));
  std::ifstream in(path / "special_tokens_map.json");
  CHECK(nlohmann::json::parse(in)["cls_token"] == "[CLS]");
  folder.write("file", "");
  CHECK_THROWS_AS(tokenizer.save_pretrained(folder.path() / "file"), IoError);
}

TEST_CASE("BERT tokenizer: one object serves many threads", "[text]") {
  const BertTokenizer tokenizer = make_tokenizer();
  const std::string text = "Saya suka Kopi caf\u00e9 \u4e2d [MASK] \u0130stanbul kopinya.";
  CHECK(different_in_threads(tokenizer, {text, "kopi", "Saya [MASK]"}) == 0);
}

}  // namespace bert_tokenizer_test
