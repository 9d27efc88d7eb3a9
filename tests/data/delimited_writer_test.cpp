#include <tempa/data/table/delimited_writer.hpp>

#include "support/catch.hpp"
#include "support/file_size_limit.hpp"
#include "support/fixtures.hpp"
#include "support/temporary_folder.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

namespace delimited_writer_test {

using namespace tempa;

namespace {

using Table = std::vector<std::vector<std::string>>;

std::string written(const Table& rows, const DelimitedFormat& format, const std::string& line_end = "\n") {
  std::ostringstream out;
  DelimitedWriter writer(out, "text", format, line_end);
  for (const auto& row : rows) writer.write(row);
  writer.close();
  return out.str();
}

}  // namespace

TEST_CASE("DelimitedWriter writes what Python's csv module writes, and reads it back", "[data]") {
  std::ifstream in(fixture_path("data/delimited.json"));
  const auto cases = nlohmann::json::parse(in).at("write");
  REQUIRE(cases.size() == 120);
  for (const auto& c : cases) {
    const DelimitedFormat format{.delimiter = c.at("delimiter").get<std::string>().front(),
                                 .quoting = Quoting::kRfc4180};
    const auto rows = c.at("rows").get<Table>();
    const std::string text = written(rows, format, "\r\n");
    CHECK(text == c.at("text").get<std::string>());
    std::istringstream stream(text);
    DelimitedReader reader(stream, "text", format);
    Table back;
    for (const DelimitedRow& row : reader) back.push_back(row.to_vector());
    CHECK(back == rows);
  }
}

TEST_CASE("DelimitedWriter quotes only what must be quoted", "[data]") {
  const DelimitedFormat csv = DelimitedFormat::csv();
  CHECK(written({{"a", "b c", "x,y", "\"", "l\nm", "r\r", ""}}, csv) == "a,b c,\"x,y\",\"\"\"\",\"l\nm\",\"r\r\",\n");
  CHECK(written({{""}, {"a"}}, csv) == "\"\"\na\n");
  CHECK(written({{"\xEF\xBB\xBFx"}, {"\xEF\xBB\xBFx"}}, csv) == "\"\xEF\xBB\xBFx\"\n\xEF\xBB\xBFx\n");
  CHECK(written({{"\"a\"", ""}, {"b", "c"}}, DelimitedFormat::tsv()) == "\"a\"\t\nb\tc\n");
}

TEST_CASE("DelimitedWriter: what could not be read back is a ValueError, and is not written", "[data]") {
  const DelimitedFormat tsv = DelimitedFormat::tsv(), csv = DelimitedFormat::csv();
  struct Case {
    std::vector<std::string> row;
    DelimitedFormat format;
  };
  for (const Case& c : {Case{{}, csv}, Case{{"\xFF"}, csv}, Case{{std::string("a\0b", 3)}, csv}, Case{{"a\tb"}, tsv},
                        Case{{"a\nb"}, tsv}, Case{{"a\rb"}, tsv}, Case{{""}, tsv},
                        Case{{"\xEF\xBB\xBF"
                              "a"},
                             tsv},
                        Case{{"abcd"}, {.max_row_bytes = 4}}}) {
    std::ostringstream out;
    DelimitedWriter writer(out, "text", c.format);
    CHECK_THROWS_AS(writer.write(c.row), ValueError);
    CHECK(out.str().empty());
  }
  std::ostringstream out;
  DelimitedWriter writer(out, "table.tsv");
  writer.write({"a", "b"});
  CHECK_THROWS_WITH(writer.write({"a"}), "[DelimitedWriter] row 1 of table.tsv: expected 2 fields but has 1");
  CHECK(out.str() == "a\tb\n");
}

TEST_CASE("DelimitedWriter: files, and what cannot be written", "[data]") {
  const TemporaryFolder dir;
  DelimitedWriter writer(dir.path() / "out.csv", DelimitedFormat::csv());
  writer.write({"a", "b"});
  writer.close();
  CHECK(DelimitedReader(dir.path() / "out.csv", DelimitedFormat::csv()).header() == std::vector<std::string>{"a", "b"});

  CHECK_THROWS_AS(DelimitedWriter(dir.path() / "no" / "out.csv"), IoError);
  std::ostringstream out;
  CHECK_THROWS_AS(DelimitedWriter(out, "text", {.delimiter = '"'}), ConfigError);
  CHECK_THROWS_AS(DelimitedWriter(out, "text", {}, "\r"), ConfigError);
  out.setstate(std::ios::badbit);
  DelimitedWriter broken(out, "text");
  CHECK_THROWS_AS(broken.write({"a"}), IoError);
  CHECK_THROWS_AS(broken.close(), IoError);
}

TEST_CASE("DelimitedWriter: a table is there when it is complete, and an old one is as it was until then", "[data]") {
  const TemporaryFolder dir;
  const std::string path = dir.write("table.tsv", "old\n");
  const auto entries = [&] {
    return std::distance(std::filesystem::directory_iterator(dir.path()), std::filesystem::directory_iterator());
  };
  {
    DelimitedWriter writer(path);
    for (int i = 0; i < 100'000; ++i) writer.write({"new"});  // more than the buffer holds
    CHECK(read_text_file(path) == "old\n");
  }
  CHECK(read_text_file(path).size() == 400'000);
  try {
    DelimitedWriter writer(path);
    writer.write({"half"});
    throw ValueError("no matter what");
  } catch (const ValueError&) {
  }
  CHECK(read_text_file(path).size() == 400'000);
  {
    const FileSizeLimit full(100'000);
    DelimitedWriter writer(path);
    CHECK_THROWS_AS(
        [&] {
          for (int i = 0; i < 100'000; ++i) writer.write({"new"});
        }(),
        IoError);
    CHECK_THROWS_AS(writer.write({"after"}), IoError);
  }
  CHECK(read_text_file(path).size() == 400'000);
  CHECK(entries() == 1);
}

}  // namespace delimited_writer_test
