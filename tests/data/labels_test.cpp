#include <tempa/data/augmented_texts.hpp>
#include <tempa/data/labeled_texts.hpp>
#include <tempa/data/labels.hpp>
#include <tempa/text/bert/bert_tokenizer.hpp>

#include "support/catch.hpp"

#include <sstream>
#include <string>
#include <vector>

namespace labels_test {

using namespace tempa;
using Texts = std::vector<std::string>;
using Targets = std::vector<std::vector<float>>;

namespace {

TextTable table_of(const std::string& text, const TextTableColumns& columns,
                   const DelimitedFormat& format = DelimitedFormat::csv()) {
  std::istringstream in(text);
  DelimitedReader reader(in, "t.csv", format);
  return read_text_table(reader, columns);
}

TextTable labels_of(const std::string& text) { return table_of(text, {.text = "text", .labels = {"label"}}); }

template <typename F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace

TEST_CASE("read_text_table: texts, pairs, lines and any number of label columns", "[data]") {
  const TextTable table = table_of("b,text,a,pair\n1,x y,0,p\n\n0,\"two\nlines\",1,q\n1,z,1,r\n",
                                   {.text = "text", .pair = "pair", .labels = {"a", 0}});
  CHECK(table.rows.name == "t.csv");
  CHECK(table.rows.texts == Texts{"x y", "two\nlines", "z"});
  CHECK(table.rows.pairs == Texts{"p", "q", "r"});
  CHECK(table.rows.lines == std::vector<std::int64_t>{2, 4, 6});
  CHECK(table.label_names == Texts{"a", "b"});
  CHECK(table.fields == std::vector<Texts>{{"0", "1", "1"}, {"1", "0", "1"}});
  CHECK(table_of("x\t1\n", {.labels = {1}}, DelimitedFormat::tsv()).label_names == Texts{"1"});

  const std::vector<Index> rows{2, 0};
  const LabeledTexts part = with_indicators(TextTable(table)).subset(rows);
  CHECK(part.texts == Texts{"z", "x y"});
  CHECK(part.pairs == Texts{"r", "p"});
  CHECK(part.lines == std::vector<std::int64_t>{6, 2});
  CHECK(part.targets == Targets{{1, 1}, {0, 1}});
}

TEST_CASE("TextTableReader takes rows one by one, and blank texts only where they are welcome", "[data]") {
  std::istringstream in("a\n \nb\n");
  DelimitedReader reader(in, "t.tsv");
  TextTableReader rows(reader, {}, BlankTexts::kAccepted);
  TextTable table = rows.empty_table();
  CHECK(rows.append_to(table));
  CHECK(rows.append_to(table));
  CHECK(table.rows.texts == Texts{"a", " "});
  table = rows.empty_table();
  CHECK(rows.append_to(table));
  CHECK_FALSE(rows.append_to(table));
  CHECK(table.rows.texts == Texts{"b"});
  CHECK(table.rows.lines == std::vector<std::int64_t>{3});
  CHECK(message_of([] { table_of("text\na\n\" \"\n", {.text = "text"}); }) ==
        "t.csv:3: expected a text in column 0 but it is empty");
  CHECK(message_of([] { table_of("text\n", {.text = "text"}); }) ==
        "t.csv: expected at least one row but there is only a header");
}

TEST_CASE("learn_labels: distinct and sorted, numbers by value", "[data]") {
  CHECK(learn_labels(Texts{"neutral", "Zebra", "negative", "neutral", "émile"}) ==
        Texts{"Zebra", "negative", "neutral", "émile"});
  CHECK(learn_labels(Texts{"10", "9", "-1", "9", "1.5"}) == Texts{"-1", "1.5", "9", "10"});
  CHECK(learn_labels(Texts{"10", "9", "x"}) == Texts{"10", "9", "x"});
  CHECK(learn_labels(Texts{"nan", "2", "10"}) == Texts{"10", "2", "nan"});
  CHECK(learn_labels(Texts{}).empty());
}

TEST_CASE("split_labels: what is between separators, without spaces around it", "[data]") {
  CHECK(split_labels(" sport, very long ,tech", ",") == Texts{"sport", "very long", "tech"});
  CHECK(split_labels("a; b", "; ") == Texts{"a", "b"});
  CHECK(split_labels("a,,b,", ",") == Texts{"a", "", "b", ""});
  CHECK(split_labels("  ", ",").empty());
  CHECK_THROWS_AS(split_labels("a", ""), ConfigError);
}

TEST_CASE("Labels become classes, sets of labels, indicators or values", "[data]") {
  const Texts names{"good", "bad"};
  CHECK(with_classes(labels_of("text,label\na,bad\nb,good\n"), names).labels == std::vector<std::int32_t>{1, 0});
  CHECK(with_classes(labels_of("text,label\na,1\nb,good\n"), names, ClassNumbers::kAccepted).labels ==
        std::vector<std::int32_t>{1, 0});
  CHECK(with_label_sets(labels_of("text,label\na,\"bad, good\"\nb,\nc,bad\n"), names, ",").targets ==
        Targets{{1, 1}, {0, 0}, {0, 1}});
  CHECK(with_values(labels_of("text,label\na,-1.5\nb,2e3\n")).targets == Targets{{-1.5F}, {2000}});
}

TEST_CASE("Labels that cannot be are named with file and line", "[data]") {
  const Texts names{"good", "bad"};
  CHECK(message_of([&] { with_classes(labels_of("text,label\na,bad\nb,ugly\n"), names); }) ==
        "t.csv:3: unknown label \"ugly\": expected one of good, bad");
  CHECK(message_of([&] { with_classes(labels_of("text,label\na,1\n"), names); }) ==
        "t.csv:2: unknown label \"1\": expected one of good, bad");
  CHECK(message_of([&] { with_classes(labels_of("text,label\na,2\n"), names, ClassNumbers::kAccepted); }) ==
        "t.csv:2: label 2 is out of range: expected 0 to 1 or one of good, bad");
  CHECK(message_of([&] { with_label_sets(labels_of("text,label\na,\"bad,\"\n"), names, ","); }) ==
        "t.csv:2: unknown label \"\": expected one of good, bad");
  CHECK(message_of([&] { with_indicators(labels_of("text,label\na,1\nb,2\n")); }) ==
        "t.csv:3: expected 0 or 1 in the label column label but has \"2\"");
  for (const std::string value : {"x", "", "nan", "inf", "1e999", "1e300", "1 ", "+1"})
    CHECK(message_of([&] { with_values(labels_of("text,label\na," + value + "\n")); }) ==
          "t.csv:2: expected a number in the label column label but has \"" + value + "\"");
  const Texts many(25, "x");
  CHECK(message_of([&] { with_classes(labels_of("text,label\na,y\n"), many); }).ends_with(", x, … (25 in all)"));
  CHECK_THROWS_AS(with_classes(table_of("text\na\n", {.text = "text"}), names), ConfigError);
  CHECK_THROWS_AS(with_values(table_of("text\na\n", {.text = "text"})), ConfigError);
}

TEST_CASE("Targets reach the examples, tokenised once or anew", "[data]") {
  const BertTokenizer tokenizer(Vocabulary::from_tokens({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b"}));
  const LabeledTexts rows = with_values(labels_of("text,label\na,1\nb,2\n"));
  const auto examples = encode_texts(rows, tokenizer);
  CHECK(examples[1].targets == std::vector<float>{2});
  CHECK_FALSE(examples[1].label.has_value());
  CHECK(AugmentedTexts(rows, tokenizer)[1].targets == std::vector<float>{2});
}

}  // namespace labels_test
