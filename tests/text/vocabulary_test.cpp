#include <tempa/core/error.hpp>
#include <tempa/io/files/file.hpp>
#include <tempa/text/bert/detail/wordpiece.hpp>
#include <tempa/text/shared/detail/byte_trie.hpp>
#include <tempa/text/shared/vocabulary.hpp>

#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace vocabulary_test {

using namespace tempa;
using namespace std::string_literals;
using Catch::Matchers::Contains;

namespace {

std::vector<std::string> pieces(const WordPiece& wordpiece, std::string_view word) {
  std::vector<std::string> tokens;
  for (const std::int32_t id : wordpiece.encode(word)) tokens.push_back(wordpiece.vocabulary().token(id));
  return tokens;
}

}  // namespace

TEST_CASE("Byte trie: finds what a map finds", "[text]") {
  std::mt19937 random(1);
  std::map<std::string, std::int32_t> map;
  for (int i = 0; i < 3000; ++i) {
    std::string key;
    for (auto n = 1 + random() % 6; n > 0; --n) key += static_cast<char>(random() % (i % 2 == 0 ? 256 : 4));
    map[key] = i;
  }
  const ByteTrie trie({map.begin(), map.end()});
  std::size_t wrong = 0;
  for (const auto& [key, value] : map) {
    if (trie.find(key) != value) ++wrong;
    for (const std::string& other : {key + "a", key.substr(1), key.substr(0, key.size() - 1)}) {
      const auto it = map.find(other);
      if (trie.find(other) != (it == map.end() ? ByteTrie::kNoValue : it->second)) ++wrong;
    }
  }
  CHECK(wrong == 0);
  CHECK(ByteTrie().find("a") == ByteTrie::kNoValue);
  CHECK(trie.find("") == ByteTrie::kNoValue);
}

TEST_CASE("Vocabulary: the line is the id, white space at its end does not count", "[text]") {
  const TemporaryFolder folder;
  const auto path = folder.write("vocab.txt", "[PAD]\n[UNK] \t\nsatu\r\n\n dua\u3000\ntiga\u00a0\u2028\n\u00e9");
  const Vocabulary vocabulary = Vocabulary::load(path);
  CHECK(vocabulary.tokens() == std::vector<std::string>{"[PAD]", "[UNK]", "satu", "", " dua", "tiga", "\u00e9"});
  CHECK(vocabulary.size() == 7);
  CHECK(vocabulary.find("satu") == 2);
  CHECK(vocabulary.find("\u00e9") == 6);
  CHECK_FALSE(vocabulary.find("sat").has_value());
  CHECK_FALSE(vocabulary.find("").has_value());
  CHECK(vocabulary.token(4) == " dua");
  CHECK_THROWS_WITH(vocabulary.token(7), "[Vocabulary] id must be in [0, 7) but is 7");
  CHECK_THROWS_AS(vocabulary.token(-1), ValueError);
}

TEST_CASE("Vocabulary: of a token that comes twice the last line counts", "[text]") {
  const TemporaryFolder folder;
  const Vocabulary vocabulary = Vocabulary::load(folder.write("vocab.txt", "a\nb\na\n"));
  CHECK(vocabulary.size() == 3);
  CHECK(vocabulary.find("a") == 2);
  CHECK(vocabulary.token(0) == "a");
}

TEST_CASE("Vocabulary: the rules of Python end lines as it does and take nothing else away", "[text]") {
  const TemporaryFolder folder;
  const auto path = folder.write("vocab.txt", "[PAD]\r\n[UNK] \rsatu\t\n\n dua\u3000\r\rtiga");
  const Vocabulary vocabulary = Vocabulary::load(path, TextRules::kPython);
  CHECK(vocabulary.tokens() == std::vector<std::string>{"[PAD]", "[UNK] ", "satu\t", "", " dua\u3000", "", "tiga"});
  CHECK(vocabulary.distinct_tokens() == 6);
}

TEST_CASE("Vocabulary: a file that was loaded is saved byte by byte", "[text]") {
  const TemporaryFolder folder;
  const std::string bytes = "[PAD]\r\n[UNK] \n\na\na\u00a0\nlast";
  const Vocabulary vocabulary = Vocabulary::load(folder.write("vocab.txt", bytes));
  CHECK(vocabulary.distinct_tokens() == 5);
  vocabulary.save(folder.path() / "copy.txt");
  CHECK(read_text_file((folder.path() / "copy.txt").string()) == bytes);
}

TEST_CASE("WordPiece: another prefix, or none, marks the inside of a word", "[text]") {
  const Vocabulary vocabulary = Vocabulary::from_tokens({"[UNK]", "a", "b", "@@b", "##b"});
  CHECK(WordPiece(vocabulary, 0, 100, "@@").encode("ab") == std::vector<std::int32_t>{1, 3});
  CHECK(WordPiece(vocabulary, 0, 100, "").encode("ab") == std::vector<std::int32_t>{1, 2});
  CHECK(WordPiece(vocabulary, 0, 100, "~").encode("ab") == std::vector<std::int32_t>{0});
  CHECK(WordPiece(vocabulary, 0, 100, "~").encode("b") == std::vector<std::int32_t>{2});
  CHECK(WordPiece(vocabulary, 0, 0).encode("b") == std::vector<std::int32_t>{0});
}

TEST_CASE("Vocabulary: what is saved is loaded again", "[text]") {
  const TemporaryFolder folder;
  const Vocabulary vocabulary = Vocabulary::from_tokens({"[UNK]", "a", "##\u00e9", "\u6f22", "", "\U0001F600"});
  vocabulary.save(folder.path() / "vocab.txt");
  CHECK(Vocabulary::load(folder.path() / "vocab.txt").tokens() == vocabulary.tokens());
  CHECK_THROWS_AS(vocabulary.save(folder.path() / "absent" / "vocab.txt"), IoError);
}

TEST_CASE("Vocabulary: a broken file is named with its line", "[text]") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(Vocabulary::load(folder.path() / "absent.txt"), IoError);
  CHECK_THROWS_WITH(Vocabulary::load(folder.path() / "absent.txt"), Contains("absent.txt: cannot open"));
  CHECK_THROWS_AS(Vocabulary::load(folder.path()), IoError);

  struct Case {
    std::string bytes;
    std::int64_t line;
    std::string message;
  };
  const std::vector<Case> cases = {{"", 0, "empty"},
                                   {"a\nb\n\xFF\n", 3, "byte 0 of the line"},
                                   {"a\nb\xC3", 2, "byte 1 of the line"},
                                   {"a\n\xC3\nb\n", 2, "UTF-8"},
                                   {"a\nb\nc\0d\n"s, 3, "NUL"},
                                   {"\0"s, 1, "NUL"}};
  for (const Case& c : cases) {
    const auto path = folder.write("vocab.txt", c.bytes);
    try {
      Vocabulary::load(path);
      FAIL("no error for line " << c.line);
    } catch (const FormatError& error) {
      CHECK(error.line() == c.line);
      CHECK(error.path() == path.string());
      CHECK_THAT(error.what(), Contains(c.message) && Contains("vocab.txt"));
    }
  }
}

TEST_CASE("Vocabulary: a token that vocab.txt cannot hold is refused", "[text]") {
  for (const std::string& token : {"a\nb"s, "a\0b"s, "a "s, "a\r"s, "a\u3000"s, "\xFF"s}) {
    CHECK_THROWS_AS(Vocabulary::from_tokens({"[UNK]", token}), ValueError);
  }
}

TEST_CASE("WordPiece: the longest token first, and [UNK] for the whole word where none fits", "[text]") {
  const WordPiece wordpiece(Vocabulary::from_tokens({"[UNK]", "ba", "##na", "##nan", "b", "##a", "makan", "##an", "##",
                                                     "\u6f22", "##\u6f22", "\u00e9", "##x##y", "##ba"}),
                            0);
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {"", {}},
      {"ba", {"ba"}},
      {"bana", {"ba", "##na"}},
      {"banana", {"ba", "##nan", "##a"}},  // greedy: "##nan" hides "##na" "##na"
      {"banan", {"ba", "##nan"}},
      {"nana", {"[UNK]"}},  // "na" starts no word
      {"bz", {"[UNK]"}},
      {"zb", {"[UNK]"}},
      {"makanan", {"makan", "##an"}},
      {"\u6f22\u6f22", {"\u6f22", "##\u6f22"}},
      {"\u00e9", {"\u00e9"}},
      {"\u00ea", {"[UNK]"}},  // shares its first byte with a token
      {"bx##y", {"b", "##x##y"}},
      {"##ba", {"##ba"}}};  // a word may look like a token from inside a word
  for (const auto& [word, expected] : cases) {
    INFO(word);
    CHECK(pieces(wordpiece, word) == expected);
  }
  const WordPiece without_inside(Vocabulary::from_tokens({"[UNK]", "ba", "b"}), 0);
  CHECK(pieces(without_inside, "ba") == std::vector<std::string>{"ba"});
  CHECK(pieces(without_inside, "bab") == std::vector<std::string>{"[UNK]"});
}

TEST_CASE("WordPiece: a word of 100 code points is cut, one of 101 is [UNK]", "[text]") {
  const WordPiece wordpiece(Vocabulary::from_tokens({"[UNK]", "a", "##a", "\u6f22", "##\u6f22"}), 0);
  for (const std::string& character : {"a"s, "\u6f22"s}) {
    std::string word;
    for (int i = 0; i < 100; ++i) word += character;
    CHECK(wordpiece.encode(word).size() == 100);
    CHECK(wordpiece.encode(word + character) == std::vector<std::int32_t>{0});
  }
}

}  // namespace vocabulary_test
