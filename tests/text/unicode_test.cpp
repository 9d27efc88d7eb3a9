#include <tempa/core/error.hpp>
#include <tempa/text/detail/unicode/unicode.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"

namespace unicode_test {

using namespace tempa;
using namespace std::string_literals;

TEST_CASE("UTF-8: what the standard allows passes, everything else is found at its byte", "[text]") {
  const std::vector<std::string> valid = {"",
                                          "a",
                                          "\0"s,
                                          "\x7F",
                                          "\xC2\x80",
                                          "\xDF\xBF",
                                          "\xE0\xA0\x80",
                                          "\xED\x9F\xBF",
                                          "\xEE\x80\x80",
                                          "\xEF\xBF\xBF",
                                          "\xF0\x90\x80\x80",
                                          "\xF4\x8F\xBF\xBF"};
  for (const std::string& text : valid) CHECK_FALSE(find_invalid_utf8("12345678" + text + "abc").has_value());
  const std::vector<std::string> invalid = {"\x80",  // a continuation byte alone
                                            "\xBF",
                                            "\xC0\x80",  // overlong
                                            "\xC1\xBF",
                                            "\xE0\x9F\xBF",
                                            "\xF0\x8F\xBF\xBF",
                                            "\xED\xA0\x80",  // surrogates
                                            "\xED\xBF\xBF",
                                            "\xF4\x90\x80\x80",  // above U+10FFFF
                                            "\xF5\x80\x80\x80",
                                            "\xFE",
                                            "\xFF",
                                            "\xC3",  // cut short
                                            "\xE2\x82",
                                            "\xF0\x9F\x98",
                                            "\xE2\x28\xA1",  // a wrong byte inside
                                            "\xE2\x82\x28",
                                            "\xF0\x9F\x98\x28",
                                            "\xC3\xC3"};
  for (const std::string& text : invalid) {
    for (const std::size_t before : {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{8}, std::size_t{20}}) {
      CHECK(find_invalid_utf8(std::string(before, 'x') + text) == before);
      CHECK(find_invalid_utf8(std::string(before, 'x') + text + "a") == before);
    }
  }
  CHECK_THROWS_WITH(require_valid_utf8("who", "abc\xFF"),
                    "[who] expected valid UTF-8 but byte offset 3 has an invalid sequence (0xff)");
  CHECK_THROWS_AS(to_utf32("\xC3"), ValueError);
}

TEST_CASE("UTF-8: every code point survives encoding and decoding", "[text]") {
  std::size_t wrong = 0;
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string text;
    append_utf8(text, c);
    const DecodedCodePoint decoded = decode_utf8(text, 0);
    if (decoded.value != c || decoded.size != text.size() || count_code_points(text) != 1) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("Unicode: NFD and NFC", "[text]") {
  CHECK(nfd("\u00e9") == "e\u0301");
  CHECK(nfc("e\u0301") == "\u00e9");
  CHECK(nfd("\u1ea5") == "a\u0302\u0301");
  CHECK(nfc("a\u0323\u0302") == "\u1ead");
  CHECK(nfd("a\u0301\u0323") == "a\u0323\u0301");  // marks in the order of their classes
  CHECK(nfd("\uac01") == "\u1100\u1161\u11a8");    // Hangul by rule
  CHECK(nfc("\u1100\u1161\u11a8") == "\uac01");
  CHECK(nfc("\u212b") == "\u00c5");
  CHECK(nfc("\u0958") == "\u0915\u093c");  // a composition exclusion
  CHECK(nfd("\ufb01") == "\ufb01");        // compatibility forms stay
  CHECK(nfd("a\0b"s) == "a\0b"s);
  CHECK(nfc("").empty());
}

TEST_CASE("Unicode: normalising twice changes nothing, and NFC(NFD(x)) is NFC(x)", "[text]") {
  std::mt19937 random(3);
  std::vector<char32_t> pool = {U'a', U'e', 0xE9, 0x1EA5, 0xAC01, 0x1100, 0x1161, 0x11A8, 0x212B, 0x1D15E, 0x2F800};
  for (char32_t c = 0x300; c < 0x370; ++c) pool.push_back(c);
  for (int i = 0; i < 2000; ++i) {
    std::u32string text;
    for (auto j = random() % 12; j > 0; --j) text += pool[random() % pool.size()];
    const std::u32string d = nfd(text);
    const std::u32string c = nfc(text);
    REQUIRE(nfd(d) == d);
    REQUIRE(nfc(c) == c);
    REQUIRE(nfc(d) == c);
    REQUIRE(nfd(c) == d);
  }
}

TEST_CASE("Unicode: lower case as Python's str.lower, with dotted I and final sigma", "[text]") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"ABC xyz 1", "abc xyz 1"},
      {"\u0130", "i\u0307"},
      {"\u0130STANBUL", "i\u0307stanbul"},
      {"\u1e9e\u01c5\u212a", "\u00df\u01c6k"},
      {"\u03a3", "\u03c3"},                                      // alone: not final
      {"\u039f\u0394\u039f\u03a3", "\u03bf\u03b4\u03bf\u03c2"},  // at the end of a word
      {"\u03a3\u0391\u03a3 \u03a3\u0391", "\u03c3\u03b1\u03c2 \u03c3\u03b1"},
      {"A\u03a3.", "a\u03c2."},
      {"A\u03a3.B", "a\u03c3.b"},          // a full stop inside does not end the word
      {"A\u03a3\u0301", "a\u03c2\u0301"},  // nor does a mark
      {"A\u0301\u03a3", "a\u0301\u03c2"},
      {"1\u03a3", "1\u03c3"},
      {"\u24b6\u03a3", "\u24d0\u03c2"},  // a circled letter is cased
      {"'\u03a3'", "'\u03c3'"},
      {"\u03a3\u03a3", "\u03c3\u03c2"}};
  for (const auto& [upper, lower] : cases) CHECK(to_lower(upper) == lower);
}

TEST_CASE("Unicode: what differs in case only folds to one text", "[text]") {
  CHECK(fold_case("STRASSE") == fold_case("Straße"));
  CHECK(fold_case("ΣΊΣΥΦΟΣ") == fold_case("σίσυφος"));
  CHECK(fold_case("É") == fold_case("e\u0301"));
  CHECK(fold_case("ﬁ") == "fi");
  CHECK(fold_case("Ω") == fold_case("\u2126"));  // the sign of the ohm
  CHECK(fold_case("ДА") == fold_case("да"));
  CHECK(fold_case("I") != fold_case("ı"));
  CHECK(fold_case("İ") == "i\u0307");
  CHECK(fold_case("café") != fold_case("cafe"));
  CHECK_THROWS_AS(fold_case("\xff"), ValueError);
}

TEST_CASE("Unicode: BERT's classes, and where the two rules differ", "[text]") {
  struct Row {
    char32_t c;
    bool removed, space, punctuation, cjk;
  };
  const std::vector<Row> both = {{U'a', false, false, false, false},   {U' ', false, true, false, false},
                                 {U'\t', false, true, false, false},   {U'\n', false, true, false, false},
                                 {U'\r', false, true, false, false},   {0x0, true, false, false, false},
                                 {0x7F, true, false, false, false},    {0xFFFD, true, false, false, false},
                                 {0x200B, true, false, false, false},  {0xFEFF, true, false, false, false},
                                 {0xE000, true, false, false, false},  {0x2028, false, true, false, false},
                                 {0x3000, false, true, false, false},  {0xA0, false, true, false, false},
                                 {U'$', false, false, true, false},    {U'^', false, false, true, false},
                                 {U'`', false, false, true, false},    {U'~', false, false, true, false},
                                 {0x2014, false, false, true, false},  {0x20AC, false, false, false, false},
                                 {0x4E00, false, false, false, true},  {0x9FFF, false, false, false, true},
                                 {0x3400, false, false, false, true},  {0x4DC0, false, false, false, false},
                                 {0x20000, false, false, false, true}, {0x2B81D, false, false, false, true},
                                 {0x2CEA1, false, false, false, true}, {0x2CEB0, false, false, false, false},
                                 {0xFAD9, false, false, false, true},  {0x2FA1D, false, false, false, true},
                                 {0x3042, false, false, false, false}, {0xAC00, false, false, false, false},
                                 {0x1F600, false, false, false, false}};
  for (const Row& row : both) {
    INFO("U+" << std::hex << static_cast<unsigned>(row.c));
    CHECK(FastCharacters::is_removed(row.c) == row.removed);
    CHECK(PythonCharacters::is_removed(row.c) == row.removed);
    CHECK(FastCharacters::is_space(row.c) == row.space);
    CHECK(PythonCharacters::is_space(row.c) == row.space);
    CHECK(FastCharacters::is_punctuation(row.c) == row.punctuation);
    CHECK(PythonCharacters::is_punctuation(row.c) == row.punctuation);
    CHECK(FastCharacters::is_cjk(row.c) == row.cjk);
    CHECK(PythonCharacters::is_cjk(row.c) == row.cjk);
  }
  for (const char32_t c : U"\u4DBF\u9FFF\uFAFF\U0002A6DF\U0002B81F\U0002CEAF\U0002FA1F"s) {  // the ends of the ranges
    CHECK(FastCharacters::is_cjk(c));
    CHECK(PythonCharacters::is_cjk(c));
  }
  for (const char32_t c : U"\u33FF\u4DC0\uA000\uF8FF\uFB00\U0001FFFF\U0002A6E0\U0002CEB0\U0002F7FF\U0002FA20"s) {
    CHECK_FALSE(FastCharacters::is_cjk(c));
    CHECK_FALSE(PythonCharacters::is_cjk(c));
  }
  for (const char32_t c : {char32_t{0x2B820}, char32_t{0x2B91F}}) {  // the gap in the Rust library's ranges
    CHECK_FALSE(FastCharacters::is_cjk(c));
    CHECK(PythonCharacters::is_cjk(c));
  }
  CHECK_FALSE(FastCharacters::is_removed(0x378));  // unassigned
  CHECK(PythonCharacters::is_removed(0x378));
  CHECK_FALSE(FastCharacters::is_punctuation(0x2E52));  // newer than the Rust library's classes
  CHECK(PythonCharacters::is_punctuation(0x2E52));
  CHECK(FastCharacters::strip_accents(U"e\u0301\u0c04") == U"e\u0c04");
  CHECK(PythonCharacters::strip_accents(U"e\u0301\u0c04") == U"e");
}

}  // namespace unicode_test
