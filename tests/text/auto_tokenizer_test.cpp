// AutoTokenizer: which kind a folder holds, and the one type that holds them all.
#include <tempa/io/files/file.hpp>
#include <tempa/text/auto_tokenizer.hpp>
#include <tempa/text/batch_encoding.hpp>
#include <tempa/text/japanese/japanese_tokenizer.hpp>
#include <tempa/text/sentencepiece/sentencepiece_tokenizer.hpp>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/fixtures.hpp"
#include "support/ipadic.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

namespace auto_tokenizer_test {

using namespace tempa;
using namespace std::string_literals;
using Catch::Matchers::Contains;
using Ids = std::vector<std::int32_t>;
using nlohmann::json;

namespace {

constexpr const char* kVocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nkopi\n##nya\n";

enum class Kind { kBert, kJapanese, kAlbert, kXlmRoberta, kOther };

Kind kind_of(const AnyTokenizer& tokenizer) {
  if (tokenizer.get_if<BertTokenizer>() != nullptr) return Kind::kBert;
  if (tokenizer.get_if<BertJapaneseTokenizer>() != nullptr) return Kind::kJapanese;
  if (const auto* pieces = tokenizer.get_if<SentencePieceTokenizer>()) {
    return pieces->options().convention == SentencePieceConvention::kAlbert ? Kind::kAlbert : Kind::kXlmRoberta;
  }
  return Kind::kOther;
}

std::string model_bytes(const std::string& kind) {
  return read_text_file(fixture_path("text/" + kind + ".model").string());
}

/// A folder with these files; "" stands for the content that the name asks for.
void fill(const TemporaryFolder& folder, const std::vector<std::pair<const char*, std::string>>& files) {
  for (const auto& [name, content] : files) {
    std::string bytes = content;
    if (bytes.empty() && name == "vocab.txt"s) bytes = kVocabulary;
    if (bytes.empty() && name == "spiece.model"s) bytes = model_bytes("albert");
    if (bytes.empty() && name == "sentencepiece.bpe.model"s) bytes = model_bytes("xlm_roberta");
    folder.write(name, bytes);
  }
}

/// A tokenizer of somebody else, with no more than the concept asks for: every byte is an id.
struct ByteTokenizer {
  Encoding encode(std::string_view text, const EncodeOptions&) const {
    return {{text.begin(), text.end()}, Ids(text.size(), 0)};
  }
  Encoding encode(std::string_view text, std::string_view pair, const EncodeOptions& options) const {
    return encode(std::string(text) + std::string(pair), options);
  }
  std::int64_t vocab_size() const { return 256; }
  std::int32_t pad_token_id() const { return 0; }
  std::int32_t unk_token_id() const { return 1; }
  std::int32_t cls_token_id() const { return 2; }
  std::int32_t sep_token_id() const { return 3; }
};

}  // namespace

TEST_CASE("AutoTokenizer: the files of a folder say which tokenizer it is", "[text]") {
  const std::pair<std::vector<std::pair<const char*, std::string>>, Kind> cases[] = {
      {{{"vocab.txt", ""}}, Kind::kBert},
      {{{"spiece.model", ""}}, Kind::kAlbert},
      {{{"sentencepiece.bpe.model", ""}}, Kind::kXlmRoberta},
      {{{"vocab.txt", ""}, {"tokenizer_config.json", R"({"tokenizer_class": "BertTokenizer"})"}}, Kind::kBert},
      {{{"vocab.txt", ""}, {"tokenizer_config.json", R"({"tokenizer_class": "DistilBertTokenizerFast"})"}},
       Kind::kBert},
      {{{"vocab.txt", ""}, {"tokenizer_config.json", R"({"tokenizer_class": "BertJapaneseTokenizer"})"}},
       Kind::kJapanese},
      {{{"vocab.txt", ""}, {"tokenizer_config.json", R"({"word_tokenizer_type": "basic"})"}}, Kind::kJapanese},
      {{{"vocab.txt", ""}, {"config.json", R"({"tokenizer_class": "BertJapaneseTokenizer"})"}}, Kind::kJapanese},
      {{{"vocab.txt", ""}, {"spiece.model", ""}, {"tokenizer_config.json", R"({"tokenizer_class": "BertTokenizer"})"}},
       Kind::kBert},
      {{{"spiece.model", ""}, {"tokenizer_config.json", R"({"tokenizer_class": "AlbertTokenizerFast"})"}},
       Kind::kAlbert},
      {{{"sentencepiece.bpe.model", ""},
        {"tokenizer_config.json", R"({"tokenizer_class": "XLMRobertaTokenizer"})"},
        {"config.json", R"({"model_type": "xlm-roberta", "tokenizer_class": "AlbertTokenizer"})"}},
       Kind::kXlmRoberta},
      {{{"vocab.txt", ""}, {"config.json", R"({"model_type": "albert"})"}}, Kind::kBert}};
  for (const auto& [files, kind] : cases) {
    const TemporaryFolder folder;
    fill(folder, files);
    INFO(files.front().first << ' ' << files.back().second);
    CHECK(static_cast<int>(kind_of(AutoTokenizer::from_pretrained(folder.path()))) == static_cast<int>(kind));
  }
}

TEST_CASE("AutoTokenizer: a folder with tokenizer.json alone is opened by its model", "[text]") {
  const TemporaryFolder source, saved, pieces;
  source.write("vocab.txt", kVocabulary);
  BertTokenizer::from_pretrained(source.path()).save_pretrained(saved.path());
  std::filesystem::remove(saved.path() / "vocab.txt");
  for (const bool with_config : {true, false}) {
    if (!with_config) std::filesystem::remove(saved.path() / "tokenizer_config.json");
    const AnyTokenizer tokenizer = AutoTokenizer::from_pretrained(saved.path());
    CHECK(tokenizer.get_if<BertTokenizer>() != nullptr);
    CHECK(tokenizer.encode("kopinya").ids == Ids{2, 5, 6, 3});
  }
  const json unigram = json::parse(R"({"model": {"type": "Unigram", "unk_id": 1, "vocab": [
      ["<pad>", 0], ["<unk>", 0], ["[CLS]", 0], ["[SEP]", 0], ["\u2581kopi", -1.5]]}})");
  pieces.write("tokenizer.json", unigram.dump());
  const auto open = [&] { return AutoTokenizer::from_pretrained(pieces.path()); };
  CHECK_THAT(thrown<ConfigError>(open), Contains("must have model_type albert or xlm-roberta in config.json"));
  pieces.write("config.json", R"({"model_type": "albert"})");
  CHECK(open().encode("kopi").ids == Ids{2, 4, 3});

  json of_xlm_roberta = json::parse(R"({"model": {"type": "Unigram", "unk_id": 3, "vocab": [
      ["<s>", 0], ["<pad>", 0], ["</s>", 0], ["<unk>", 0], ["\u2581kopi", -1.5], ["<mask>", 0]]}})");
  int id = 0;
  for (const char* token : {"<s>", "<pad>", "</s>", "<unk>"})
    of_xlm_roberta["added_tokens"].push_back({{"id", id++}, {"content", token}, {"special", true}});
  pieces.write("tokenizer.json", of_xlm_roberta.dump());
  pieces.write("config.json", R"({"model_type": "bert"})");
  for (const char* name : {"", "PreTrainedTokenizerFast", "TokenizersBackend"}) {
    pieces.write("tokenizer_config.json", json{{"tokenizer_class", name}}.dump());
    CHECK(open().encode("kopi").ids == Ids{0, 4, 2});
  }
}

TEST_CASE("AutoTokenizer: model_max_length is known of every kind, kept when it is saved, and 1e30 is none", "[text]") {
  for (const char* const file : {"vocab.txt", "spiece.model", "sentencepiece.bpe.model", "japanese"}) {
    INFO(file);
    const bool japanese = file == "japanese"s;
    const TemporaryFolder folder;
    fill(folder, {{japanese ? "vocab.txt" : file, ""}});
    const auto open = [&](const std::string& length) {
      folder.write("tokenizer_config.json",
                   "{" + std::string(japanese ? R"("word_tokenizer_type": "basic")" : R"("pad_token": null)") +
                       (length.empty() ? "" : R"(, "model_max_length": )" + length) + "}");
      return AutoTokenizer::from_pretrained(folder.path());
    };
    CHECK_FALSE(open("").model_max_length());
    CHECK_FALSE(open("null").model_max_length());
    CHECK_FALSE(open("1000000000000000019884624838656").model_max_length());
    CHECK_THAT(thrown<FormatError>([&] { open("0"); }), Contains("model_max_length"));
    const AnyTokenizer tokenizer = open("7");
    CHECK(tokenizer.model_max_length() == 7);
    CHECK(tokenizer.encode("kopi kopi kopi kopi kopi kopi kopi kopi kopi").ids.size() > 7);
    tokenizer.save_pretrained(folder.path() / "saved");
    CHECK(AutoTokenizer::from_pretrained(folder.path() / "saved").model_max_length() == 7);
    CHECK_FALSE(AnyTokenizer(ByteTokenizer{}).model_max_length());
  }
}

TEST_CASE("AutoTokenizer: a folder whose texts are to be cut at their beginning is refused, whatever its kind",
          "[text]") {
  for (const char* const file : {"vocab.txt", "spiece.model", "sentencepiece.bpe.model", "japanese"}) {
    INFO(file);
    const bool japanese = file == "japanese"s;
    const TemporaryFolder folder;
    fill(folder, {{japanese ? "vocab.txt" : file, ""}});
    folder.write("tokenizer_config.json", std::string(R"({"truncation_side": "left")") +
                                              (japanese ? R"(, "word_tokenizer_type": "basic"})" : "}"));
    CHECK_THAT(thrown<ConfigError>([&] { AutoTokenizer::from_pretrained(folder.path()); }),
               Contains("field truncation_side must be \"right\" but is 'left'"));
  }
}

TEST_CASE("AutoTokenizer: an old Japanese model is known by its folder's name", "[text]") {
  const TemporaryFolder folder;
  folder.write("bert-base-japanese/vocab.txt", kVocabulary);
  const std::filesystem::path model = folder.path() / "bert-base-japanese";
#if defined(TEMPA_WITH_MECAB)
  TEMPA_REQUIRE_IPADIC(dictionary);
  const AnyTokenizer tokenizer = AutoTokenizer::from_pretrained(model, {.mecab = {.dictionary = *dictionary}});
  REQUIRE(tokenizer.get_if<BertJapaneseTokenizer>() != nullptr);
  CHECK(tokenizer.get_if<BertJapaneseTokenizer>()->options().word_tokenizer == JapaneseWordTokenizer::kMecab);
#else
  CHECK_THAT(thrown<ConfigError>([&] { AutoTokenizer::from_pretrained(model); }), Contains("this build has none"));
#endif
  CHECK_THAT(
      thrown<ConfigError>([&] { AutoTokenizer::from_pretrained(model, {.mecab = {.dictionary = folder.path()}}); }),
      Contains("lacks sys.dic") || Contains("this build has none"));
}

TEST_CASE("AutoTokenizer: what is saved has the bytes and the ids of what was opened", "[text]") {
  const std::pair<const char*, std::vector<const char*>> cases[] = {
      {"BertTokenizer", {"vocab.txt"}},
      {"BertJapaneseTokenizer", {"vocab.txt"}},
      {"AlbertTokenizer", {"spiece.model"}},
      {"XLMRobertaTokenizer", {"sentencepiece.bpe.model"}}};
  for (const auto& [name, files] : cases) {
    const TemporaryFolder source, target;
    for (const char* const file : files) fill(source, {{file, ""}});
    source.write("tokenizer_config.json", json{{"tokenizer_class", name}}.dump());
    const AnyTokenizer tokenizer = AutoTokenizer::from_pretrained(source.path());
    tokenizer.save_pretrained(target.path() / "a" / "b");
    INFO(name);
    for (const char* const file : files) {
      CHECK(read_text_file((target.path() / "a" / "b" / file).string()) ==
            read_text_file((source.path() / file).string()));
    }
    const AnyTokenizer again = AutoTokenizer::from_pretrained(target.path() / "a" / "b");
    CHECK(static_cast<int>(kind_of(again)) == static_cast<int>(kind_of(tokenizer)));
    for (const std::string text : {"kopinya enak sekali, (9,9) [MASK] <mask>", "", "Kopi\u3000é"}) {
      CHECK(again.encode(text) == tokenizer.encode(text));
      CHECK(again.encode(text, "enak") == tokenizer.encode(text, "enak"));
    }
    CHECK(again.mask_token_id() == tokenizer.mask_token_id());
    CHECK(again.decode(again.encode("enak").ids, {.skip_special_tokens = true}) ==
          tokenizer.decode(tokenizer.encode("enak").ids, {.skip_special_tokens = true}));
  }
}

TEST_CASE("AutoTokenizer: folders without a tokenizer, or with another kind, are named", "[text]") {
  const TemporaryFolder folder;
  const auto open = [&] { AutoTokenizer::from_pretrained(folder.path()); };
  CHECK_THAT(thrown<IoError>([&] { AutoTokenizer::from_pretrained(folder.path() / "none"); }),
             Contains("expected a model folder"));
  CHECK_THAT(thrown<IoError>(open),
             Contains("none of vocab.txt, spiece.model, sentencepiece.bpe.model and tokenizer.json"));
  folder.write("vocab.txt", kVocabulary);
  folder.write("tokenizer_config.json", R"({"tokenizer_class": "RobertaTokenizer"})");
  CHECK_THAT(thrown<ConfigError>(open), Contains("tokenizer_config.json: tokenizer_class must be BertTokenizer") &&
                                            Contains("but is 'RobertaTokenizer'"));
  folder.write("tokenizer_config.json", R"({"tokenizer_class": "PreTrainedTokenizerFast"})");
  CHECK_THAT(thrown<IoError>(open), Contains("found no tokenizer.json"));
  folder.write("tokenizer_config.json", "[]");
  CHECK_THROWS_AS(open(), FormatError);
  folder.write("tokenizer_config.json", "{");
  CHECK_THROWS_AS(open(), FormatError);
  folder.write("tokenizer_config.json", R"({"tokenizer_class": "AlbertTokenizer"})");
  CHECK_THAT(thrown<IoError>(open), Contains("spiece.model or tokenizer.json"));
}

TEST_CASE("AnyTokenizer: it holds a tokenizer of your own, and says what that one lacks", "[text]") {
  const AnyTokenizer tokenizer = ByteTokenizer{};
  CHECK(tokenizer.encode("ab").ids == Ids{97, 98});
  CHECK(tokenizer.encode("a", "b").ids == Ids{97, 98});
  CHECK(tokenizer.vocab_size() == 256);
  CHECK(tokenizer.pad_token_id() == 0);
  CHECK(tokenizer.unk_token_id() == 1);
  CHECK(tokenizer.cls_token_id() == 2);
  CHECK(tokenizer.sep_token_id() == 3);
  CHECK_FALSE(tokenizer.mask_token_id());
  CHECK(tokenizer.get_if<ByteTokenizer>() != nullptr);
  CHECK(tokenizer.get_if<BertTokenizer>() == nullptr);
  CHECK_THAT(thrown<ConfigError>([&] { tokenizer.decode(Ids{97}); }), Contains("decode was asked for"));
  CHECK_THAT(thrown<ConfigError>([&] { tokenizer.save_pretrained("x"); }),
             Contains("save_pretrained to x was asked for"));
  const AnyTokenizer copy = tokenizer;
  CHECK(copy.get_if<ByteTokenizer>() == tokenizer.get_if<ByteTokenizer>());
  const std::vector<std::string> texts{"a", "bc"};
  CHECK(encode_batch(tokenizer, texts).at(1).ids == Ids{98, 99});
}

}  // namespace auto_tokenizer_test
