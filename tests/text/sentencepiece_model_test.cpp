// Sentencepiece model files that are broken, the normalisation table and the unigram model by themselves.
#include <tempa/io/detail/protobuf.hpp>
#include <tempa/io/files/file.hpp>
#include <tempa/text/sentencepiece/detail/sentencepiece_model.hpp>
#include <tempa/text/sentencepiece/detail/unigram.hpp>

#include <cmath>
#include <filesystem>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/fixtures.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

namespace sentencepiece_model_test {

using namespace tempa;
using namespace std::string_literals;
using Catch::Matchers::Contains;
using Ids = std::vector<std::int32_t>;

namespace {

ProtobufWriter piece(const std::string& text, float score, std::uint64_t type) {
  ProtobufWriter out;
  out.bytes(1, text);
  out.real32(2, score);
  out.varint(3, type);
  return out;
}

std::string model_of(const std::vector<ProtobufWriter>& pieces) {
  ProtobufWriter model;
  for (const ProtobufWriter& one : pieces) model.message(1, one);
  return model.str();
}

std::string fixture_bytes() { return read_text_file(fixture_path("text/albert.model").string()); }

/// Opens the bytes and uses what opens. @return whether it opened.
bool survives(const std::string& bytes) {
  try {
    const SentencePieceModel model = SentencePieceModel::parse(bytes, "model");
    std::vector<ScoredPiece> pieces;
    for (const SentencePieceModel::Piece& one : model.pieces) pieces.push_back({one.text, double{one.score}});
    Ids ids;
    Unigram(std::move(pieces), model.unknown_id)
        .append_ids(model.charsmap.normalize("\u2581ｱﾞtidak \u00a0e\u0301\U0001F600 \r\n½"), ids);
    return true;
  } catch (const FormatError&) {
    return false;
  }
}

}  // namespace

TEST_CASE("sentencepiece model: the parts of a file are read", "[text]") {
  const SentencePieceModel model = SentencePieceModel::load(fixture_path("text/albert.model"));
  CHECK(model.type == SentencePieceModel::ModelType::kUnigram);
  CHECK(model.unknown_id == 1);
  CHECK(model.pieces.size() > 100);
  CHECK(model.pieces[0].text == "<pad>");
  CHECK(model.pieces[0].type == SentencePieceModel::PieceType::kControl);
  CHECK(model.pieces[5].text == "(");
  CHECK(model.pieces[5].type == SentencePieceModel::PieceType::kUserDefined);
  CHECK_FALSE(model.charsmap.empty());
  CHECK(model.bytes == fixture_bytes());
}

TEST_CASE("sentencepiece model: each rule that a file breaks is named", "[text]") {
  const ProtobufWriter unknown = piece("<unk>", 0, 2);
  const float infinity = std::numeric_limits<float>::infinity();
  const std::pair<std::string, const char*> cases[] = {
      {"", "there are no pieces"},
      {model_of({piece("a", 0, 1)}), "expected one piece of the type unknown but there are 0"},
      {model_of({unknown, piece("b", 0, 2)}), "expected one piece of the type unknown but there are 2"},
      {model_of({unknown, piece("", 0, 1)}), "piece 1, '', must have a text"},
      {model_of({unknown, piece("\xFF", 0, 1)}), "must be UTF-8"},
      {model_of({unknown, piece("a\0b"s, 0, 1)}), "must have no NUL byte"},
      {model_of({unknown, piece("a", infinity, 1)}), "must have a finite score"},
      {model_of({unknown, piece("a", std::nanf(""), 1)}), "must have a finite score"},
      {model_of({unknown, piece("a", 0, 1), piece("a", 0, 1)}), "piece 2, 'a', comes twice"},
      {model_of({piece("a", 0, 0)}), "type must be in [1, 6] but is 0"},
      {model_of({piece("a", 0, 7)}), "type must be in [1, 6] but is 7"},
      {"\x08\x01", "must have the wire type 2 but has 0"},
      {"\x0A\x7F", "expected 127 more bytes but 0 are left"},
      {"\x12\x02\x18\x09", "model_type must be in [1, 4] but is 9"},
      {"not a model at all", "broken protocol buffer"}};
  for (const auto& [bytes, message] : cases) {
    INFO(message);
    CHECK_THAT(thrown<FormatError>([&, given = bytes] { SentencePieceModel::parse(given, "some.model"); }),
               Contains("some.model") && Contains(message));
  }
  CHECK(survives(model_of({unknown})));
  const TemporaryFolder folder;
  const std::filesystem::path large = folder.write("large.model", "");
  std::filesystem::resize_file(large, SentencePieceModel::kMaxBytes + 1);
  CHECK_THROWS_AS(SentencePieceModel::load(large), IoError);
}

TEST_CASE("sentencepiece model: a file that is cut anywhere is refused or sound", "[text]") {
  const std::string bytes = fixture_bytes();
  std::size_t opened = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) opened += survives(bytes.substr(0, size)) ? 1U : 0U;
  CHECK(opened > 0);  // cut between two pieces it is a smaller model
  CHECK(opened < bytes.size() / 4);
}

TEST_CASE("sentencepiece model: bits that are flipped break nothing but the model", "[text]") {
  const std::string bytes = fixture_bytes();
  std::mt19937 generator(3);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    survives(flipped);
  }
  for (int round = 0; round < 2000; ++round) {
    std::string flipped = bytes;
    for (int i = 0; i < 8; ++i) flipped[generator() % flipped.size()] = static_cast<char>(generator());
    survives(flipped);
  }
  SUCCEED("no crash");
}

TEST_CASE("normalisation table: sizes, walks and replacements are checked when it is opened", "[text]") {
  const auto word = [](std::uint32_t value) {
    std::string bytes;
    detail::append_little_endian(bytes, value);
    return bytes;
  };
  const auto fails = [](const std::string& blob) {
    return thrown<FormatError>([&] { PrecompiledCharsmap(blob, "x.model"); });
  };
  CHECK(PrecompiledCharsmap("", "x").empty());
  CHECK_THAT(fails("abc"), Contains("expected at least 4 bytes but there are 3"));
  CHECK_THAT(fails(word(1025) + std::string(2000, '\0')), Contains("but has 1025"));
  CHECK_THAT(fails(word(512) + std::string(2000, '\0')), Contains("but has 512"));
  CHECK_THAT(fails(word(4096) + std::string(2000, '\0')), Contains("but has 4096"));
  // A trie whose root leads to 'a' (label 0x61) at unit 0x61, which is a leaf with its value at the unit `base`.
  const auto trie = [&](std::uint32_t root, std::uint32_t leaf, std::uint32_t value, const std::string& replacements) {
    std::vector<std::uint32_t> units(256, 0);
    units[0] = root;
    units[0x61] = leaf;
    units[0x61 ^ 0x10] = value;  // the leaf's offset is 0x10
    std::string blob = word(1024);
    for (const std::uint32_t unit : units) blob += word(unit);
    return blob + replacements;
  };
  constexpr std::uint32_t kRoot = 0, kLeaf = 0x61U | (1U << 8) | (0x10U << 10);
  const PrecompiledCharsmap good(trie(kRoot, kLeaf, 2U | (1U << 31), "x\0Y\u00e9\0"s), "x.model");
  CHECK(good.normalize("banana a\u0301 ab") == "bY\u00e9nY\u00e9nY\u00e9 Y\u00e9 Y\u00e9b");
  CHECK_THAT(fails(trie(kRoot, kLeaf, 9U | (1U << 31), "x\0"s)), Contains("state 97 has no replacement"));
  CHECK_THAT(fails(trie(kRoot, kLeaf, 2U | (1U << 31), "x\u00e9\0"s)), Contains("begins inside a character"));
  CHECK_THAT(fails(trie(kRoot, kLeaf, 0, "x")), Contains("its last replacement has no end"));
  CHECK_THAT(fails(trie(kRoot, kLeaf, 0, "\xFF\0"s)), Contains("replacement byte 0 is no UTF-8"));
  CHECK_THAT(fails(trie(0x100U << 10, kLeaf, 0, "x\0"s)), Contains("state 0 leads out of the trie"));
  CHECK_THAT(fails(trie(kRoot, kLeaf | (0x3FFU << 20), 0, "x\0"s)), Contains("state 97 leads out of the trie"));
}

TEST_CASE("unigram: the likeliest pieces win, and unknown characters become one id", "[text]") {
  const Unigram model({{"<unk>", 0}, {"a", -1}, {"b", -1.5}, {"ab", -2}, {"c", -4}, {"abc", -6.5}, {"bc", -2.5}}, 0);
  const auto ids = [&](std::string_view word) {
    Ids out;
    model.append_ids(word, out);
    return out;
  };
  CHECK(ids("") == Ids{});
  CHECK(ids("ab") == Ids{3});
  CHECK(ids("abc") == Ids{1, 6});  // -3.5 against -6 and -6.5
  CHECK(ids("cab") == Ids{4, 3});
  CHECK(ids("x") == Ids{0});
  CHECK(ids("axyéb") == Ids{1, 0, 2});  // a run of unknown characters is one
  CHECK(ids("xaby") == Ids{0, 3, 0});
  CHECK(ids("<unk>") == Ids{0});
  Ids dropped;
  model.append_ids("abc", dropped, [] { return true; });
  CHECK(dropped == Ids{1, 2, 4});
  CHECK(model.find("ab") == 3);
  CHECK(model.find("ba") == ByteTrie::kNoValue);
  CHECK_THROWS_AS(Unigram({{"a", 0}}, 1), ValueError);
  CHECK_THROWS_AS(Unigram({{"a", 0}}, -1), ValueError);
}

}  // namespace sentencepiece_model_test
