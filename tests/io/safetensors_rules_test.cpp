// Each rule of the safetensors format, by a file that breaks it.
#include <tempa/io/safetensors/safetensors.hpp>

#include "io/safetensors_bytes.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace safetensors_rules_test {

using namespace tempa;

namespace {

std::string complaint_about(std::string_view bytes) {
  return thrown<FormatError>([&] { read_safetensors_header(as_file(bytes), "w.safetensors"); });
}

/// A tensor of the header: the whole object is given, because tests break it.
std::string tensor(std::string_view name, std::string_view dtype, std::string_view shape, std::string_view offsets) {
  return concat('"', name, R"(":{"dtype":")", dtype, R"(","shape":)", shape, R"(,"data_offsets":)", offsets, '}');
}

struct Case {
  std::string header;
  std::string data;
  std::string message;
};

void check_each(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    CAPTURE(one.header);
    CHECK(complaint_about(safetensors_bytes(one.header, one.data)) == "w.safetensors: " + one.message);
  }
}

}  // namespace

TEST_CASE("Safetensors rule: a file has at least the eight bytes of the length", "[io]") {
  CHECK(complaint_about("") == "w.safetensors: expected at least 8 bytes but has 0");
  CHECK(complaint_about("1234567") == "w.safetensors: expected at least 8 bytes but has 7");
}

TEST_CASE("Safetensors rule: a header has at most 100 million bytes", "[io]") {
  CHECK(complaint_about(length_bytes(100'000'001) + "{}") ==
        "w.safetensors: expected a header of at most 100000000 bytes but it says 100000001");
  CHECK(complaint_about(std::string(8, '\xff') + "{}") ==
        "w.safetensors: expected a header of at most 100000000 bytes but it says 18446744073709551615");
}

TEST_CASE("Safetensors rule: a header lies within the file", "[io]") {
  CHECK(complaint_about(length_bytes(3) + "{}") ==
        "w.safetensors: expected a header of 3 bytes but the file has only 2 after its length");
  CHECK(complaint_about(length_bytes(100'000'000) + "{}") ==
        "w.safetensors: expected a header of 100000000 bytes but the file has only 2 after its length");
}

TEST_CASE("Safetensors rule: a header begins with a brace and ends with a brace and spaces", "[io]") {
  for (const std::string_view header : {"", " {}", "[]", "\xef\xbb\xbf{}", "null"})
    CHECK(complaint_about(safetensors_bytes(header)) == "w.safetensors: expected the header to begin with '{'");
  for (const std::string_view header : {"{}\n", "{} x", "{}\t "})
    CHECK(complaint_about(safetensors_bytes(header)) ==
          "w.safetensors: expected the header to end with '}' and spaces");
  for (const std::string_view header : {"{}", "{}      "})
    CHECK(read_safetensors_header(as_file(safetensors_bytes(header)), "w.safetensors").entries.empty());
}

TEST_CASE("Safetensors rule: a header is JSON in UTF-8", "[io]") {
  using namespace std::string_view_literals;
  const struct {
    std::string_view header, begin;
  } cases[] = {{"{}}"sv, "expected JSON in the header but at its byte 3: syntax error"},
               {"{\"__metadata__\":{}"sv, "expected JSON in the header but at its byte"},
               {"{\"a\"}"sv, "expected JSON in the header but at its byte 5: syntax error"},
               {"{,}"sv, "expected JSON in the header but at its byte 2: syntax error"},
               {"{\"\xff\":{}}"sv, "expected JSON in the header but at its byte 3: syntax error"},
               {"{\"\xc0\x80\":{}}"sv, "expected JSON in the header but at its byte 3: syntax error"},
               {"{/**/}"sv, "expected JSON in the header but at its byte 2: syntax error"}};
  for (const auto& one : cases) {
    CAPTURE(one.header);
    const std::string expected = "w.safetensors: " + std::string(one.begin);
    CHECK(complaint_about(safetensors_bytes(one.header)).substr(0, expected.size()) == expected);
  }
  CHECK(complaint_about(safetensors_bytes("{}\0\0\0}"sv)) == "w.safetensors:1: expected JSON: byte 3 is NUL");
}

TEST_CASE("Safetensors rule: an entry has dtype, shape and data_offsets, each once and nothing else", "[io]") {
  check_each({
      {R"({"a":1})", "", "tensor 'a': expected an object but got 1"},
      {R"({"a":null})", "", "tensor 'a': expected an object but got null"},
      {R"({"a":"F32"})", "", "tensor 'a': expected an object but got 'F32'"},
      {R"({"a":[]})", "", "tensor 'a': expected an object but got an array"},
      {R"({"a":{}})", "", "tensor 'a': expected dtype, shape and data_offsets but dtype is missing"},
      {R"({"a":{"dtype":"U8","data_offsets":[0,0]}})", "",
       "tensor 'a': expected dtype, shape and data_offsets but shape is missing"},
      {R"({"a":{"dtype":"U8","shape":[0]}})", "",
       "tensor 'a': expected dtype, shape and data_offsets but data_offsets is missing"},
      {R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"stride":[1]}})", "",
       "tensor 'a': expected dtype, shape and data_offsets but has 'stride'"},
      {R"({"a":{"dtype":1,"shape":[0],"data_offsets":[0,0]}})", "", "tensor 'a', dtype: expected a string but got 1"},
      {R"({"a":{"dtype":"U8","shape":0,"data_offsets":[0,0]}})", "", "tensor 'a', shape: expected an array but got 0"},
      {R"({"a":{"dtype":"U8","shape":{},"data_offsets":[0,0]}})", "",
       "tensor 'a', shape: expected an array but got an object"},
      {R"({"a":{"dtype":"U8","shape":[[0]],"data_offsets":[0,0]}})", "",
       "tensor 'a', shape: expected integers of at least 0 but got an array"},
      {R"({"a":{"dtype":"U8","shape":[0],"data_offsets":true}})", "",
       "tensor 'a', data_offsets: expected an array but got true"},
      {"{" + tensor("a", "U8", "[0]", "[0]") + "}", "",
       "tensor 'a', data_offsets: expected [begin, end] but has 1 numbers"},
      {"{" + tensor("a", "U8", "[0]", "[]") + "}", "",
       "tensor 'a', data_offsets: expected [begin, end] but has 0 numbers"},
      {"{" + tensor("a", "U8", "[0]", "[0,0,0]") + "}", "",
       "tensor 'a', data_offsets: expected [begin, end] but has more than 2 numbers"},
      {"{" + tensor("a", "U8", "[1,1,1,1,1,1,1,1,1]", "[0,1]") + "}", "x",
       "tensor 'a', shape: expected at most 8 dimensions but has more"},
  });
}

TEST_CASE("Safetensors rule: metadata maps strings to strings", "[io]") {
  check_each({
      {R"({"__metadata__":[]})", "", "__metadata__: expected an object but got an array"},
      {R"({"__metadata__":"pt"})", "", "__metadata__: expected an object but got 'pt'"},
      {R"({"__metadata__":{"format":1}})", "", "__metadata__, key 'format': expected a string but got 1"},
      {R"({"__metadata__":{"format":{}}})", "", "__metadata__, key 'format': expected a string but got an object"},
      {R"({"__metadata__":{"format":null}})", "", "__metadata__, key 'format': expected a string but got null"},
  });
  const std::string good = safetensors_bytes(R"({"__metadata__":{"format":"pt","":"x"}})");
  CHECK(read_safetensors_header(as_file(good), "").metadata ==
        std::map<std::string, std::string>{{"", "x"}, {"format", "pt"}});
}

TEST_CASE("Safetensors rule: the tensors' bytes have no holes and no overlaps and fill the file", "[io]") {
  const std::string a = tensor("a", "U8", "[2]", "[0,2]");
  check_each({
      {"{}", "x", "expected 0 bytes of tensors after the header but has 1"},
      {"{" + a + "}", "x", "expected 2 bytes of tensors after the header but has 1"},
      {"{" + a + "}", "xxx", "expected 2 bytes of tensors after the header but has 3"},
      {"{" + tensor("a", "U8", "[2]", "[1,3]") + "}", "xxx",
       "tensor 'a', data_offsets: expected to begin at 0, where the one before ends, but begins at 1 (a hole)"},
      {"{" + a + "," + tensor("b", "U8", "[1]", "[3,4]") + "}", "xxxx",
       "tensor 'b', data_offsets: expected to begin at 2, where the one before ends, but begins at 3 (a hole)"},
      {"{" + tensor("b", "U8", "[2]", "[1,3]") + "," + a + "}", "xxx",
       "tensor 'b', data_offsets: expected to begin at 2, where the one before ends, but begins at 1 (an overlap)"},
      {"{" + a + "," + tensor("b", "U8", "[2]", "[0,2]") + "}", "xx",
       "tensor 'b', data_offsets: expected to begin at 2, where the one before ends, but begins at 0 (an overlap)"},
      {"{" + a + "," + tensor("b", "U8", "[0]", "[1,1]") + "}", "xx",
       "tensor 'b', data_offsets: expected to begin at 2, where the one before ends, but begins at 1 (an overlap)"},
  });
}

TEST_CASE("Safetensors rule: tensors may stand in any order in the header", "[io]") {
  const std::string bytes =
      safetensors_bytes("{" + tensor("z", "U8", "[1]", "[2,3]") + "," + tensor("e", "F32", "[4,0]", "[2,2]") + "," +
                            tensor("a", "U8", "[2]", "[0,2]") + "}",
                        "xyz");
  const SafetensorsHeader header = read_safetensors_header(as_file(bytes), "");
  REQUIRE(header.entries.size() == 3);
  CHECK(header.entries[0].name == "a");
  CHECK(header.entries[1].name == "e");
  CHECK(header.entries[1].shape == Shape{4, 0});
  CHECK(header.entries[2].name == "z");
}

TEST_CASE("Safetensors rule: the offsets span exactly the bytes of the elements", "[io]") {
  check_each({
      {"{" + tensor("a", "F32", "[2]", "[0,4]") + "}", "xxxx",
       "tensor 'a', data_offsets: expected 8 bytes for (2) of F32 but got [0, 4]"},
      {"{" + tensor("a", "U8", "[]", "[0,0]") + "}", "",
       "tensor 'a', data_offsets: expected 1 bytes for () of U8 but got [0, 0]"},
      {"{" + tensor("a", "U8", "[0]", "[0,1]") + "}", "x",
       "tensor 'a', data_offsets: expected 0 bytes for (0) of U8 but got [0, 1]"},
      {"{" + tensor("a", "U8", "[1]", "[1,0]") + "}", "x",
       "tensor 'a', data_offsets: expected 1 bytes for (1) of U8 but got [1, 0]"},
      {"{" + tensor("a", "F4", "[3]", "[0,1]") + "}", "x",
       "tensor 'a', shape: expected whole bytes but has 12 bits of F4"},
  });
}

TEST_CASE("Safetensors rule: sizes are multiplied without overflow", "[io]") {
  check_each({
      // 2^32 * 2^32 * 4 bytes is 0 for who multiplies carelessly
      {"{" + tensor("a", "F32", "[4294967296,4294967296]", "[0,0]") + "}", "",
       "tensor 'a', shape: expected a product below 2^63 but it is larger"},
      {"{" + tensor("a", "U8", "[281474976710656,281474976710656,0]", "[0,0]") + "}", "",
       "tensor 'a', shape: expected a product below 2^63 but it is larger"},
      {"{" + tensor("a", "F64", "[4611686018427,1048576]", "[0,8]") + "}", "12345678",
       "tensor 'a', shape: expected fewer than 2^64 bits but has more"},
  });
}

TEST_CASE("Safetensors rule: no key is there twice, however it is spelled", "[io]") {
  const std::string a = tensor("a", "U8", "[1]", "[0,1]");
  check_each({
      {"{" + a + "," + a + "}", "x", "duplicate tensor 'a'"},
      {"{" + a + "," + tensor("\\u0061", "U8", "[1]", "[1,2]") + "}", "xx", "duplicate tensor 'a'"},
      {R"({"__metadata__":{},"__metadata__":{}})", "", "duplicate tensor '__metadata__'"},
      {R"({"__metadata__":{"format":"pt","format":"tf"}})", "", "duplicate key 'format' in __metadata__"},
      {R"({"a":{"dtype":"U8","dtype":"F64","shape":[1],"data_offsets":[0,1]}})", "x",
       "tensor 'a', dtype: is there twice"},
      {R"({"a":{"dtype":"U8","shape":[1],"shape":[9],"data_offsets":[0,1]}})", "x",
       "tensor 'a', shape: is there twice"},
      {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"data_offsets":[0,1]}})", "x",
       "tensor 'a', data_offsets: is there twice"},
  });
}

TEST_CASE("Safetensors rule: numbers are integers from 0 to 2 to the 48th", "[io]") {
  for (const std::string number : {"-1", "1.0", "1e3", "-0", "1E0", "18446744073709551616", "null", "true", "[]"}) {
    const std::string shown = number == "null" || number == "true" ? number
                              : number == "[]"                     ? "an array"
                              : number == "-1"                     ? "-1"
                              : number == "-0"                     ? "0"
                                                                   : "'" + number + "'";
    check_each({
        {"{" + tensor("a", "U8", "[" + number + "]", "[0,1]") + "}", "x",
         "tensor 'a', shape: expected integers of at least 0 but got " + shown},
        {"{" + tensor("a", "U8", "[1]", "[0," + number + "]") + "}", "x",
         "tensor 'a', data_offsets: expected integers of at least 0 but got " + shown},
    });
  }
  check_each({
      {"{" + tensor("a", "U8", "[281474976710657]", "[0,1]") + "}", "x",
       "tensor 'a', shape: expected at most 2^48 but got 281474976710657"},
      {"{" + tensor("a", "U8", "[1]", "[0,18446744073709551615]") + "}", "x",
       "tensor 'a', data_offsets: expected at most 2^48 but got 18446744073709551615"},
  });
}

TEST_CASE("Safetensors rule: an unknown type is an error and never skipped", "[io]") {
  for (const std::string dtype : {"", "f32", "F128", "FLOAT", "I4"})
    check_each({{"{" + tensor("a", dtype, "[1]", "[0,1]") + "}", "x",
                 "tensor 'a', dtype: expected a type of the format but got '" + dtype + "'"}});
}

TEST_CASE("Safetensors rule: a type that tensors do not have is named when its tensor is read", "[io]") {
  const TemporaryFolder folder;
  const struct {
    std::string dtype;
    std::size_t bytes;  // of four elements
  } cases[] = {{"F4", 2},      {"F6_E2M3", 3}, {"F6_E3M2", 3},     {"I8", 4},          {"F8_E5M2", 4},
               {"F8_E4M3", 4}, {"F8_E8M0", 4}, {"F8_E4M3FNUZ", 4}, {"F8_E5M2FNUZ", 4}, {"I16", 8},
               {"U16", 8},     {"U32", 16},    {"C64", 32},        {"U64", 32}};
  for (const auto& one : cases) {
    const std::string header = "{" + tensor("layer.w", one.dtype, "[4]", concat("[0,", one.bytes, "]")) + "}";
    const std::string path = folder.write("w.safetensors", safetensors_bytes(header, std::string(one.bytes, 'x')));
    const SafetensorsFile file(path);  // the rest of the file stays readable
    CHECK(to_string(file.entries().at(0).dtype) == one.dtype);
    CHECK(file.bytes(file.entries()[0]).size() == one.bytes);
    CHECK(thrown<FormatError>([&] { load_safetensors(path); }) ==
          path + ": tensor 'layer.w', dtype: expected F32, F64, F16, BF16, I32, I64, U8 or BOOL but got " + one.dtype);
  }
}

TEST_CASE("Safetensors: a name from the file cannot control the terminal or fill the message", "[io]") {
  check_each({{"{" + tensor("\\u001b[31m", "U8", "[1]", "[0,0]") + "}", "",
               "tensor '\\x1b[31m', data_offsets: expected 1 bytes for (1) of U8 but got [0, 0]"}});
  const std::string long_name(100'000, 'n');
  CHECK(complaint_about(safetensors_bytes("{" + tensor(long_name, "U8", "[1]", "[0,0]") + "}")).size() < 300);
}

TEST_CASE("Safetensors: a missing file, a folder and a file of another format are named", "[io]") {
  const TemporaryFolder folder;
  const std::string missing = folder.path() / "missing.safetensors",
                    other = folder.write("model.bin", "PK\x03\x04 zip archive");
  CHECK(thrown<IoError>([&] { load_safetensors(missing); }) == missing + ": cannot open: No such file or directory");
  CHECK(thrown<IoError>([&] { load_safetensors(folder.path()); }) ==
        folder.path().string() + ": expected a regular file but it is a folder");
  CHECK(thrown<FormatError>([&] { load_safetensors(other); }).substr(0, other.size() + 20) ==
        other + ": expected a header ");
}

}  // namespace safetensors_rules_test
