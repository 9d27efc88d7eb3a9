// The members of an object as they stand in the file.
#include <tempa/io/detail/json/json_members.hpp>

#include "support/catch.hpp"
#include "support/thrown.hpp"

#include <string>
#include <utility>
#include <vector>

namespace json_members_test {

using namespace tempa;

namespace {

std::vector<std::pair<std::string, std::string>> members_of(const std::string& text) {
  std::vector<std::pair<std::string, std::string>> result;
  for (auto& member : json_members(parse_json(text, "file"))) result.emplace_back(member.key, member.value);
  return result;
}

}  // namespace

TEST_CASE("JSON members: every kind of value is its text, to the last digit", "[io]") {
  using Expected = std::vector<std::pair<std::string, std::string>>;
  const std::vector<std::pair<std::string, Expected>> cases{
      {"{}", {}},
      {" { } ", {}},
      {"\xef\xbb\xbf{\"a\":1}", {{"a", "1"}}},
      {R"({"a":1,"b":-0.10,"c":1e-12,"d":123456789012345678901234567890})",
       {{"a", "1"}, {"b", "-0.10"}, {"c", "1e-12"}, {"d", "123456789012345678901234567890"}}},
      {"{ \"z\" :\r\n true ,\n\t\"y\": null\n}\n", {{"z", "true"}, {"y", "null"}}},
      {R"({"text":"a \"quoted\" {[,]}\\","next":"\\\""})",
       {{"text", R"("a \"quoted\" {[,]}\\")"}, {"next", R"("\\\"")"}}},
      {R"({"a":{"b":[1,{"c":"}"}], "d": {}},"e":[[],[ 1.0 ]]})",
       {{"a", R"({"b":[1,{"c":"}"}], "d": {}})"}, {"e", "[[],[ 1.0 ]]"}}},
      {R"({"k\u0065y \"":0})", {{"key \"", "0"}}}};
  for (const auto& [text, expected] : cases) {
    INFO(text);
    CHECK(members_of(text) == expected);
  }
}

TEST_CASE("JSON members: an object of them reads back as the same", "[io]") {
  const std::string text = "{\n  \"b\": 1.50,\n  \"a\\\"\": {\n    \"x\": [\n      1\n    ]\n  }\n}\n";
  CHECK(json_object_text(json_members(parse_json(text, "file"))) == text);
  CHECK(json_object_text({}) == "{\n}\n");
  CHECK(thrown<FormatError>([] { json_members(parse_json("[1]", "file")); }) == "file:1: expected a JSON object");
}

}  // namespace json_members_test
