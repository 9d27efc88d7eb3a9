// MeCab: its arguments, finding and checking a dictionary, errors.
#include <tempa/text/japanese/detail/mecab.hpp>
#include <tempa/text/japanese/detail/mecab_dictionary.hpp>
#include <tempa/text/japanese/japanese_tokenizer.hpp>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/ipadic.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

namespace mecab_test {

using namespace tempa;
using Catch::Matchers::Contains;

TEST_CASE("MeCab: arguments are split at spaces outside of quotation marks", "[text]") {
  using Words = std::vector<std::string>;
  CHECK(detail::split_arguments("") == Words{});
  CHECK(detail::split_arguments("  -u  a.dic\t-p ") == Words{"-u", "a.dic", "-p"});
  CHECK(detail::split_arguments("-d \"a b\" -r 'c \"d'e ''") == Words{"-d", "a b", "-r", "c \"de", ""});
  Words arguments{"-u", "x", "-d", "first", "-rfile", "--dicdir=second", "-p"};
  CHECK(detail::take_dictionary_argument(arguments) == "second");
  CHECK(arguments == Words{"-u", "x", "-p"});
}

TEST_CASE("MeCab: a dictionary that is missing or broken is named, with the folders tried", "[text]") {
  const TemporaryFolder folder;
  const auto find = [](MecabOptions options) { return [options] { find_mecab_dictionary(options); }; };
  CHECK_THAT(thrown<ConfigError>(find({.dictionary_name = "naist"})),
             Contains("must be ipadic, unidic_lite or unidic"));
  CHECK_THAT(thrown<ConfigError>(find({.dictionary = folder.path()})),
             Contains("named by the option `dictionary`") && Contains("but lacks sys.dic"));
  for (const char* const name : {"matrix.bin", "char.bin", "unk.dic", "dicrc"}) folder.write(name, "");
  const auto open = find({.dictionary = folder.path()});
  folder.write("sys.dic", std::string(40, '\0'));
  CHECK_THAT(thrown<FormatError>(open), Contains("expected a MeCab dictionary but it has 40 bytes"));
  folder.write("sys.dic", std::string(100, '\0'));
  CHECK_THAT(thrown<FormatError>(open), Contains("it is none, or it is cut off"));
  const auto header = [&](std::uint32_t version, std::uint32_t contexts, std::uint32_t section, const char* charset) {
    std::string bytes(80, '\0');
    const auto put = [&](std::size_t index, std::uint32_t value) {
      for (std::size_t i = 0; i < 4; ++i) bytes[4 * index + i] = static_cast<char>((value >> (8 * i)) & 0xFFU);
    };
    put(0, 0xEF718F77U ^ 80U);
    put(1, version);
    put(3, 5);
    put(4, contexts);
    put(6, section);
    bytes.replace(40, std::string(charset).size(), charset);
    folder.write("sys.dic", bytes);
  };
  header(101, 2, 8, "UTF-8");
  CHECK_THAT(thrown<FormatError>(open), Contains("expected a dictionary of version 102 but it is 101"));
  header(102, 2, 9, "UTF-8");
  CHECK_THAT(thrown<FormatError>(open), Contains("do not add up"));
  header(102, 2, 8, "EUC-JP");
  CHECK_THAT(thrown<FormatError>(open), Contains("expected a dictionary in UTF-8 but it is in 'euc-jp'"));
  header(102, 2, 8, "utf8");
  CHECK(find_mecab_dictionary({.dictionary = folder.path()}).word_count == 5);
  CHECK_THAT(thrown<ConfigError>(find({.dictionary_name = "ipadic", .dictionary = folder.path()})),
             Contains("expected a dictionary ipadic") && Contains("is no ipadic (it has 2 contexts)"));
  CHECK(find_mecab_dictionary({.arguments = "-d " + folder.path().string()}).folder == folder.path());
  ::setenv("TEMPA_MECAB_DIC", folder.path().c_str(), 1);
  CHECK(find_mecab_dictionary({}).folder == folder.path());
  ::setenv("TEMPA_MECAB_DIC", (folder.path() / "none").c_str(), 1);
  CHECK_THAT(thrown<ConfigError>(find({})), Contains("named by TEMPA_MECAB_DIC"));
  ::unsetenv("TEMPA_MECAB_DIC");
  CHECK_THAT(thrown<ConfigError>(find({})), Contains("transformers before 4.45 takes ipadic"));
  const std::string tried = thrown<ConfigError>(find({.dictionary_name = "unidic_lite"}));
  CHECK_THAT(tried,
             Contains("found none in ") && Contains("/var/lib/mecab/dic/unidic-lite") && Contains("TEMPA_MECAB_DIC"));
}

TEST_CASE("MeCab: it refuses with its own words, and is missed with clear ones", "[text]") {
#if defined(TEMPA_WITH_MECAB)
  TEMPA_REQUIRE_IPADIC(dictionary);
  CHECK_THAT(thrown<ConfigError>([&] {
               Mecab({.dictionary_name = "ipadic", .dictionary = *dictionary, .arguments = "--no-such-option"});
             }),
             Contains("cannot open the dictionary " + dictionary->string()) && Contains("unrecognized option"));
  const Mecab mecab({.dictionary = *dictionary});
  CHECK(mecab.tokenize("令和元年 すもももももももものうち") ==
        std::vector<std::string>{"令", "和", "元年", "すもも", "も", "もも", "も", "もも", "の", "うち"});
  CHECK(mecab.tokenize("").empty());
#else
  CHECK_THAT(thrown<ConfigError>([] { Mecab(); }), Contains("this build has none (TEMPA_WITH_MECAB"));
  CHECK_THAT(thrown<ConfigError>([] {
               BertJapaneseTokenizer(Vocabulary::from_tokens({"[PAD]", "[UNK]", "[CLS]", "[SEP]"}),
                                     {.word_tokenizer = JapaneseWordTokenizer::kMecab});
             }),
             Contains("libmecab-dev"));
#endif
}

}  // namespace mecab_test
