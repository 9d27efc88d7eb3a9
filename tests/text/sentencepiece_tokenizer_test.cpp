// Tokenizers over sentencepiece models: ids against transformers (fixtures/text/make_sentencepiece.py), files, errors.
#include <tempa/core/random.hpp>
#include <tempa/io/detail/protobuf.hpp>
#include <tempa/io/files/file.hpp>
#include <tempa/text/sentencepiece/sentencepiece_tokenizer.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/fixtures.hpp"
#include "support/large_tokenizer_fixture.hpp"
#include "support/many_threads.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

namespace sentencepiece_tokenizer_test {

using namespace tempa;
using namespace std::string_literals;
using Catch::Matchers::Contains;
using Ids = std::vector<std::int32_t>;
using nlohmann::json;

namespace {

constexpr std::pair<const char*, SentencePieceConvention> kKinds[] = {
    {"albert", SentencePieceConvention::kAlbert}, {"xlm_roberta", SentencePieceConvention::kXlmRoberta}};

const json& golden() {
  static const json data = [] {
    std::ifstream in(fixture_path("text/sentencepiece.json"));
    return json::parse(in);
  }();
  return data;
}

std::filesystem::path model_path(const std::string& kind) { return fixture_path("text/" + kind + ".model"); }

/// The golden rows of a kind of model.
json expected(const std::string& kind) {
  json rows = golden()[kind];
  for (json& setting : rows["ids"]) {
    for (std::size_t i = 0; i < setting.size(); ++i) {
      if (setting[i].is_null()) setting[i] = rows["ids"][0][i];  // the same as with the first setting
    }
  }
  return rows;
}

SentencePieceTokenizer open(const std::string& kind, SentencePieceConvention convention,
                            const json& setting = json::object()) {
  return SentencePieceTokenizer::from_model_file(model_path(kind),
                                                 {.convention = convention,
                                                  .lower_case = setting.value("do_lower_case", true),
                                                  .keep_accents = setting.value("keep_accents", false)});
}

SentencePieceTokenizer open_albert() { return open("albert", SentencePieceConvention::kAlbert); }

std::string model_bytes(const std::string& kind) { return read_text_file(model_path(kind).string()); }

}  // namespace

TEST_CASE("sentencepiece: the ids are those of transformers, line by line", "[text]") {
  REQUIRE(golden()["lines"].size() >= 23);
  for (const auto& [kind, convention] : kKinds) {
    const json rows = expected(kind)["ids"];
    for (std::size_t s = 0; s < rows.size(); ++s) {
      const auto tokenizer = open(kind, convention, golden()["settings"][kind][s]);
      REQUIRE(rows[s].size() == golden()["lines"].size());
      for (std::size_t i = 0; i < rows[s].size(); ++i) {
        const std::string line = golden()["lines"][i].get<std::string>();
        INFO(kind << ' ' << golden()["settings"][kind][s] << ' ' << i << ": " << line);
        CHECK(tokenizer.encode(line, {.add_special_tokens = false}).ids == rows[s][i].get<Ids>());
      }
    }
  }
}

TEST_CASE("sentencepiece: pairs and decoded texts are those of transformers", "[text]") {
  const std::pair<const char*, const char*> pairs[] = {
      {"enak sekali", "harga mahal dan lambat"}, {"", "enak"}, {"enak", ""}, {"tidak tidak tidak", "enak"}};
  for (const auto& [kind, convention] : kKinds) {
    INFO(kind);
    const auto tokenizer = open(kind, convention);
    const json rows = expected(kind);
    std::size_t row = 0;
    for (const auto& [first, second] : pairs) {
      for (const std::int64_t length : {4, 7, 8, 64}) {
        const json& wanted = rows["pairs"][row++];
        CHECK(tokenizer.encode(first, second, {.max_length = length}) ==
              Encoding{wanted[0].get<Ids>(), wanted[1].get<Ids>()});
      }
    }
    CHECK(row == rows["pairs"].size());
    row = 0;
    for (std::size_t line = 0; line < 16; ++line) {
      const Ids ids = tokenizer.encode(golden()["lines"][line].get<std::string>()).ids;
      for (const bool skip : {false, true}) {
        INFO(golden()["lines"][line]);
        CHECK(tokenizer.decode(ids, {.skip_special_tokens = skip}) == rows["decoded"][row++].get<std::string>());
      }
    }
    CHECK(row == rows["decoded"].size());
  }
}

TEST_CASE("sentencepiece: tens of thousands of lines have the ids of transformers", "[text]") {
  bool any = false;
  for (const auto& [kind, convention] : kKinds) {
    for (const std::filesystem::path& folder : large_tokenizer_folders(kind)) {
      any = true;
      const auto tokenizer = SentencePieceTokenizer::from_pretrained(folder, {.convention = convention});
      const auto lines = large_lines(folder);
      REQUIRE(lines.size() >= 20000);
      std::size_t different = 0;
      for (const auto& [line, ids] : lines) {
        if (tokenizer.encode(line).ids == ids) continue;
        if (++different < 5) WARN(folder.string() << ": " << json(line).dump(-1, ' ', true));
      }
      INFO(folder.string());
      CHECK(different == 0);
    }
  }
  if (!any) WARN("skipped: TEMPA_LARGE_TOKENIZER_FIXTURES names no folder of make_sentencepiece.py large");
}

TEST_CASE("sentencepiece: special ids and sizes follow the convention", "[text]") {
  const auto albert = open_albert();
  CHECK(albert.pad_token_id() == 0);
  CHECK(albert.unk_token_id() == 1);
  CHECK(albert.cls_token_id() == 2);
  CHECK(albert.sep_token_id() == 3);
  CHECK(albert.mask_token_id() == 4);
  CHECK(albert.tokenize("enak [MASK]").back() == "[MASK]");
  const std::int64_t pieces =
      static_cast<std::int64_t>(SentencePieceModel::load(model_path("xlm_roberta")).pieces.size());
  const auto xlm = open("xlm_roberta", SentencePieceConvention::kXlmRoberta);
  CHECK(xlm.cls_token_id() == 0);
  CHECK(xlm.pad_token_id() == 1);
  CHECK(xlm.sep_token_id() == 2);
  CHECK(xlm.unk_token_id() == 3);
  CHECK(xlm.mask_token_id() == pieces + 1);
  CHECK(xlm.vocab_size() == pieces + 2);
  CHECK(xlm.is_special(*xlm.mask_token_id()));
  CHECK(xlm.encode("", "").ids == Ids{0, 2, 2, 2});
  CHECK(xlm.encode("", "", {.max_length = 4}).token_type_ids == Ids{0, 0, 0, 0});
  CHECK_THROWS_AS(xlm.encode("", "", {.max_length = 3}), ValueError);
  CHECK_THROWS_AS(xlm.decode(Ids{static_cast<std::int32_t>(pieces) + 2}), ValueError);
  CHECK_THROWS_AS(xlm.decode(Ids{-1}), ValueError);
  CHECK_THROWS_AS(xlm.encode("\xFF"), ValueError);
}

TEST_CASE("sentencepiece: one tokenizer serves many threads", "[text]") {
  std::vector<std::string> lines;
  for (const json& line : golden()["lines"]) lines.push_back(line.get<std::string>());
  CHECK(different_in_threads(open_albert(), lines) == 0);
}

TEST_CASE("sentencepiece: what is saved opens again, with the same bytes and ids", "[text]") {
  for (const auto& [kind, convention] : kKinds) {
    const TemporaryFolder source, target;
    const char* const name = SentencePieceTokenizer::model_file_name(convention);
    source.write(name, model_bytes(kind));
    const std::int64_t next =
        SentencePieceTokenizer::from_pretrained(source.path(), {.convention = convention}).vocab_size();
    source.write("tokenizer_config.json",
                 json{{"do_lower_case", false},
                      {"keep_accents", true},
                      {"added_tokens_decoder",
                       {{std::to_string(next), {{"content", "Baru"}, {"single_word", true}, {"normalized", true}}}}}}
                     .dump());
    const SentencePieceTokenizerOptions options{.convention = convention};
    const auto tokenizer = SentencePieceTokenizer::from_pretrained(source.path(), options);
    CHECK(tokenizer.vocab_size() == next + 1);
    CHECK(tokenizer.tokenize("enak Baru Bar").at(1) == "Baru");
    tokenizer.save_pretrained(target.path() / "model");
    CHECK(read_text_file((target.path() / "model" / name).string()) == model_bytes(kind));
    const auto again = SentencePieceTokenizer::from_pretrained(target.path() / "model", options);
    for (const json& line : golden()["lines"]) {
      CHECK(again.encode(line.get<std::string>()) == tokenizer.encode(line.get<std::string>()));
    }
  }
}

TEST_CASE("sentencepiece: tokenizer.json alone gives the same ids as the model", "[text]") {
  const std::string base64 = [] {
    constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    ProtobufReader reader(SentencePieceModel::load(model_path("albert")).bytes, "", "");
    const std::string bytes = model_bytes("albert");
    std::string charsmap;
    ProtobufReader model(bytes, bytes, "ModelProto");
    while (const auto field = model.next()) {
      if (field->number != 3) continue;
      ProtobufReader normalizer(field->bytes, bytes, "NormalizerSpec");
      while (const auto inner = normalizer.next()) {
        if (inner->number == 2) charsmap = std::string(inner->bytes);
      }
    }
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : charsmap) {
      bits = (bits << 8) | static_cast<unsigned char>(c);
      for (count += 8; count >= 6;) out += kDigits[(bits >> (count -= 6)) & 63U];
    }
    if (count > 0) out += kDigits[(bits << (6 - count)) & 63U];
    while (out.size() % 4 != 0) out += '=';
    return out;
  }();
  const SentencePieceModel model = SentencePieceModel::load(model_path("albert"));
  json file = {{"version", "1.0"},
               {"normalizer",
                {{"type", "Sequence"},
                 {"normalizers", {{{"type", "NFKD"}}, {{"type", "Precompiled"}, {"precompiled_charsmap", base64}}}}}},
               {"added_tokens", json::array()},
               {"model", {{"type", "Unigram"}, {"unk_id", 1}, {"vocab", json::array()}}}};
  for (std::size_t id = 0; id < model.pieces.size(); ++id) {
    const SentencePieceModel::Piece& piece = model.pieces[id];
    file["model"]["vocab"].push_back({piece.text, double{piece.score}});
    const bool control = piece.type == SentencePieceModel::PieceType::kControl;
    if (!control && piece.type != SentencePieceModel::PieceType::kUserDefined) continue;
    file["added_tokens"].push_back({{"id", id}, {"content", piece.text}, {"special", control}, {"normalized", false}});
  }
  const TemporaryFolder folder, target;
  folder.write("tokenizer.json", file.dump());
  const auto tokenizer = SentencePieceTokenizer::from_pretrained(folder.path());
  for (const json& line : golden()["lines"]) {
    CHECK(tokenizer.encode(line.get<std::string>()) == open_albert().encode(line.get<std::string>()));
  }
  tokenizer.save_pretrained(target.path());
  CHECK(read_text_file((target.path() / "tokenizer.json").string()) == file.dump());
  CHECK(SentencePieceTokenizer::from_pretrained(target.path()).vocab_size() == tokenizer.vocab_size());
  const auto broken = [&](const char* pointer, const json& value) {
    json changed = file;
    changed[json::json_pointer(pointer)] = value;
    folder.write("tokenizer.json", changed.dump());
    return [&] { SentencePieceTokenizer::from_pretrained(folder.path()); };
  };
  CHECK_THAT(thrown<ConfigError>(broken("/model/type", "BPE")), Contains("must be of the type Unigram but is 'BPE'"));
  CHECK_THAT(thrown<FormatError>(broken("/model/unk_id", 100000)), Contains("unk_id"));
  CHECK_THAT(thrown<FormatError>(broken("/model/vocab/7", "x")), Contains("expected a piece and its score"));
  CHECK_THAT(thrown<FormatError>(broken("/model/vocab/7/1", "x")), Contains("expected a piece and its score"));
  CHECK_THAT(thrown<FormatError>(broken("/model/vocab", json::array())), Contains("expected pieces with scores"));
  CHECK_THAT(thrown<FormatError>(broken("/added_tokens/0", 1)), Contains("added_tokens"));
  CHECK_THAT(thrown<FormatError>(broken("/normalizer/normalizers/1/precompiled_charsmap", "!!")), Contains("Base64"));
  CHECK_THAT(thrown<FormatError>(broken("/normalizer/normalizers/1/precompiled_charsmap", "AAAA")),
             Contains("broken normalization table"));
}

TEST_CASE("sentencepiece: pieces are left out at random when asked for", "[text]") {
  const auto tokenizer = open_albert();
  manual_seed(11);
  const Ids whole = tokenizer.encode("tidak makanan").ids;
  bool differs = false;
  for (int i = 0; i < 20; ++i) {
    const Ids ids = tokenizer.encode("tidak makanan", {.piece_drop_prob = 0.5}).ids;
    CHECK(tokenizer.decode(ids) == tokenizer.decode(whole));
    differs = differs || ids != whole;
  }
  CHECK(differs);
  CHECK_THROWS_AS(tokenizer.encode("x", {.piece_drop_prob = 1.0}), ValueError);
  CHECK_THROWS_AS(tokenizer.encode("x", {.piece_drop_prob = -0.1}), ValueError);
}

TEST_CASE("sentencepiece: missing files, tokens and models of other types are named", "[text]") {
  const TemporaryFolder folder;
  CHECK_THAT(thrown<IoError>([&] { SentencePieceTokenizer::from_pretrained(folder.path()); }),
             Contains("spiece.model or tokenizer.json"));
  CHECK_THROWS_AS(SentencePieceTokenizer::from_model_file(folder.path() / "none"), IoError);
  CHECK_THAT(thrown<FormatError>([] { SentencePieceTokenizer::from_model_file(model_path("xlm_roberta")); }),
             Contains("must have the special token <pad> but has not"));
  CHECK_THAT(thrown<FormatError>([] {
               SentencePieceTokenizer::from_model_file(model_path("albert"),
                                                       {.convention = SentencePieceConvention::kXlmRoberta});
             }),
             Contains("expected the unknown piece at 0"));
  ProtobufWriter unknown, normal, trainer, model;
  unknown.bytes(1, "<unk>");
  unknown.varint(3, 2);
  normal.bytes(1, "a");
  trainer.varint(3, 2);  // byte-pair encoding
  model.message(1, unknown);
  model.message(1, normal);
  model.message(2, trainer);
  const std::filesystem::path bpe = folder.write("spiece.model", model.str());
  CHECK_THAT(thrown<ConfigError>([&] { SentencePieceTokenizer::from_model_file(bpe); }),
             Contains("expected a unigram model but it is of the type 2"));
  folder.write("spiece.model", model_bytes("albert"));
  folder.write("tokenizer_config.json", R"({"added_tokens_decoder": {"7": {"content": "Baru"}}})");
  CHECK_THAT(thrown<FormatError>([&] { SentencePieceTokenizer::from_pretrained(folder.path()); }),
             Contains("'Baru'") && Contains("but it is 7"));
}

}  // namespace sentencepiece_tokenizer_test
