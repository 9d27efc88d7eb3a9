#include <tempa/core/error.hpp>
#include <tempa/data/table/delimited.hpp>

#include "support/catch.hpp"
#include "support/fixtures.hpp"
#include "support/temporary_folder.hpp"

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace delimited_test {

using namespace tempa;

namespace {

using Rows = std::vector<std::pair<std::int64_t, std::vector<std::string>>>;

// Reads all rows, or those before the first error.
std::pair<Rows, bool> read_rows(const std::string& text, const DelimitedFormat& format) {
  std::istringstream in(text);
  Rows rows;
  try {
    DelimitedReader reader(in, "text", format);
    for (const DelimitedRow& row : reader) rows.emplace_back(row.line(), row.to_vector());
  } catch (const FormatError& error) {
    return {rows, error.line() != 0 || !rows.empty()};  // line 0: nothing in it at all, which is no error for Python
  }
  return {rows, false};
}

std::vector<std::vector<std::string>> fields_of(const std::string& text, const DelimitedFormat& format) {
  std::istringstream in(text);
  DelimitedReader reader(in, "text", format);
  std::vector<std::vector<std::string>> rows;
  for (const DelimitedRow& row : reader) rows.push_back(row.to_vector());
  return rows;
}

using Table = std::vector<std::vector<std::string>>;
const DelimitedFormat kCsv = DelimitedFormat::csv(false);
const DelimitedFormat kTsv = DelimitedFormat::tsv();

}  // namespace

TEST_CASE("DelimitedReader reads what Python's csv module reads, row by row and line by line", "[data]") {
  std::ifstream in(fixture_path("data/delimited.json"));
  const auto cases = nlohmann::json::parse(in).at("read");
  REQUIRE(cases.size() == 360);
  for (const auto& c : cases) {
    CAPTURE(c.dump());
    const auto [rows, failed] =
        read_rows(c.at("text"), {.delimiter = c.at("delimiter").get<std::string>().front(),
                                 .quoting = c.at("quoted").get<bool>() ? Quoting::kRfc4180 : Quoting::kNone,
                                 .ragged = true});
    CHECK(rows == c.at("rows").get<Rows>());
    CHECK(failed == c.at("error").get<bool>());
  }
}

TEST_CASE("DelimitedReader: line ends, blank lines and byte order marks", "[data]") {
  struct Case {
    std::string text;
    DelimitedFormat format;
    Table rows;
  };
  const Table two{{"a", "b"}, {"c", "d"}};
  for (const Case& c : {
           Case{"a\tb\nc\td\n", kTsv, two},
           Case{"a\tb\r\nc\td", kTsv, two},
           Case{"a\tb\rc\td\r", kTsv, two},
           Case{"\n\na\tb\n\r\n\nc\td\n\n", kTsv, two},
           Case{"\xEF\xBB\xBF"
                "a\tb\nc\td\n",
                kTsv, two},
           Case{"\xEF\xBB\xBF\"a\",b\nc,d\n", kCsv, two},
           Case{"\xEF\xBB\xBF\na,b\nc,d\n", kCsv, two},
           Case{"a\tb\n\xEF\xBB\xBF"
                "c\td\n",
                kTsv,
                {{"a", "b"},
                 {"\xEF\xBB\xBF"
                  "c",
                  "d"}}},
           Case{"\"a\"\t\"\nc\t\n", kTsv, {{"\"a\"", "\""}, {"c", ""}}},
           Case{"\t\n", kTsv, {{"", ""}}},
           Case{"\"\"\n", kCsv, {{""}}},
           Case{"\"x\ny\r\nz\",\"he said \"\"no\"\"\"\n", kCsv, {{"x\ny\r\nz", "he said \"no\""}}},
           Case{"日本;é\n", {.delimiter = ';'}, {{"日本", "é"}}},
       }) {
    CAPTURE(c.text);
    CHECK(fields_of(c.text, c.format) == c.rows);
  }
}

TEST_CASE("DelimitedReader: columns by name and by number", "[data]") {
  std::istringstream in("id,text,text\n1,a,b\n");
  DelimitedReader reader(in, "table.csv", DelimitedFormat::csv());
  CHECK(reader.header() == std::vector<std::string>{"id", "text", "text"});
  CHECK(reader.width() == 3);
  CHECK(reader.column("id") == 0);
  CHECK(reader.column(2) == 2);
  CHECK_THROWS_WITH(reader.column("label"),
                    "table.csv:1: expected a column \"label\" but has \"id\", \"text\", \"text\"");
  CHECK_THROWS_WITH(reader.column("text"), "table.csv:1: column \"text\" comes twice");
  CHECK_THROWS_WITH(reader.column(3), "table.csv:1: expected a column 3 but has 3 columns: \"id\", \"text\", \"text\"");
  CHECK_THROWS_WITH(reader.column(Column::parse("3")),
                    "table.csv:1: expected a column 3 but has 3 columns: \"id\", \"text\", \"text\"");
  CHECK(reader.column(Column::parse("1")) == 1);
  CHECK(reader.column(" ID") == 0);
  CHECK_THROWS_WITH(reader.column("TEXT"), "table.csv:1: column \"TEXT\" comes twice");
  CHECK_THROWS_AS(reader.column(-1), FormatError);
  REQUIRE(reader.next());
  CHECK(reader.row()[1] == "a");
  CHECK_THROWS_AS(reader.row()[3], ValueError);
  CHECK_THROWS_AS(reader.row()[-1], ValueError);
  CHECK_FALSE(reader.next());

  std::istringstream plain("a\n");
  const DelimitedReader without_header(plain, "plain");
  CHECK(without_header.header().empty());
  CHECK_THROWS_AS(without_header.column("a"), ConfigError);
  CHECK(without_header.column(Column::parse("0")) == 0);
}

TEST_CASE("DelimitedReader: bad content is a FormatError with the file and the line", "[data]") {
  struct Case {
    std::string text;
    DelimitedFormat format;
    std::int64_t line;
    std::string message;
  };
  const TemporaryFolder dir;
  for (const Case& c : {
           Case{"", kTsv, 0, "expected at least one row but the file is empty"},
           Case{"\n\r\n", kTsv, 0, "expected at least one row but the file is empty"},
           Case{"\xEF\xBB\xBF", kTsv, 0, "expected at least one row but the file is empty"},
           Case{"a\tb\n\nc\n", kTsv, 3, "expected 2 fields but has 1"},
           Case{"a\tb\r\nc\td\r\ne\tf\tg", kTsv, 3, "expected 2 fields but has 3"},
           Case{"a,b\n\"x\ny\",z\nc\n", kCsv, 4, "expected 2 fields but has 1"},
           Case{"t,l\n1\n", DelimitedFormat::csv(), 2, "expected 2 fields but has 1"},
           Case{"a\tb\nc\t\xFF\n", kTsv, 2, "expected UTF-8 but field 1 has the invalid byte 0xff"},
           Case{"a\tb\nc\xC3\td\n", kTsv, 2, "expected UTF-8 but field 0 has the invalid byte 0xc3"},
           Case{"a,\"b\n\r\nc\r\xED\xA0\x80\"\n", kCsv, 4, "expected UTF-8 but field 1 has the invalid byte 0xed"},
           Case{std::string("a\tb\nc\0d\n", 8), kTsv, 2, "expected text but has a NUL byte"},
           Case{std::string("a,\"\n\n\0", 6), kCsv, 3, "expected text but has a NUL byte"},
           Case{std::string("\xFF\xFE"
                            "a\0\t\0b\0\n\0",
                            10),
                kTsv, 1, "expected UTF-8 but the file is UTF-16"},
           Case{std::string("\xFE\xFF\0a", 4), kTsv, 1, "expected UTF-8 but the file is UTF-16"},
           Case{"a,b\nc,\"d\ne\n", kCsv, 2, "the quote that opens here is never closed"},
           Case{"\"a\nb\",\"c\n", kCsv, 2, "the quote that opens here is never closed"},
           Case{"a,b\nc,\"d\n\ne\"f\n", kCsv, 4, "expected a delimiter after the closing quote but has more text"},
           Case{"ab\ncdefgh\n", {.max_row_bytes = 5}, 2, "the row is longer than 5 bytes"},
           Case{"ab\n\"c\n\ndef",
                {.quoting = Quoting::kRfc4180, .max_row_bytes = 5},
                2,
                "the row is longer than 5 bytes; is a quote not closed?"},
       }) {
    const auto path = dir.write("bad.txt", c.text);
    CAPTURE(c.text, c.message);
    try {
      DelimitedReader reader(path, c.format);
      while (reader.next()) {
      }
      FAIL("no error");
    } catch (const FormatError& error) {
      CHECK(error.path() == path.string());
      CHECK(error.line() == c.line);
      const std::string place = c.line > 0 ? ":" + std::to_string(c.line) : "";
      CHECK(std::string(error.what()) == path.string() + place + ": " + c.message);
    }
  }
}

TEST_CASE("DelimitedReader: a row of exactly the limit is read", "[data]") {
  CHECK(fields_of("abcd\nefgh", {.max_row_bytes = 5}) == Table{{"abcd"}, {"efgh"}});
  CHECK_THROWS_AS(fields_of("abcde\n", {.max_row_bytes = 5}), FormatError);
}

TEST_CASE("DelimitedReader: a file that cannot be read is an IoError", "[data]") {
  const TemporaryFolder dir;
  const auto missing = dir.path() / "missing.tsv";
  CHECK_THROWS_AS(DelimitedReader(missing), IoError);
  CHECK_THROWS_WITH(DelimitedReader(missing), missing.string() + ": cannot open the file: No such file or directory");
  CHECK_THROWS_WITH(DelimitedReader(dir.path()), dir.path().string() + ": expected a file but it is a folder");
  std::istringstream used("a\n");
  used.setstate(std::ios::failbit);
  CHECK_THROWS_AS(DelimitedReader(used, "stream"), IoError);
}

TEST_CASE("DelimitedReader: a stream whose buffer fails is an IoError with the line", "[data]") {
  struct Failing : std::streambuf {
    int left = 6;
    char c = 0;
    int_type underflow() override {
      if (left-- == 0) throw std::ios_base::failure("the disk is gone");
      c = left % 2 ? 'a' : '\n';
      setg(&c, &c, &c + 1);
      return traits_type::to_int_type(c);
    }
  } buffer;
  std::istream in(&buffer);
  DelimitedReader reader(in, "pipe");
  CHECK(reader.next());
  CHECK(reader.next());
  CHECK(reader.next());
  CHECK_THROWS_AS(reader.next(), IoError);
}

TEST_CASE("DelimitedReader: a format that no table can have is a ConfigError", "[data]") {
  for (const char delimiter : {'\n', '\r', '"', '\0', '\xC3'}) {
    std::istringstream in("a\n");
    CHECK_THROWS_AS(DelimitedReader(in, "text", {.delimiter = delimiter}), ConfigError);
  }
  std::istringstream in("a\n");
  CHECK_THROWS_AS(DelimitedReader(in, "text", {.max_row_bytes = 0}), ConfigError);
}

TEST_CASE("DelimitedReader answers a pipe row by row: it reads nothing behind the line end", "[data]") {
  struct Counting : std::streambuf {
    std::string text = "a\tb\nc\td\n";
    std::size_t read = 0;
    int_type underflow() override {
      return read < text.size() ? traits_type::to_int_type(text[read]) : traits_type::eof();
    }
    int_type uflow() override {
      return read < text.size() ? traits_type::to_int_type(text[read++]) : traits_type::eof();
    }
  } buffer;
  std::istream in(&buffer);
  DelimitedReader reader(in, "pipe");
  CHECK(buffer.read == 4);
  CHECK(reader.next());
  CHECK(buffer.read == 4);
  CHECK(reader.next());
  CHECK(buffer.read == 8);
  CHECK_FALSE(reader.next());
}

TEST_CASE("DelimitedReader: every byte of a file changed or cut off is read or refused, never worse", "[data]") {
  const std::string text = "id,text\n1,\"a \"\"b\"\"\nc\"\r\n2,日本\n";
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = text;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      for (const std::string& bad : {changed, text.substr(0, i)}) {
        std::istringstream in(bad);
        std::size_t bytes = 0;
        try {
          DelimitedReader reader(in, "text", DelimitedFormat::csv());
          for (const DelimitedRow& row : reader)
            for (Index f = 0; f < row.size(); ++f) bytes += row[f].size();
        } catch (const FormatError& error) {
          CHECK(error.line() <= 5);
        }
        CHECK(bytes <= bad.size());
      }
    }
  }
}

}  // namespace delimited_test
