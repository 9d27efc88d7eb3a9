#include <tempa/data/detail/matched_labels.hpp>

#include "support/catch.hpp"
#include "support/thrown.hpp"

#include <string>
#include <vector>

namespace matched_labels_test {

using namespace tempa;
using Names = std::vector<std::string>;
using Rows = std::vector<Index>;

namespace {
constexpr Index kNew = MatchedLabels::kNone;
}

TEST_CASE("Matched labels: names keep their rows, new ones get new rows, others are dropped", "[data]") {
  const Names known{"good", "bad", "plain"}, given{"bad", "good", "mixed"};
  const MatchedLabels as_given = match_labels(known, given);
  CHECK(as_given.labels == given);
  CHECK(as_given.rows == Rows{1, 0, kNew});
  CHECK(as_given.given == Rows{0, 1, 2});
  CHECK(as_given.summary() == "labels: kept bad, good; new mixed; dropped plain");

  const MatchedLabels model = match_labels(known, given, {.order = LabelOrder::kModel});
  CHECK(model.labels == Names{"good", "bad", "mixed"});
  CHECK(model.rows == Rows{0, 1, kNew});
  CHECK(model.given == Rows{1, 0, 2});
  CHECK(model.dropped == Names{"plain"});

  const MatchedLabels kept = match_labels(known, given, {.order = LabelOrder::kModel, .keep = true});
  CHECK(kept.labels == Names{"good", "bad", "plain", "mixed"});
  CHECK(kept.rows == Rows{0, 1, 2, kNew});
  CHECK(kept.given == Rows{1, 0, kNew, 2});
  CHECK(kept.summary() == "labels: kept good, bad, plain (not in the data); new mixed");
  CHECK(match_labels(known, given, {.keep = true}).labels == Names{"bad", "good", "mixed", "plain"});

  CHECK(match_labels(known, known).summary() == "labels: kept good, bad, plain");
  CHECK(match_labels(known, Names{"a", "b"}).summary() == "labels: kept none; new a, b; dropped good, bad, plain");
}

TEST_CASE("Matched labels: case and white space do not matter where they mean one label only", "[data]") {
  const Names known{"POSITIVE", "NEGATIVE"}, given{"negative", " Positive"};
  const MatchedLabels as_given = match_labels(known, given);
  CHECK(as_given.labels == given);
  CHECK(as_given.rows == Rows{1, 0});
  const MatchedLabels model = match_labels(known, given, {.order = LabelOrder::kModel});
  CHECK(model.labels == known);
  CHECK(model.rows == Rows{0, 1});
  CHECK(model.given == Rows{1, 0});
  CHECK(model.summary() == "labels: kept POSITIVE ( Positive in the data), NEGATIVE (negative in the data)");

  // Two labels on either side that differ in case only: by the exact name alone.
  CHECK(match_labels(Names{"us", "US", "uk"}, Names{"Us", "UK"}).rows == Rows{kNew, 2});
  CHECK(match_labels(Names{"us", "US"}, Names{"US", "us"}).rows == Rows{1, 0});
  CHECK(match_labels(Names{"us"}, Names{"us", "US"}).rows == Rows{0, kNew});
  CHECK(match_labels(Names{"Us"}, Names{"us", "US"}).rows == Rows{kNew, kNew});
  const MatchedLabels all = match_labels(Names{"Us"}, Names{"us", "US"}, {.order = LabelOrder::kModel, .keep = true});
  CHECK(all.labels == Names{"Us", "us", "US"});
}

TEST_CASE("Matched labels: rows without names are taken by number or in order", "[data]") {
  const Names known = default_labels(3);
  CHECK(known == Names{"LABEL_0", "LABEL_1", "LABEL_2"});
  CHECK(are_default_labels(known));
  CHECK_FALSE(are_default_labels(Names{"LABEL_1", "LABEL_0"}));

  const MatchedLabels in_order = match_labels(known, Names{"bad", "good", "so"}, {.order = LabelOrder::kModel});
  CHECK(in_order.labels == Names{"bad", "good", "so"});
  CHECK(in_order.rows == Rows{0, 1, 2});
  CHECK(in_order.summary() == "labels: kept bad (LABEL_0 before), good (LABEL_1 before), so (LABEL_2 before)");

  const MatchedLabels numbers = match_labels(known, Names{"2", "0"}, {.order = LabelOrder::kModel});
  CHECK(numbers.labels == Names{"0", "2"});
  CHECK(numbers.rows == Rows{0, 2});
  CHECK(numbers.given == Rows{1, 0});
  CHECK(numbers.dropped == Names{"LABEL_1"});
  CHECK(match_labels(known, Names{"2", "0"}).rows == Rows{2, 0});
  CHECK(match_labels(known, Names{"2", "0"}, {.order = LabelOrder::kModel, .keep = true}).labels ==
        Names{"0", "1", "2"});
  CHECK(match_labels(known, Names{"1", "2", "3"}).rows == Rows{0, 1, 2});  // no number 3: in order
  CHECK(match_labels(known, Names{"1", "01", "2"}).rows == Rows{0, 1, 2});

  for (const bool keep : {false, true}) {  // nothing is known of these rows, and nothing is kept
    const MatchedLabels other = match_labels(known, Names{"bad", "good"}, {.order = LabelOrder::kModel, .keep = keep});
    CHECK(other.labels == Names{"bad", "good"});
    CHECK(other.rows == Rows{kNew, kNew});
    CHECK(other.summary() == "labels: kept none; new bad, good");
  }
  CHECK(match_labels(known, Names{"LABEL_2", "x", "label_0"}).rows == Rows{2, kNew, 0});  // one is named
  CHECK(match_labels(Names{"no", "yes"}, Names{"0", "1"}).rows == Rows{kNew, kNew});      // names are no numbers
}

TEST_CASE("Matched labels: the one value of a regression stays, whatever it is called", "[data]") {
  CHECK(match_labels(Names{"stars"}, Names{"grade"}, {.same_value = true}).rows == Rows{0});
  CHECK(match_labels(Names{"stars"}, Names{"grade"}, {.same_value = true}).labels == Names{"grade"});
  CHECK(match_labels(Names{"stars"}, Names{"grade"}).rows == Rows{kNew});
  CHECK(match_labels(Names{"a", "b"}, Names{"c", "b"}, {.same_value = true}).rows == Rows{kNew, 1});
}

TEST_CASE("Matched labels: a label that is there twice is an error", "[data]") {
  CHECK(thrown<ConfigError>([] {
          match_labels(Names{"same", "same", "c"}, Names{"c"});
        }) == "[match_labels] the model's labels must differ but 'same' is there twice");
  CHECK(thrown<ConfigError>([] {
          match_labels(Names{"c"}, Names{"d", "d"});
        }) == "[match_labels] the data's labels must differ but 'd' is there twice");
  CHECK_THROWS_AS(match_labels(default_labels(3), Names{"LABEL_5", "0", "0"}, {.keep = true}), ConfigError);
}

TEST_CASE("Matched label columns: column by column, and in each label by label", "[data]") {
  const std::vector<LabelColumn> known{{"fuel", {"neg", "pos"}}, {"part", {"a"}}, {"Price", {"low", "high"}}};
  const std::vector<LabelColumn> given{{"price", {"High", "low", "none"}}, {"wifi", {"no", "yes"}}, {"fuel", {"pos"}}};
  const MatchedLabelColumns as_given = match_label_columns(known, given);
  CHECK(as_given.columns == given);
  CHECK(as_given.heads == Rows{2, kNew, 0});
  CHECK(as_given.labels[0].rows == Rows{1, 0, kNew});
  CHECK(as_given.labels[1].rows == Rows{kNew, kNew});
  CHECK(as_given.labels[2].rows == Rows{1});
  CHECK(as_given.dropped == Names{"part"});

  const MatchedLabelColumns model = match_label_columns(known, given, {.order = LabelOrder::kModel});
  CHECK(model.columns ==
        std::vector<LabelColumn>{{"fuel", {"pos"}}, {"Price", {"low", "high", "none"}}, {"wifi", {"no", "yes"}}});
  CHECK(model.heads == Rows{0, 2, kNew});
  CHECK(model.given == Rows{2, 0, 1});
  CHECK(model.summary() ==
        "labels: kept fuel=pos, Price=low, Price=high (High in the data); new Price=none, wifi=no, wifi=yes; dropped "
        "fuel=neg, the column part");
  CHECK(thrown<ConfigError>([&] { match_label_columns(known, given, {.keep = true}); }).find("there is none of part") !=
        std::string::npos);
  const std::vector<LabelColumn> both{given[0], given[2]}, two{known[0], known[2]};
  CHECK(match_label_columns(two, both, {.order = LabelOrder::kModel, .keep = true}).columns ==
        std::vector<LabelColumn>{{"fuel", {"neg", "pos"}}, {"Price", {"low", "high", "none"}}});
}

}  // namespace matched_labels_test
