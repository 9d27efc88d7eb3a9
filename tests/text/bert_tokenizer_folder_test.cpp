// Model folders: which file wins, what is refused, what comes back after saving.
#include <tempa/io/files/file.hpp>
#include <tempa/text/bert/bert_tokenizer.hpp>

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

namespace bert_tokenizer_folder_test {

using namespace tempa;
using Catch::Matchers::Contains;
using nlohmann::json;
using Ids = std::vector<std::int32_t>;

namespace {

constexpr const char* kVocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nsaya\nsuka\nkopi\n##nya\nKopi\n.\n";
enum : std::int32_t { kPad, kUnk, kCls, kSep, kMask, kSaya, kSuka, kKopi, kNya, kBigKopi, kDot, kNew };

json token(const char* content, bool special = false) {
  return {{"content", content}, {"single_word", false},   {"lstrip", false},
          {"rstrip", false},    {"normalized", !special}, {"special", special}};
}

/// A tokenizer.json of the vocabulary above, as the Rust library writes it.
json tokenizer_json() {
  const auto part = [](const char* what, const char* id, int type) {
    json one;
    one[what] = {{"id", id}, {"type_id", type}};
    return one;
  };
  const json single =
      json::array({part("SpecialToken", "[CLS]", 0), part("Sequence", "A", 0), part("SpecialToken", "[SEP]", 0)});
  json pair = single;
  pair.push_back(part("Sequence", "B", 1));
  pair.push_back(part("SpecialToken", "[SEP]", 1));
  json file = {{"version", "1.0"}, {"truncation", nullptr}, {"padding", nullptr}, {"added_tokens", json::array()}};
  int id = 0;
  for (const char* name : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}) {
    file["added_tokens"].push_back(token(name, true));
    file["added_tokens"].back()["id"] = id++;
  }
  file["normalizer"] = {{"type", "BertNormalizer"},
                        {"clean_text", true},
                        {"handle_chinese_chars", true},
                        {"strip_accents", nullptr},
                        {"lowercase", true}};
  file["pre_tokenizer"] = {{"type", "BertPreTokenizer"}};
  file["post_processor"] = {{"type", "TemplateProcessing"}, {"single", single}, {"pair", pair}};
  for (const auto& [name, number] : {std::pair("[CLS]", 2), std::pair("[SEP]", 3)})
    file["post_processor"]["special_tokens"][name] = {
        {"id", name}, {"ids", json::array({number})}, {"tokens", json::array({name})}};
  file["decoder"] = {{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", true}};
  file["model"] = {{"type", "WordPiece"},
                   {"unk_token", "[UNK]"},
                   {"continuing_subword_prefix", "##"},
                   {"max_input_chars_per_word", 100}};
  id = 0;
  for (const char* name : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "saya", "suka", "kopi", "##nya", "Kopi", "."})
    file["model"]["vocab"][name] = id++;
  return file;
}

json changed(const char* patch) {  // RFC 6902
  return tokenizer_json().patch(json::parse(patch));
}

Ids ids(const BertTokenizer& tokenizer, std::string_view text) {
  return tokenizer.encode(text, {.add_special_tokens = false}).ids;
}

}  // namespace

TEST_CASE("Tokenizer files: tokenizer.json alone is opened as the Rust library opens it", "[text]") {
  const TemporaryFolder folder;
  const auto open = [&](const json& file) {
    return BertTokenizer::from_tokenizer_file(folder.write("tokenizer.json", file.dump()));
  };
  CHECK(open(tokenizer_json()).encode("Saya Kopinya", ".").ids == Ids{kCls, kSaya, kKopi, kNya, kSep, kDot, kSep});
  CHECK(ids(open(changed(R"([{"op": "replace", "path": "/normalizer/lowercase", "value": false}])")), "Kopi") ==
        Ids{kBigKopi});
  CHECK(ids(open(changed(R"([{"op": "replace", "path": "/normalizer", "value": {"type": "Sequence", "normalizers":
        [{"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": false,
          "lowercase": true}]}}])")),
            "KOPI") == Ids{kKopi});
  CHECK(ids(open(changed(R"([{"op": "replace", "path": "/post_processor",
        "value": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}}])")),
            "suka") == Ids{kSuka});
  CHECK(ids(open(changed(R"([{"op": "replace", "path": "/model/max_input_chars_per_word", "value": 3}])")), "saya .") ==
        Ids{kUnk, kDot});
  const BertTokenizer prefixed =
      open(changed(R"([{"op": "replace", "path": "/model/continuing_subword_prefix", "value": ""},
      {"op": "replace", "path": "/decoder/prefix", "value": ""}])"));
  CHECK(ids(prefixed, "kopisuka saya.") == Ids{kKopi, kSuka, kSaya, kDot});
  const BertTokenizer padded =
      open(changed(R"([{"op": "replace", "path": "/padding", "value": {"strategy": {"Fixed": 8},
      "direction": "Left", "pad_to_multiple_of": null, "pad_id": 4, "pad_type_id": 0, "pad_token": "[MASK]"}},
      {"op": "replace", "path": "/truncation", "value":
        {"direction": "Right", "max_length": 4, "strategy": "OnlyFirst", "stride": 0}}])"));
  CHECK(padded.pad_token_id() == kMask);
  CHECK(padded.options().padding_side == Side::kLeft);
  CHECK(padded.encode("saya suka kopi").ids.size() == 5);  // cuts and pads only where it is told to
  padded.save_pretrained(folder.path() / "saved");
  CHECK(read_json((folder.path() / "saved" / "tokenizer.json").string()).root["padding"]["strategy"]["Fixed"] == 8);
}

TEST_CASE("Tokenizer files: a truncation without a direction, as old files have it, cuts at the end", "[text]") {
  const TemporaryFolder folder;
  folder.write("tokenizer.json", changed(R"([{"op": "replace", "path": "/truncation", "value":
      {"max_length": 128, "strategy": "LongestFirst", "stride": 0}}])")
                                     .dump());
  const auto tokenizer = BertTokenizer::from_pretrained(folder.path());
  CHECK(tokenizer.encode("saya suka kopi", {.max_length = 4}).ids == Ids{kCls, kSaya, kSuka, kSep});
  tokenizer.save_pretrained(folder.path() / "saved");
  CHECK(BertTokenizer::from_pretrained(folder.path() / "saved").encode("saya").ids == Ids{kCls, kSaya, kSep});
}

TEST_CASE("Tokenizer files: where they disagree, the one of transformers wins", "[text]") {
  const TemporaryFolder folder;
  const auto open = [&] { return BertTokenizer::from_pretrained(folder.path()); };
  folder.write("vocab.txt", kVocabulary);
  folder.write("tokenizer.json", changed(R"([{"op": "replace", "path": "/normalizer/lowercase", "value": false},
      {"op": "replace", "path": "/model/vocab/saya", "value": 6}, {"op": "replace", "path": "/model/vocab/suka", "value": 5},
      {"op": "replace", "path": "/model/max_input_chars_per_word", "value": 2}])")
                                     .dump());
  CHECK(ids(open(), "SAYA Kopi") == Ids{6, kKopi});
  folder.write("tokenizer_config.json", R"({"tokenizer_class": "BertTokenizerFast", "do_lower_case": false})");
  CHECK(ids(open(), "saya Kopi") == Ids{6, kBigKopi});
  folder.write("tokenizer_config.json", R"({"tokenizer_class": "PreTrainedTokenizerFast", "do_lower_case": true})");
  CHECK(ids(open(), "saya Kopi .") == Ids{kUnk, kUnk, kDot});
  for (const std::string role : {"cls_token", "sep_token", "unk_token"}) {
    folder.write("tokenizer_config.json", R"({"tokenizer_class": "TokenizersBackend", ")" + role + R"(": "saya"})");
    CHECK_THAT(thrown<ConfigError>(open), Contains(role) && Contains("'saya'"));
  }
  folder.write("tokenizer_config.json", R"({"tokenizer_class": "PreTrainedTokenizerFast"})");
  std::filesystem::remove(folder.path() / "tokenizer.json");
  CHECK_THAT(thrown<ConfigError>(open), Contains("tokenizer_class") && Contains("tokenizer.json"));
}

TEST_CASE("Tokenizer files: added tokens and names come from the first file that has them", "[text]") {
  const TemporaryFolder folder;
  const auto open = [&] { return BertTokenizer::from_pretrained(folder.path()); };
  folder.write("vocab.txt", kVocabulary);
  folder.write("added_tokens.json", R"({"<n>": 11, "<s>": 12})");
  folder.write("special_tokens_map.json", R"({"additional_special_tokens": ["<s>"], "pad_token": "[MASK]",
      "mask_token": {"content": "[MASK]", "lstrip": true, "rstrip": false, "single_word": false, "normalized": false}})");
  folder.write("tokenizer_config.json", R"({"pad_token": "."})");
  CHECK(open().pad_token_id() == kMask);
  CHECK(ids(open(), "saya<N>  [MASK]<s>") == Ids{kSaya, kNew, kMask, 12});
  CHECK(open().tokenize("saya  [MASK]") == std::vector<std::string>{"saya", "  [MASK]"});
  CHECK(open().vocab_size() == 13);
  CHECK_FALSE(open().is_special(kNew));
  CHECK_FALSE(open().is_special(12));  // transformers 5 looks for it in tokenizer_config.json
  folder.write("tokenizer_config.json", R"({"additional_special_tokens": ["<s>"]})");
  CHECK(open().is_special(12));
  json with_ids = {{"added_tokens_decoder", {{"11", token("<d>")}}}, {"bos_token", "<b>"}};
  folder.write("tokenizer_config.json", with_ids.dump());
  CHECK(open().pad_token_id() == kPad);
  CHECK(ids(open(), "<d><b>") == Ids{kNew, 12});
  CHECK(open().vocab_size() == 13);
}

TEST_CASE("Tokenizer files: what is saved keeps unknown fields and the bytes of vocab.txt", "[text]") {
  const TemporaryFolder folder;
  const std::string vocab = std::string(kVocabulary) + "caf\u00e9\r\n\nlast ";
  folder.write("vocab.txt", vocab);
  folder.write("tokenizer_config.json", R"({"do_lower_case": false, "model_max_length": 512, "own": {"a": [1, null]},
      "chat_template": null, "tokenizer_class": "BertTokenizer", "extra_special_tokens": ["<x>"]})");
  BertTokenizer tokenizer = BertTokenizer::from_pretrained(folder.path());
  CHECK(tokenizer.options().model_max_length == 512);
  tokenizer.add_tokens({{.content = "<new>", .lstrip = true}, {.content = "[S]", .special = true}});
  const auto saved = folder.path() / "saved";
  std::filesystem::create_directory(saved);
  tokenizer.save_pretrained(saved);
  CHECK(read_text_file((saved / "vocab.txt").string()) == vocab);
  const json config = read_json((saved / "tokenizer_config.json").string()).root;
  CHECK(config["own"] == json::parse(R"({"a": [1, null]})"));
  CHECK(config["model_max_length"] == 512);
  CHECK(config["additional_special_tokens"] == json::array({"<x>"}));
  CHECK(read_json((saved / "added_tokens.json").string()).root == json{{"<x>", 14}, {"<new>", 15}, {"[S]", 16}});
  const BertTokenizer again = BertTokenizer::from_pretrained(saved);
  CHECK(ids(again, "saya <new>[S]<x>caf\u00e9") == Ids{kSaya, 15, 16, 14, 11});
  CHECK(again.vocab_size() == 17);
  CHECK(ids(BertTokenizer::from_tokenizer_file(saved / "tokenizer.json"), "saya <new>[S]") == Ids{kSaya, 15, 16});
  folder.write("saved/tokenizer_config.json", "{}");
  BertTokenizer::from_vocab_file(folder.path() / "vocab.txt").save_pretrained(saved);
  CHECK_FALSE(std::filesystem::exists(saved / "added_tokens.json"));
}

TEST_CASE("Tokenizer files: a tokenizer.json that is malformed or no BERT one is refused by its field", "[text]") {
  struct Case {
    const char* patch;
    const char* message;
  };
  const std::vector<Case> malformed = {
      {R"([{"op": "remove", "path": "/model"}])", "/model/unk_token"},
      {R"([{"op": "remove", "path": "/model/vocab"}])", "/model/vocab"},
      {R"([{"op": "replace", "path": "/model/vocab", "value": []}])", "/model/vocab"},
      {R"([{"op": "replace", "path": "/model/vocab", "value": {}}])", "/model/vocab"},
      {R"([{"op": "replace", "path": "/model/vocab/saya", "value": 6}])", "/model/vocab/suka"},
      {R"([{"op": "replace", "path": "/model/vocab/saya", "value": 22}])", "/model/vocab/saya"},
      {R"([{"op": "replace", "path": "/model/vocab/saya", "value": -1}])", "/model/vocab/saya"},
      {R"([{"op": "replace", "path": "/model/vocab/saya", "value": 5.0}])", "/model/vocab/saya"},
      {R"([{"op": "add", "path": "/model/vocab/a\nb", "value": 11}])", "/model/vocab"},
      {R"([{"op": "replace", "path": "/model/max_input_chars_per_word", "value": "x"}])", "max_input_chars_per_word"},
      {R"([{"op": "replace", "path": "/normalizer/lowercase", "value": 1}])", "/normalizer/lowercase"},
      {R"([{"op": "remove", "path": "/normalizer/clean_text"}])", "/normalizer/clean_text"},
      {R"([{"op": "replace", "path": "/normalizer", "value": 3}])", "/normalizer/type"},
      {R"([{"op": "replace", "path": "/added_tokens/0/lstrip", "value": 1}])", "/added_tokens/0/lstrip"},
      {R"([{"op": "replace", "path": "/added_tokens/0/content", "value": ""}])", "/added_tokens/0"},
      {R"([{"op": "replace", "path": "/added_tokens/0/id", "value": 1}])", "comes twice"},
      {R"([{"op": "replace", "path": "/added_tokens/0/id", "value": 11}])", "'[PAD]' must have the id 0"},
      {R"([{"op": "add", "path": "/added_tokens/-", "value": {"id": 13, "content": "<n>"}}])", "must have the id 11"},
      {R"([{"op": "add", "path": "/added_tokens/-", "value": {"id": 5, "content": "<n>"}}])", "must have the id 11"},
      {R"([{"op": "add", "path": "/added_tokens/-", "value": "saya"}])", "/added_tokens/5"},
      {R"([{"op": "replace", "path": "/added_tokens", "value": {}}])", "/added_tokens"},
      {R"([{"op": "replace", "path": "/truncation", "value": {"direction": "Right", "max_length": -1, "strategy": "OnlyFirst",
           "stride": 0}}])",
       "/truncation/max_length"},
      {R"([{"op": "replace", "path": "/padding", "value": {"direction": "Up"}}])", "/padding/direction"},
      {R"([{"op": "replace", "path": "/post_processor/special_tokens/[CLS]/ids/0", "value": 3}])", "/post_processor"},
      {R"([{"op": "replace", "path": "/model/unk_token", "value": "<unk>"}])", "<unk>"},
      {R"([{"op": "replace", "path": "/padding", "value": {"strategy": "BatchLongest", "direction": "Right", "pad_id": 0,
           "pad_to_multiple_of": null, "pad_type_id": 0, "pad_token": "<pad>"}}])",
       "<pad>"}};
  const std::vector<Case> unsupported = {
      {R"([{"op": "replace", "path": "/version", "value": "2.0"}])", "/version"},
      {R"([{"op": "replace", "path": "/normalizer", "value": null}])", "/normalizer"},
      {R"([{"op": "replace", "path": "/normalizer/type", "value": "NFKC"}])", "/normalizer/type"},
      {R"([{"op": "replace", "path": "/normalizer/clean_text", "value": false}])", "/normalizer/clean_text"},
      {R"([{"op": "replace", "path": "/normalizer", "value": {"type": "Sequence", "normalizers": [{"type": "NFD"},
           {"type": "Lowercase"}]}}])",
       "/normalizer/normalizers"},
      {R"([{"op": "replace", "path": "/pre_tokenizer", "value": {"type": "Whitespace"}}])", "/pre_tokenizer/type"},
      {R"([{"op": "replace", "path": "/pre_tokenizer", "value": null}])", "/pre_tokenizer"},
      {R"([{"op": "replace", "path": "/model/type", "value": "BPE"}])", "/model/type"},
      {R"([{"op": "replace", "path": "/decoder/type", "value": "BPEDecoder"}])", "/decoder/type"},
      {R"([{"op": "replace", "path": "/decoder/prefix", "value": "@@"}])", "/decoder/prefix"},
      {R"([{"op": "replace", "path": "/decoder", "value": null}])", "/decoder"},
      {R"([{"op": "replace", "path": "/post_processor", "value": null}])", "/post_processor"},
      {R"([{"op": "replace", "path": "/post_processor/type", "value": "RobertaProcessing"}])", "/post_processor/type"},
      {R"([{"op": "replace", "path": "/post_processor/pair/3/Sequence/type_id", "value": 0}])", "/post_processor/pair"},
      {R"([{"op": "remove", "path": "/post_processor/pair/4"}])", "/post_processor/pair"},
      {R"([{"op": "replace", "path": "/truncation", "value": {"direction": "Left"}}])", "/truncation/direction"},
      {R"([{"op": "remove", "path": "/added_tokens/2"}])", "'[CLS]'"}};
  const TemporaryFolder folder;
  const auto message = [&]<typename E>(const json& file, const E*) {
    folder.write("tokenizer.json", file.dump());
    return thrown<E>([&] { BertTokenizer::from_tokenizer_file(folder.path() / "tokenizer.json"); });
  };
  for (const Case& one : malformed) {
    INFO(one.patch);
    CHECK_THAT(message(changed(one.patch), static_cast<FormatError*>(nullptr)), Contains(one.message));
  }
  for (const Case& one : unsupported) {
    INFO(one.patch);
    CHECK_THAT(message(changed(one.patch), static_cast<ConfigError*>(nullptr)), Contains(one.message));
  }
  CHECK_THAT(message(changed(R"([{"op": "add", "path": "/model/vocab/a ", "value": 11}])"),
                     static_cast<FormatError*>(nullptr)),
             Contains("nothing was thrown"));
  CHECK_THAT(message(json::array(), static_cast<FormatError*>(nullptr)), Contains("JSON object"));
  CHECK_THROWS_AS(BertTokenizer::from_tokenizer_file(folder.path() / "absent.json"), IoError);
}

TEST_CASE("Tokenizer files: malformed tokens and options are refused by their field", "[text]") {
  struct Case {
    const char *file, *json, *message;
    bool is_config_error = false;
  };
  const std::vector<Case> cases = {
      {"added_tokens.json", R"({"<n>": 12})", "must have the id 11"},
      {"added_tokens.json", R"({"<n>": 5})", "must have the id 11"},
      {"added_tokens.json", R"({"saya": 11})", "must have the id 5"},
      {"added_tokens.json", R"({"<n>": "11"})", "<n>"},
      {"added_tokens.json", R"({"": 11})", "empty"},
      {"added_tokens.json", R"({"a": 11, "b": 11})", "comes twice"},
      {"added_tokens.json", "[]", "object"},
      {"special_tokens_map.json", R"({"cls_token": 3})", "cls_token"},
      {"special_tokens_map.json", R"({"cls_token": {"content": "[CLS]", "lstrip": "no"}})", "lstrip"},
      {"special_tokens_map.json", R"({"cls_token": "<cls>"})", "<cls>"},
      {"special_tokens_map.json", R"({"additional_special_tokens": "x"})", "additional_special_tokens"},
      {"special_tokens_map.json", R"({"additional_special_tokens": [""]})", "additional_special_tokens"},
      {"tokenizer_config.json", R"({"added_tokens_decoder": {"x": {"content": "<n>"}}})", "added_tokens_decoder"},
      {"tokenizer_config.json", R"({"added_tokens_decoder": {"11": "<n>"}})", "added_tokens_decoder"},
      {"tokenizer_config.json", R"({"added_tokens_decoder": {"11": {"content": "<n>"}, "12": {"content": "<n>"}}})",
       "<n>"},
      {"tokenizer_config.json", R"({"model_max_length": "long"})", "model_max_length"},
      {"tokenizer_config.json", R"({"model_max_length": 0})", "model_max_length"},
      {"tokenizer_config.json", R"({"padding_side": "up"})", "padding_side"},
      {"tokenizer_config.json", R"({"clean_up_tokenization_spaces": 1})", "clean_up_tokenization_spaces"},
      {"tokenizer_config.json", R"({"x_token": "<x>", "y_token": "<y>"})", "fields x_token and y_token", true},
      {"tokenizer_config.json", R"({"truncation_side": "left"})", "truncation_side", true},
      {"tokenizer_config.json", R"({"split_special_tokens": true})", "split_special_tokens", true},
      {"tokenizer_config.json", R"({"tokenizer_class": "XLMRobertaTokenizer"})", "tokenizer_class", true}};
  for (const Case& one : cases) {
    INFO(one.file << ": " << one.json);
    const TemporaryFolder folder;
    folder.write("vocab.txt", kVocabulary);
    folder.write(one.file, one.json);
    const auto open = [&] { BertTokenizer::from_pretrained(folder.path()); };
    const std::string message = one.is_config_error ? thrown<ConfigError>(open) : thrown<FormatError>(open);
    CHECK_THAT(message, Contains(one.message));
  }
  const TemporaryFolder folder;
  folder.write("vocab.txt", kVocabulary);
  folder.write("tokenizer_config.json", R"({"do_basic_tokenize": false, "never_split": ["Kopi"]})");
  CHECK(ids(BertTokenizer::from_pretrained(folder.path()), "Kopi") == Ids{kKopi});
  folder.write("tokenizer_config.json", R"({"never_split": ["kopinya"]})");
  CHECK(ids(BertTokenizer::from_pretrained(folder.path()), "kopinya") == Ids{kKopi, kNya});
}

TEST_CASE("Tokenizer files: a token that comes twice in vocab.txt is legal until tokens are added", "[text]") {
  const TemporaryFolder folder;
  folder.write("vocab.txt", std::string(kVocabulary) + "saya\n");
  BertTokenizer tokenizer = BertTokenizer::from_pretrained(folder.path());
  CHECK(ids(tokenizer, "saya") == Ids{kNew});
  CHECK(tokenizer.vocab_size() == 12);
  CHECK_THAT(thrown<ConfigError>([&] { tokenizer.add_tokens({{.content = "<n>"}}); }),
             Contains("12") && Contains("11"));
  CHECK(tokenizer.add_tokens({{.content = "kopi", .normalized = false}}) == 1);  // needs no new id
  tokenizer.save_pretrained(folder.path() / "saved");
  std::filesystem::remove(folder.path() / "saved" / "vocab.txt");
  const BertTokenizer again = BertTokenizer::from_pretrained(folder.path() / "saved");  // an id that no token has
  CHECK(ids(again, "saya suka") == Ids{kNew, kSuka});
  CHECK(again.vocab_size() == 12);
}

TEST_CASE("Tokenizer files: what is wrong with added tokens is said", "[text]") {
  const TemporaryFolder folder;
  folder.write("vocab.txt", kVocabulary);
  BertTokenizer tokenizer = BertTokenizer::from_pretrained(folder.path());
  const BertTokenizer before = tokenizer;
  CHECK_THROWS_AS(tokenizer.add_tokens({{.content = ""}}), ValueError);
  CHECK_THROWS_AS(tokenizer.add_tokens({{.content = "<n>"}, {.content = "\xFF"}}), ValueError);
  CHECK_THAT(thrown<ConfigError>([&] {
               tokenizer.add_tokens({{.content = "Abc"}, {.content = "ABC"}});
             }),
             Contains("'Abc'") && Contains("'ABC'") && Contains("'abc'"));
  CHECK(tokenizer.vocab_size() == 11);
  CHECK(tokenizer.add_tokens({{.content = "<n>"}, {.content = "saya"}, {.content = "<n>"}}) == 2);
  CHECK(tokenizer.add_tokens({{.content = "<n>"}}) == 0);
  CHECK(tokenizer.add_tokens({{.content = "<n>", .lstrip = true}}) == 1);
  CHECK(tokenizer.vocab_size() == 12);
  CHECK(tokenizer.token_to_id("<n>") == kNew);
  CHECK(tokenizer.token_to_id("nothing") == kUnk);
  CHECK(tokenizer.id_to_token(kNew) == "<n>");
  CHECK_THROWS_AS(tokenizer.id_to_token(12), ValueError);
  CHECK(before.vocab_size() == 11);
}

}  // namespace bert_tokenizer_folder_test
