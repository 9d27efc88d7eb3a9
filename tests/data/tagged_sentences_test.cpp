#include <tempa/data/tagged_sentences.hpp>
#include <tempa/io/files/file.hpp>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

#include <sstream>

namespace tagged_sentences_test {

using namespace tempa;
using Words = std::vector<std::string>;

namespace {

TaggedSentences read(const std::string& text, TagColumn column = TagColumn::kRequired) {
  std::istringstream in(text);
  return read_tagged_sentences(in, "ner.tsv", column);
}

std::string complaint(const std::string& text, TagColumn column = TagColumn::kRequired) {
  return thrown<FormatError>([&] { read(text, column); });
}

}  // namespace

TEST_CASE("Tagged sentences: empty lines divide, of any number and line end, also first and last", "[data]") {
  for (const std::string text :
       {"Jokowi\tB-PER\nke\tO\n\nRiau\tB-LOC\n", "Jokowi\tB-PER\nke\tO\n\nRiau\tB-LOC",
        "\n\nJokowi\tB-PER\nke\tO\n\n\n\nRiau\tB-LOC\n\n\n", "Jokowi\tB-PER\r\nke\tO\r\n\r\nRiau\tB-LOC\r\n\r\n",
        "\xEF\xBB\xBFJokowi\tB-PER\nke\tO\n \t \nRiau\tB-LOC\n", "Jokowi\tB-PER\rke\tO\r\rRiau\tB-LOC\r"}) {
    CAPTURE(text);
    const TaggedSentences sentences = read(text);
    REQUIRE(sentences.size() == 2);
    CHECK(sentences.sentences[0].words == Words{"Jokowi", "ke"});
    CHECK(sentences.sentences[0].tags == Words{"B-PER", "O"});
    CHECK(sentences.sentences[1].words == Words{"Riau"});
    CHECK(sentences.sentences[1].tags == Words{"B-LOC"});
  }
}

TEST_CASE("Tagged sentences: a number sign, quotes and spaces belong to the word", "[data]") {
  const TaggedSentences sentences = read("#tagar\tO\n\"\tO\nJawa Barat\tB-LOC\n");
  CHECK(sentences.sentences[0].words == Words{"#tagar", "\"", "Jawa Barat"});
  CHECK(sentences.sentences[0].line == 1);
}

TEST_CASE("Tagged sentences: words alone are read where tags may be missing", "[data]") {
  const TaggedSentences sentences = read("Jokowi\nke\n\nRiau\n", TagColumn::kOptional);
  REQUIRE(sentences.size() == 2);
  CHECK(sentences.sentences[0].words == Words{"Jokowi", "ke"});
  CHECK(sentences.sentences[0].tags.empty());
  CHECK(sentences.sentences[1].line == 4);
  CHECK(read("Riau\tB-LOC\n", TagColumn::kOptional).sentences[0].tags == Words{"B-LOC"});
}

TEST_CASE("Tagged sentences: what cannot be read names file and line", "[data]") {
  CHECK(complaint("a\tO\nb\n") == "ner.tsv:2: expected a word, a tab and its tag but has 1 field");
  CHECK(complaint("a\tO\n\nb\tO\tO\n") == "ner.tsv:3: expected a word, a tab and its tag but has 3 fields");
  CHECK(complaint("a\n\nb\tO\n", TagColumn::kOptional) ==
        "ner.tsv:3: expected a word alone, as in the first line but has 2 fields");
  CHECK(complaint("a\tO\n\tO\n") == "ner.tsv:2: expected a word but it is empty");
  CHECK(complaint("a\tO\nb\t\n") == "ner.tsv:2: expected a tag of the word \"b\" but it is empty");
  CHECK(complaint("a\tO\n\xFF\tO\n") == "ner.tsv:2: expected UTF-8 but field 0 has the invalid byte 0xff");
  CHECK(complaint(std::string("a\tO\n\nb\0\tO\n", 11)) == "ner.tsv:3: expected text but has a NUL byte");
  CHECK(complaint("\n \n") == "ner.tsv: expected at least one word but there is none");
  CHECK_THROWS_AS(read(""), FormatError);
  CHECK_THROWS_AS(read_tagged_sentences(TemporaryFolder().path() / "absent"), IoError);
}

TEST_CASE("Tagged sentences: tags become classes, an unknown one is an error with its line", "[data]") {
  const TaggedSentences sentences = read("Jokowi\tB-PER\nke\tO\n\nRiau\tB-LOC\ndan\tO\n");
  CHECK(learn_tags(sentences) == Words{"B-LOC", "B-PER", "O"});
  CHECK(tag_classes(sentences, Words{"O", "B-PER", "B-LOC"}) == std::vector<std::vector<std::int32_t>>{{1, 0}, {2, 0}});
  CHECK(thrown<FormatError>([&] {
          tag_classes(sentences, Words{"B-LOC", "B-PER"});
        }) == "ner.tsv:2: unknown label \"O\": expected one of B-LOC, B-PER");
  CHECK(thrown<FormatError>([&] {
          tag_classes(sentences, Words{"B-PER", "O"});
        }) == "ner.tsv:4: unknown label \"B-LOC\": expected one of B-PER, O");
  CHECK(thrown<FormatError>([&] { tag_classes(read("a\n", TagColumn::kOptional), Words{"O"}); }) ==
        "ner.tsv:1: expected a tag of each word but there is none");
}

TEST_CASE("Tagged sentences: what is written is read again", "[data]") {
  const TaggedSentences sentences = read("Jokowi\tB-PER\nke\tO\n\n\"Riau\tB-LOC\n");
  const TemporaryFolder folder;
  const auto path = folder.path() / "out.tsv";
  const std::vector<Words> tags{{"O", "B-PER"}, {"O"}};
  write_tagged_sentences(path, sentences, tags);
  CHECK(read_text_file(path.string()) == "Jokowi\tO\nke\tB-PER\n\n\"Riau\tO\n\n");
  const TaggedSentences again = read_tagged_sentences(path);
  CHECK(again.tags() == tags);
  CHECK(again.sentences[1].words == sentences.sentences[1].words);

  std::ostringstream out;
  CHECK_THROWS_AS(write_tagged_sentences(out, "out", sentences, std::vector<Words>{{"O", "O"}}), ShapeError);
  CHECK_THROWS_AS(write_tagged_sentences(out, "out", sentences, std::vector<Words>{{"O"}, {"O"}}), ShapeError);
  CHECK_THROWS_AS(write_tagged_sentences(out, "out", sentences, std::vector<Words>{{"O", ""}, {"O"}}), ValueError);
  CHECK_THROWS_AS(write_tagged_sentences(out, "out", sentences, std::vector<Words>{{"O", "a\tb"}, {"O"}}), ValueError);
  CHECK_THROWS_AS(write_tagged_sentences(folder.path() / "no" / "out.tsv", sentences, tags), IoError);
}

TEST_CASE("Tagged sentences: some of them can be picked", "[data]") {
  const TaggedSentences sentences = read("a\tO\n\nb\tO\n\nc\tO\n");
  const TaggedSentences part = sentences.subset(std::vector<Index>{2, 0});
  CHECK(part.sentences[0].words == Words{"c"});
  CHECK(part.sentences[1].line == 1);
  CHECK_THROWS_AS(sentences.subset(std::vector<Index>{3}), std::out_of_range);
}

}  // namespace tagged_sentences_test
