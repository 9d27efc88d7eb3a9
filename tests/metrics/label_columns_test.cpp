#include <tempa/metrics/label_columns.hpp>

#include "metrics/metrics_fixture.hpp"
#include "support/catch.hpp"
#include "support/thrown.hpp"

namespace label_columns_test {

using namespace tempa;
using Classes = std::vector<std::int32_t>;

namespace {

/// Rows of one digit a column, end to end.
Classes rows_of(const nlohmann::json& rows) {
  Classes classes;
  for (const std::string digits : rows)
    for (const std::int32_t k : classes_of(digits)) classes.push_back(k);
  return classes;
}

}  // namespace

TEST_CASE("label_columns_scores are scikit-learn's of each column, and their means", "[metrics][scikit-learn]") {
  const auto cases = metrics_cases("columns");
  REQUIRE(cases.size() >= 8);
  for (const auto& c : cases) {
    CAPTURE(c.dump());
    const LabelColumnsScores scores =
        label_columns_scores(rows_of(c.at("y")), rows_of(c.at("p")), c.at("classes").get<std::vector<Index>>());
    REQUIRE(scores.columns.size() == c.at("columns").size());
    for (std::size_t a = 0; a < scores.columns.size(); ++a) {
      CHECK(scores.columns[a].precision_macro == c.at("columns").at(a).at(0).get<double>());
      CHECK(scores.columns[a].recall_macro == c.at("columns").at(a).at(1).get<double>());
      CHECK(scores.columns[a].f1_macro == c.at("columns").at(a).at(2).get<double>());
    }
    // The sum of at most 6 terms, each rounded.
    CHECK(scores.mean.precision_macro == Approx(c.at("mean").at(0).get<double>()).epsilon(1e-15));
    CHECK(scores.mean.recall_macro == Approx(c.at("mean").at(1).get<double>()).epsilon(1e-15));
    CHECK(scores.mean.f1_macro == Approx(c.at("mean").at(2).get<double>()).epsilon(1e-15));
    CHECK(scores.pooled.precision_macro == c.at("pooled").at(0).get<double>());
    CHECK(scores.pooled.recall_macro == c.at("pooled").at(1).get<double>());
    CHECK(scores.pooled.f1_macro == c.at("pooled").at(2).get<double>());
    CHECK(scores.mean.accuracy == c.at("accuracy").get<double>());
    CHECK(scores.row_accuracy == c.at("row_accuracy").get<double>());
  }
}

TEST_CASE("label_columns_scores: impossible input is a typed error", "[metrics]") {
  const std::vector<Index> classes{2, 3};
  CHECK(thrown<ShapeError>([&] {
          label_columns_scores(Classes{0, 1, 0}, Classes{0, 1, 0}, classes);
        }) == "[label_columns_scores] expected labels and predictions of 2 columns but has 3 and 3");
  CHECK_THROWS_AS(label_columns_scores(Classes{0, 1}, Classes{0}, classes), ShapeError);
  CHECK_THROWS_AS(label_columns_scores(Classes{}, Classes{}, {}), ShapeError);
  CHECK_THROWS_AS(label_columns_scores(Classes{}, Classes{}, classes), ValueError);
  CHECK_THROWS_AS(label_columns_scores(Classes{2, 0}, Classes{0, 0}, classes), ValueError);
}

}  // namespace label_columns_test
