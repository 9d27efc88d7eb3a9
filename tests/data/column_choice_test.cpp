#include <tempa/core/error.hpp>
#include <tempa/data/table/detail/column_choice.hpp>
#include <tempa/data/table/detail/column_role.hpp>
#include <tempa/data/table/detail/table_format.hpp>
#include <tempa/data/table/table_input.hpp>

#include "support/catch.hpp"

#include <sstream>
#include <string>
#include <vector>

namespace column_choice_test {

using namespace tempa;
using Catch::Matchers::Contains;

namespace {

/// "text=1 pair=2 labels=0,3 header rows=5", or the error.
std::string choice(const std::string& text, const std::string& name, const TableRequest& request = {},
                   Peek peek = Peek::kStart) {
  try {
    std::istringstream in(text);
    TableInput input(in, name, peek);
    OpenTextTable table = open_text_table(input, request);
    std::string result = "text=" + table.columns.text.to_string();
    if (table.columns.pair) result += " pair=" + table.columns.pair->to_string();
    for (std::size_t i = 0; i < table.columns.labels.size(); ++i)
      result += (i == 0 ? " label=" : ",") + table.columns.labels[i].to_string();
    if (!table.reader.header().empty()) result += " header";
    return concat(result, " rows=", read_text_table(table.reader, table.columns).rows.size());
  } catch (const Error& error) {
    return error.what();
  }
}

std::string guessed(const std::string& text, const std::string& name, const TableRequest& request = {}) {
  std::istringstream in(text);
  TableInput input(in, name);
  return open_text_table(input, request).guessed;
}

/// Rows of a text and what follows it, so that labels come again.
std::string rows(const std::vector<std::string>& row, char delimiter, int count = 6) {
  std::string all;
  for (int i = 0; i < count; ++i) {
    std::string line;
    for (const std::string& field : row) {
      const std::string value = field == "#"       ? std::to_string(i)
                                : field == "text"  ? "some words of row " + std::to_string(i)
                                : field == "label" ? (i % 2 == 0 ? "good" : "bad")
                                : field == "value" ? std::to_string(i * i) + ".5"
                                                   : field;
      line += (line.empty() ? "" : std::string(1, delimiter)) + value;
    }
    all += line + "\n";
  }
  return all;
}

}  // namespace

TEST_CASE("column_role: usual names, whatever their case and the blanks", "[data]") {
  const auto use = [](const char* name) { return column_role(name).use; };
  for (const char* name :
       {"text", "Text", " TEXT ", "sentence", "review", "tweet", "comment", "content", "review_text", "Review Text"})
    CHECK(use(name) == ColumnUse::kText);
  for (const char* name : {"label", "LABEL", "labels", "sentiment", "class", "category", "target", "score", "label_id"})
    CHECK(use(name) == ColumnUse::kLabel);
  for (const char* name : {"", " ", "id", "idx", "ID", "index", "Unnamed: 0", "tweet_id", "#"})
    CHECK(use(name) == ColumnUse::kIndex);
  CHECK(use("sentence1") == ColumnUse::kPaired);
  CHECK(use("text_a") == ColumnUse::kPaired);
  for (const char* name : {"kalimat", "2019", "title", "texture", "日本"}) CHECK(use(name) == ColumnUse::kUnknown);
  CHECK(column_role("text").rank < column_role("review").rank);
}

TEST_CASE("open_text_table: columns by their usual names, in any order, beside an index", "[data]") {
  struct Case {
    std::string header;
    std::vector<std::string> row;
    std::string expected;
  };
  const Case cases[] = {
      {"text,label", {"text", "label"}, "text=0 label=1"},
      {"label,text", {"label", "text"}, "text=1 label=0"},
      {"label,review", {"label", "text"}, "text=1 label=0"},
      {"Sentiment, Review ", {"label", "text"}, "text=1 label=0"},
      {"idx,sentence,label", {"#", "text", "label"}, "text=1 label=2"},
      {",sentence,label", {"#", "text", "label"}, "text=1 label=2"},
      {"Unnamed: 0,tweet,class", {"#", "text", "label"}, "text=1 label=2"},
      {"\"text\",\"label\"", {"text", "label"}, "text=0 label=1"},
      {"\xEF\xBB\xBFlabel,text", {"label", "text"}, "text=1 label=0"},
      {"nr,kalimat,label", {"#", "text", "label"}, "text=1 label=2"},
      {"text,kelas", {"text", "label"}, "text=0 label=1"},
      {"kelas,text", {"label", "text"}, "text=1 label=0"},
      {"kalimat,label", {"text", "label"}, "text=0 label=1"},
      {"score,text", {"value", "text"}, "text=1 label=0"},
      {"kalimat,nilai", {"text", "value"}, "text=0 label=1"},
      {"title,text,label", {"text", "text", "label"}, "text=1 label=2"},
      {"title,review,label", {"text", "text", "label"}, "text=1 label=2"},
      {"text,comment,label,sentiment", {"text", "text", "label", "label"}, "text=0 label=2"},
      {"text,sentiment,score", {"text", "label", "value"}, "text=0 label=1"},
      {"id,sentence1,sentence2,label", {"#", "text", "text", "label"}, "text=1 pair=2 label=3"},
      {"label,hypothesis,premise", {"label", "text", "text"}, "text=2 pair=1 label=0"},
      {"text,label,,", {"text", "label", "", ""}, "text=0 label=1"},
  };
  for (const Case& c : cases) {
    INFO(c.header);
    CHECK(choice(c.header + "\n" + rows(c.row, ','), "t.csv") == c.expected + " header rows=6");
    std::string header = c.header;
    std::replace(header.begin(), header.end(), ',', ';');
    CHECK(choice(header + "\r\n" + rows(c.row, ';'), "t.csv") == c.expected + " header rows=6");
    std::replace(header.begin(), header.end(), ';', '\t');
    CHECK(choice(header + "\n" + rows(c.row, '\t'), "t.CSV") == c.expected + " header rows=6");
  }
}

TEST_CASE("open_text_table: what is open is an error that lists the columns", "[data]") {
  const auto message = [](const std::string& header, const std::vector<std::string>& row, TableRequest request = {}) {
    return choice(header + "\n" + rows(row, ','), "t.csv", request);
  };
  CHECK(message("review,comment,label", {"text", "text", "label"}) ==
        "t.csv: cannot tell which column is the text: it may be \"review\" or \"comment\"; the columns are \"review\", "
        "\"comment\", \"label\"; give the text column");
  CHECK(message("title,description,label", {"text", "text", "label"}) ==
        "t.csv: cannot tell which column is the text: it may be \"title\" or \"description\"; the columns are "
        "\"title\", \"description\", \"label\"; give the text column");
  CHECK(message("id,label", {"#", "label"}) ==
        "t.csv: cannot tell which column is the text: none may be it; the columns are \"id\", \"label\"; give the text "
        "column");
  CHECK(message("id,text", {"#", "text"}) ==
        "t.csv: cannot tell which column is the label: none may be it; the columns are \"id\", \"text\"; give the "
        "label column");
  CHECK(message("text,sentiment,category", {"text", "label", "label"}, {.label_option = "--label-column"}) ==
        "t.csv: cannot tell which column is the label: it may be \"sentiment\" or \"category\"; the columns are "
        "\"text\", \"sentiment\", \"category\"; give --label-column");
  CHECK(message("text,sentence1,sentence2,label", {"text", "text", "text", "label"})
            .starts_with("t.csv: cannot tell which column is the text: it may be \"text\" or \"sentence1\" or"));
  CHECK(message("kalimat,kelas", {"text", "label"}).starts_with("t.csv: cannot tell which column is the text"));
  CHECK(message("text,text,label", {"text", "text", "label"})
            .starts_with("t.csv: cannot tell which column is the text: it may be \"text\" or \"text\""));
  CHECK(message("text,text,label", {"text", "text", "label"}, {.text = "text"}) ==
        "t.csv:1: column \"text\" comes twice");
  CHECK(message("text,label", {"text", "label"}, {.text = "words"}) ==
        "t.csv:1: expected a column \"words\" but has \"text\", \"label\"");
  CHECK(message("text,label", {"text", "label"}, {.text = "label", .labels = {"label"}}) ==
        "t.csv: expected different columns for text and label but both are label");
  CHECK(message("text,label", {"text", "label"}, {.text = 0, .labels = {"text"}}) ==
        "t.csv: expected different columns for text and label but both are text");
}

TEST_CASE("open_text_table: text and label are never one column by default", "[data]") {
  const std::string csv = "label,text\n" + rows({"label", "text"}, ',');
  CHECK(choice(csv, "t.csv", {.labels = {Column::parse("0")}}) == "text=1 label=0 header rows=6");
  CHECK(choice(csv, "t.csv", {.text = Column::parse("1")}) == "text=1 label=0 header rows=6");
  const std::string tsv = rows({"label", "text"}, '\t');
  CHECK(choice(tsv, "t.tsv", {.labels = {0}}) == "text=1 label=0 rows=6");
  CHECK(choice(tsv, "t.tsv", {.text = 1}) == "text=1 label=0 rows=6");
  CHECK(choice(rows({"label", "text", "text"}, '\t'), "t.tsv", {.labels = {0}})
            .starts_with("t.tsv: cannot tell which column is the text: it may be column 1 or column 2; the table has"));
  CHECK(choice(rows({"text", "text", "label"}, '\t'), "t.tsv", {.pair = 1}) == "text=0 pair=1 label=2 rows=6");
}

TEST_CASE("open_text_table: a table without a header goes by number", "[data]") {
  CHECK(choice(rows({"text", "label"}, '\t'), "t.tsv") == "text=0 label=1 rows=6");
  CHECK(choice(rows({"text", "label", "other"}, '\t'), "t.tsv") == "text=0 label=1 rows=6");
  CHECK(choice("fine\t0\nbad\t1\n", "t.tsv") == "text=0 label=1 rows=2");
  CHECK(choice("\"fine\tgood\nbad\tbad\n", "t.tsv") == "text=0 label=1 rows=2");
  CHECK(choice(rows({"#", "text", "label"}, '\t'), "t.tsv") == "text=1 label=2 rows=6");
  CHECK(choice(rows({"text", "label"}, ','), "t.csv") == "text=0 label=1 rows=6");
  CHECK(choice(rows({"text", "label"}, ';'), "t.csv", {.header = false}) == "text=0 label=1 rows=6");
  CHECK(choice("a review\tbad\na comment\treview\nfine\tcomment\n", "t.tsv") == "text=0 label=1 rows=3");
  CHECK(choice(rows({"text"}, '\t'), "t.txt", {.needs_label = false}) == "text=0 rows=6");
  CHECK(choice(rows({"label", "text"}, '\t', 8), "t.tsv") ==
        "t.tsv: cannot tell the text from the label: column 0 has 2 different fields and column 1 has 8; give the text "
        "column and the label column");
}

TEST_CASE("open_text_table: an id, a date or numbers in front of a text are not the text", "[data]") {
  const TableRequest labels{.needs_label = true};
  for (const std::vector<std::string>& row : {std::vector<std::string>{"u17", "label", "text"},
                                              {"gj04", "1", "", "text"},
                                              {"2020-01-01", "label", "text"},
                                              {"4821", "label", "text"},
                                              {"value", "text", "label"},
                                              {"value", "label"}})
    for (const TableRequest& request : {labels, TableRequest{}})
      CHECK_THAT(choice(rows(row, '\t'), "t.tsv", request), Contains("cannot tell which column is the text"));
  CHECK(choice(rows({"text", "label"}, '\t'), "t.tsv", labels) == "text=0 label=1 rows=6");
  CHECK(choice(rows({"great", "label", "more words than one"}, '\t'), "t.tsv",
               {.text = Column(0), .needs_label = true}) == "text=0 label=1 rows=6");
}

TEST_CASE("open_text_table: numbers of a table without a header do not go against names", "[data]") {
  const TableRequest columns{.header = true,
                             .text = Column(0),
                             .labels = {Column(1), Column(2)},
                             .needs_label = false,
                             .remembered_header = false};
  CHECK_THAT(choice("price,text,fuel\nhi,some words,lo\n", "t.csv", columns), Contains("cannot tell which column is"));
  const TableRequest pair{
      .header = true, .text = Column(0), .pair = Column(1), .needs_label = false, .remembered_header = false};
  CHECK_THAT(choice("index,sentence1,sentence2,label\n0,some words,other words,good\n", "t.csv", pair),
             Contains("cannot tell which column is the text"));
  CHECK_THAT(choice("review,sentiment\nsome words,good\n", "t.csv", pair),
             Contains("cannot tell which column is the second text"));
  CHECK(choice("sentence1,sentence2\nsome words,other words\n", "t.csv", pair) == "text=0 pair=1 header rows=1");
}

TEST_CASE("open_text_table: the header of a TSV, and a table under another ending, are recognised", "[data]") {
  CHECK(choice("text\tlabel\n" + rows({"text", "label"}, '\t'), "t.tsv") == "text=0 label=1 header rows=6");
  CHECK(choice("label\ttext\n" + rows({"label", "text"}, '\t'), "t.tsv") == "text=1 label=0 header rows=6");
  CHECK(choice("\ttext\tlabel\n" + rows({"#", "text", "label"}, '\t'), "t.tsv") == "text=1 label=2 header rows=6");
  CHECK(choice("kalimat\tlabel\n" + rows({"text", "label"}, '\t'), "t.tsv") == "text=0 label=1 header rows=6");
  CHECK(choice("kalimat\tnilai\n" + rows({"text", "value"}, '\t'), "t.tsv") == "text=0 label=1 header rows=6");
  CHECK(choice("text\n" + rows({"text"}, '\t'), "t.txt", {.needs_label = false}) == "text=0 header rows=6");
  CHECK(choice("kalimat\tkelas\n" + rows({"text", "label"}, '\t'), "t.tsv", {.text = "kalimat"}) ==
        "text=0 label=1 header rows=6");
  CHECK(choice("text\tlabel\n" + rows({"text", "label"}, '\t'), "t.tsv", {.header = false}) == "text=0 label=1 rows=7");
  CHECK(choice("\"text\"\t\"label\"\n\"a\tb\"\t\"good\"\n\"c\"\t\"bad\"\n", "t.tsv") == "text=0 label=1 header rows=2");
  CHECK(choice("label,text\n" + rows({"label", "text"}, ','), "standard input") == "text=1 label=0 header rows=6");
  CHECK(choice("well, that is that\nfine\n", "t.txt", {.needs_label = false}) == "text=0 rows=2");
  CHECK(choice("text;label\nwell, a; b;good\n", "t.csv") == "t.csv:2: expected 2 fields but has 3");
  CHECK(choice("text,label\nwell, that,good\n", "t.csv") == "t.csv:2: expected 2 fields but has 3");
  CHECK(choice("id;text\n0;fine\n", "t.csv", {.text = "text", .needs_label = false}) == "text=1 header rows=1");
  CHECK(choice("text\na; b\nc\n", "t.csv", {.needs_label = false}) == "text=0 header rows=2");
}

TEST_CASE("open_text_table: names of digits are names where the header has them", "[data]") {
  const std::string table = "2019,2020,text\n" + rows({"label", "other", "text"}, ',');
  CHECK(choice(table, "t.csv", {.labels = {Column::parse("2020")}}) == "text=2 label=1 header rows=6");
  CHECK(choice(table, "t.csv", {.labels = {Column::parse("1")}}) == "text=2 label=1 header rows=6");
  CHECK(choice(table, "t.csv", {.labels = {Column::parse("2021")}}) ==
        "t.csv:1: expected a column 2021 but has 3 columns: \"2019\", \"2020\", \"text\"");
  CHECK(choice("1,0\n" + rows({"text", "label"}, ','), "t.csv", {.text = Column::parse("1")}) ==
        "text=0 label=1 header rows=6");
  CHECK(choice("text\t2019\n" + rows({"text", "label"}, '\t'), "t.tsv", {.labels = {Column::parse("2019")}}) ==
        "text=0 label=1 header rows=6");
  CHECK(choice("0,1\n" + rows({"text", "1"}, ','), "t.csv", {.text = Column::parse("0")}) ==
        "text=0 label=1 header rows=6");
}

TEST_CASE("open_text_table: what a model was trained on is found by name, or is missing", "[data]") {
  const TableRequest named{.text = "review", .labels = {"sentiment"}, .remembered_header = true};
  TableRequest texts = named;
  texts.needs_label = false;
  const std::string other = "Sentiment,review\n" + rows({"label", "text"}, ',');
  CHECK(choice(other, "t.csv", named) == "text=1 label=0 header rows=6");
  CHECK(choice(other, "t.csv", texts) == "text=1 header rows=6");
  CHECK(choice("id\treview\n" + rows({"#", "text"}, '\t'), "t.tsv", texts) == "text=1 header rows=6");
  CHECK(choice("id,text\n1,a\n", "t.csv", texts) == "t.csv:1: expected a column \"review\" but has \"id\", \"text\"");
  CHECK(choice("a\tgood\nb\tbad\n", "t.tsv", texts) == "t.tsv:1: expected a column \"review\" but has \"a\", \"good\"");
  CHECK(choice("just a text\nand one more\n", "standard input", texts, Peek::kFirstLine) == "text=0 rows=2");
  CHECK(choice("review\nand one more\n", "standard input", texts, Peek::kFirstLine) == "text=0 header rows=1");

  TableRequest told{.text = Column::parse("0"), .labels = {"sentiment"}, .needs_label = false};
  CHECK(choice("a\tgood\nb\tgood\n", "t.tsv", told) == "text=0 rows=2");

  const TableRequest numbered{.text = 0, .labels = {1}, .remembered_header = false};
  CHECK(choice(rows({"text", "label"}, '\t'), "t.tsv", numbered) == "text=0 label=1 rows=6");
  CHECK(choice(rows({"text", "label"}, ','), "t.csv", numbered) == "text=0 label=1 rows=6");
  CHECK(choice("label\ttext\n" + rows({"label", "text"}, '\t'), "t.tsv", numbered) == "text=1 label=0 header rows=6");
  CHECK(
      choice("id,kalimat,kelas\n" + rows({"#", "text", "label"}, ','), "t.csv", numbered).starts_with("t.csv: cannot"));
  CHECK(choice(rows({"#", "text"}, '\t'), "t.tsv", numbered)
            .starts_with("t.tsv: cannot tell which column is the text: none may be it"));
  TableRequest numbered_texts = numbered;
  numbered_texts.needs_label = false;
  CHECK(choice(rows({"#", "text"}, '\t'), "t.tsv", numbered_texts)
            .starts_with("t.tsv: cannot tell which column is the text: it may be column 1; the table has 2 columns"));
}

TEST_CASE("open_text_table: what was guessed is one line", "[data]") {
  CHECK(guessed("text;label\na;b\n", "t.csv") ==
        "t.csv: took \";\" as the delimiter, \"text\" as the text, \"label\" as the label");
  CHECK(guessed("text\tlabel\na\tb\n", "t.tsv") ==
        "t.tsv: took the first row as the header, \"text\" as the text, \"label\" as the label");
  CHECK(guessed("a\tb\nc\td\n", "t.tsv") == "t.tsv: took column 0 as the text, column 1 as the label");
  CHECK(guessed("label,text\na,b\n", "t.csv", {.text = "text", .labels = {"label"}}).empty());
}

TEST_CASE("TableInput: a first line is looked at and still read, and no byte more is taken", "[data]") {
  std::istringstream in("\nfirst\nsecond\n");
  TableInput input(in, "stream", Peek::kFirstLine);
  CHECK(input.start().text == "\nfirst\n");
  CHECK_FALSE(input.start().whole);
  std::string rest;
  std::getline(in, rest);
  CHECK(rest == "second");
  std::istringstream again("first\nsecond\n");
  TableInput all(again, "stream", Peek::kFirstLine);
  DelimitedReader reader = all.reader({});
  std::vector<std::string> seen;
  for (const DelimitedRow& row : reader) seen.emplace_back(row[0]);
  CHECK(seen == std::vector<std::string>{"first", "second"});
  CHECK_THROWS_AS(TableInput(std::filesystem::path("nowhere.csv")).reader({}), IoError);
}

}  // namespace column_choice_test
