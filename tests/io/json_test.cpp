// Strict JSON, and getters whose errors name file, line and field.
#include <tempa/io/detail/json/json.hpp>
#include <tempa/io/files/file.hpp>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace json_test {

using namespace tempa;
using namespace std::string_view_literals;

namespace {

std::string complaint_about(std::string_view text) {
  return thrown<FormatError>([&] { parse_json(std::string(text), "c.json"); });
}

const JsonFile& config() {
  static const JsonFile file = parse_json(R"({
  "hidden_size": 768,
  "dropout": 0.1,
  "act": "gelu",
  "cache": true,
  "nothing": null,
  "id2label": {
    "0": "positive",
    "1": 7
  },
  "layers": [1, 2,
             -3],
  "nested": [{"a": 1}, {"b": {
      "c": "x"}}],
  "huge": 1000000000000000019884624838656,
  "float": 3.0
})",
                                          "c.json");
  return file;
}

}  // namespace

TEST_CASE("JSON: a document is what any parser makes of it", "[io]") {
  const std::string_view texts[] = {
      "{}",
      "[]",
      "  \n 1 ",
      "-0.5e3",
      "\"\\u00e9\\ud83d\\ude00\"",
      "null",
      "true",
      R"({"a":[1,[2,{"b":[]}],{}],"c":{"d":null,"e":[false,1.5,-7,18446744073709551615]},"":"x"})"};
  for (const std::string_view text : texts)
    CHECK(parse_json(std::string(text), "c.json").root == nlohmann::json::parse(text));
}

TEST_CASE("JSON: what is no strict JSON is refused with file and line", "[io]") {
  const struct {
    std::string_view text, message;
  } cases[] = {
      {"{\"a\": 1,\n\"b\": 2,\n\"a\": 3}", "c.json:3: duplicate key 'a'"},
      {"{\"x\": {\"a\": 1,\n \"\\u0061\": 2}}", "c.json:2: duplicate key 'a'"},
      {"[{\"a\": 1},\n{\"b\": 1, \"b\": 1}]", "c.json:2: duplicate key 'b'"},
      {"{\n\"a\": \n}", "c.json:3: expected JSON: syntax error while parsing value"},
      {"{\"a\": 1,\n}", "c.json:2: expected JSON: syntax error while parsing object key"},
      {"{\"a\": 1", "c.json:1: expected JSON: syntax error while parsing object"},
      {"{\"a\": 1}\n\n x", "c.json:3: expected JSON: syntax error while parsing value"},
      {"{\"a\": NaN}", "c.json:1: expected JSON: syntax error while parsing value"},
      {"{\"a\": 01}", "c.json:1: expected JSON: syntax error"},
      {"{\"a\": 1e999}", "c.json:1: expected JSON: "},
      {"// no\n{}", "c.json:1: expected JSON: syntax error"},
      {"{'a': 1}", "c.json:1: expected JSON: syntax error"},
      {"", "c.json:1: expected JSON: syntax error"},
      {" \n ", "c.json:2: expected JSON: syntax error"},
      {"{\"a\":\n\"\xff\"}", "c.json:2: expected JSON: syntax error"},
      {"{\"a\": \"\xed\xa0\x80\"}", "c.json:1: expected JSON: syntax error"},
      {"{\"a\": \"\\ud800\"}", "c.json:1: expected JSON: syntax error"},
      {"{}\n\0 what follows the end"sv, "c.json:2: expected JSON: byte 4 is NUL"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.text);
    CHECK(complaint_about(one.text).substr(0, one.message.size()) == one.message);
  }
}

TEST_CASE("JSON: nesting has an end", "[io]") {
  const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  CHECK(parse_json(nested(64), "c.json").root.is_array());
  CHECK(complaint_about(nested(65)) == "c.json:1: expected at most 64 nested levels");
  CHECK(complaint_about(std::string(1'000'000, '[')) == "c.json:1: expected at most 64 nested levels");
}

TEST_CASE("JSON: an error message does not repeat a long text", "[io]") {
  CHECK(complaint_about("{\"a\": \"" + std::string(100'000, 'x')).size() < 500);
  CHECK(complaint_about("{\"" + std::string(100'000, 'k') + "\":1,\"" + std::string(100'000, 'k') + "\":1}").size() <
        500);
}

TEST_CASE("JSON: fields are read as the type that is asked for", "[io]") {
  CHECK(require<int>(config(), "hidden_size") == 768);
  CHECK(require<std::uint16_t>(config(), "hidden_size", {.min = 1, .max = 768}) == 768);
  CHECK(require<float>(config(), "dropout") == 0.1f);
  CHECK(require<double>(config(), "hidden_size") == 768.0);
  CHECK(require<double>(config(), "huge") == 1e30);
  CHECK(require<std::string>(config(), "act") == "gelu");
  CHECK(require<bool>(config(), "cache"));
  CHECK(require<std::string>(config(), "/id2label/0") == "positive");
  CHECK(require<int>(config(), "/layers/2") == -3);
  CHECK(require<std::vector<int>>(config(), "layers") == std::vector<int>{1, 2, -3});
  CHECK(has_field(config(), "nothing"));
  CHECK(!has_field(config(), "/id2label/2"));
}

TEST_CASE("JSON: a field of the wrong kind is an error that names file, line and field", "[io]") {
  const auto& file = config();
  const struct {
    std::string actual, expected;
  } cases[] = {
      {thrown<FormatError>([&] { require<int>(file, "absent"); }), "c.json: absent: is required but missing"},
      {thrown<FormatError>([&] { require<int>(file, "/id2label/9"); }), "c.json: /id2label/9: is required but missing"},
      {thrown<FormatError>([&] { require<int>(file, "act"); }), "c.json:4: act: expected an integer but got 'gelu'"},
      {thrown<FormatError>([&] { require<int>(file, "float"); }), "c.json:16: float: expected an integer but got 3.0"},
      {thrown<FormatError>([&] { require<int>(file, "cache"); }), "c.json:5: cache: expected an integer but got true"},
      {thrown<FormatError>([&] { require<std::int64_t>(file, "huge"); }),
       "c.json:15: huge: expected an integer but got 1e+30"},
      {thrown<FormatError>([&] { require<std::int8_t>(file, "hidden_size"); }),
       "c.json:2: hidden_size: expected an integer of at least -128 and at most 127 but got 768"},
      {thrown<FormatError>([&] { require<std::uint8_t>(file, "/layers/2"); }),
       "c.json:12: /layers/2: expected an integer of at least 0 and at most 255 but got -3"},
      {thrown<FormatError>([&] { require<std::vector<std::uint8_t>>(file, "layers"); }),
       "c.json:12: /layers/2: expected an integer of at least 0 and at most 255 but got -3"},
      {thrown<FormatError>([&] { require<float>(parse_json("[1e39]", "c.json"), "/0"); }),
       "c.json:1: /0: expected a number of at least -3.40282e+38 and at most 3.40282e+38 but got 1e+39"},
      {thrown<FormatError>([&] { require<int>(file, "hidden_size", {.min = 1, .max = 512}); }),
       "c.json:2: hidden_size: expected an integer of at least 1 and at most 512 but got 768"},
      {thrown<FormatError>([&] { require<int>(file, "hidden_size", {.min = 769}); }),
       "c.json:2: hidden_size: expected an integer of at least 769 but got 768"},
      {thrown<FormatError>([&] { require<float>(file, "dropout", {.max = 0.0f}); }),
       "c.json:3: dropout: expected a number of at most 0 but got 0.1"},
      {thrown<FormatError>([&] { require<float>(file, "id2label"); }),
       "c.json:7: id2label: expected a number but got an object"},
      {thrown<FormatError>([&] { require<bool>(file, "hidden_size"); }),
       "c.json:2: hidden_size: expected true or false but got 768"},
      {thrown<FormatError>([&] { require<std::string>(file, "/id2label/1"); }),
       "c.json:9: /id2label/1: expected a string but got 7"},
      {thrown<FormatError>([&] { require<int>(file, "/nested/1/b/c"); }),
       "c.json:14: /nested/1/b/c: expected an integer but got 'x'"},
      {thrown<FormatError>([&] { require<std::vector<int>>(file, "act"); }),
       "c.json:4: act: expected an array but got 'gelu'"},
      {thrown<FormatError>([&] { get_or<int>(file, "act", 1); }), "c.json:4: act: expected an integer but got 'gelu'"},
      {thrown<FormatError>([&] { throw field_error(file, "act", "expected gelu or relu"); }),
       "c.json:4: act: expected gelu or relu"},
  };
  for (const auto& one : cases) CHECK(one.actual == one.expected);
}

TEST_CASE("JSON: a missing or null field has its default", "[io]") {
  CHECK(get_or<int>(config(), "absent", 12) == 12);
  CHECK(get_or<int>(config(), "nothing", 12, {.min = 1}) == 12);
  CHECK(get_or<int>(config(), "hidden_size", 12, {.min = 1}) == 768);
  CHECK(get_or<std::string>(config(), "absent", "gelu_new") == "gelu_new");
  CHECK(get_or<std::vector<int>>(config(), "absent", {4}) == std::vector<int>{4});
}

TEST_CASE("JSON: the largest integers are exact", "[io]") {
  const JsonFile file =
      parse_json(R"({"a": 18446744073709551615, "b": -9223372036854775808, "c": 9007199254740993})", "c.json");
  CHECK(require<std::uint64_t>(file, "a") == std::numeric_limits<std::uint64_t>::max());
  CHECK(require<std::int64_t>(file, "b") == std::numeric_limits<std::int64_t>::min());
  CHECK(require<std::int64_t>(file, "c") == 9007199254740993);  // 2^53 + 1, which no double holds
}

TEST_CASE("JSON: a file is written sorted and indented and reads the same", "[io]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "config.json";
  const nlohmann::json value = {{"b", {1, 2}}, {"a", "größe"}, {"loss", std::numeric_limits<double>::quiet_NaN()}};
  write_json(path, value);
  CHECK(read_text_file(path) == "{\n  \"a\": \"größe\",\n  \"b\": [\n    1,\n    2\n  ],\n  \"loss\": null\n}\n");
  CHECK(read_json(path).root.at("a") == "größe");
  CHECK(thrown<ValueError>([&] { write_json(path, "\xff"); }).find(path) != std::string::npos);
  CHECK(read_json(path).root.at("b") == value.at("b"));  // the failure has left the file
  CHECK(thrown<IoError>([&] { read_json(path, 10); }) == path + ": expected at most 10 bytes but has 64");
}

}  // namespace json_test
