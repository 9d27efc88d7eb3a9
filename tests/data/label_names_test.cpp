#include <tempa/core/error.hpp>
#include <tempa/data/label_names.hpp>
#include <tempa/data/labels.hpp>
#include <tempa/data/tagged_sentences.hpp>

#include "support/catch.hpp"
#include "support/thrown.hpp"

#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace label_names_test {

using namespace tempa;
using Names = std::vector<std::string>;

TEST_CASE("Label names: exact, else without regard to case and to white space around them", "[data]") {
  const Names names{"POSITIVE", "Straße", "Élan", "so so", "ΣΟΦΟΣ"};
  const LabelNames known(names);
  const auto number = [&](const std::string& label) { return known.find(label).value_or(-1); };
  CHECK(number("POSITIVE") == 0);
  CHECK(number("positive") == 0);
  CHECK(number(" Positive\t") == 0);
  CHECK(number("\u3000positive\u00a0") == 0);
  CHECK(number("STRASSE") == 1);
  CHECK(number("e\u0301lan") == 2);  // an accent of its own
  CHECK(number("ÉLAN") == 2);
  CHECK(number("So So") == 3);
  CHECK(number("soso") == -1);
  CHECK(number("so  so") == -1);
  CHECK(number("σοφος") == 4);
  CHECK(number("σοφοσ") == 4);
  CHECK(number("") == -1);
  CHECK(number("\xff") == -1);
}

TEST_CASE("Label names: what could mean several is none of them, unless it is spelt like one", "[data]") {
  const Names names{"us", "US", "uk", "same", "same", "\xff"};
  const LabelNames known(names);
  CHECK(known.find("us") == 0);
  CHECK(known.find("US") == 1);
  CHECK(known.find("Us") == std::nullopt);
  CHECK(known.is_ambiguous("Us"));
  CHECK_FALSE(known.is_ambiguous("us"));
  CHECK(known.find("UK") == 2);
  CHECK(known.find("same") == std::nullopt);
  CHECK(known.is_ambiguous("same"));
  CHECK(known.find("\xff") == 5);
  CHECK_FALSE(known.is_alone("us"));
  CHECK(known.is_alone("UK"));
  CHECK(known.is_alone("nobody"));
  CHECK(LabelNames(Names{}).find("") == std::nullopt);
}

TEST_CASE("Label names: tables and tags spelt in another way mean the same classes", "[data]") {
  const Names names{"bad", "good"};
  const auto table = [](const std::string& labels, const std::string& name = "t.tsv") {
    std::istringstream in("x\t" + labels + "\n");
    DelimitedReader reader(in, name, {});
    return read_text_table(reader, {.text = 0, .labels = {1}});
  };
  CHECK(with_classes(table("Good"), names).labels == std::vector<std::int32_t>{1});
  CHECK(with_label_sets(table("BAD; Good "), names, ";").targets == std::vector<std::vector<float>>{{1, 1}});
  CHECK(thrown<FormatError>([&] { with_classes(table("ugly"), names); }) ==
        "t.tsv:1: unknown label \"ugly\": expected one of bad, good");
  const Names cases{"us", "US"};
  CHECK(thrown<FormatError>([&] { with_classes(table("Us"), cases); }) ==
        "t.tsv:1: ambiguous label \"Us\": expected the spelling of one of us, US");

  std::istringstream in("Jokowi\tb-per\nke\to\n");
  const TaggedSentences sentences = read_tagged_sentences(in, "tags");
  const Names tags{"O", "B-PER"};
  CHECK(tag_classes(sentences, tags) == std::vector<std::vector<std::int32_t>>{{1, 0}});
  CHECK(with_tags_of(sentences, tags).tags() == std::vector<Names>{{"B-PER", "O"}});
  CHECK_THROWS_AS(with_tags_of(sentences, Names{"O"}), FormatError);
}

}  // namespace label_names_test
