#include <tempa/metrics/class_weights.hpp>
#include <tempa/metrics/regression.hpp>

#include "metrics/metrics_fixture.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

namespace regression_test {

using namespace tempa;
using Values = std::vector<double>;

namespace {

nlohmann::json regression_fixture() {
  std::ifstream in(fixture_path("metrics/regression.json"));
  return nlohmann::json::parse(in);
}

// Sums of up to 11 doubles in another order: some roundings of 1.1e-16 each.
void check_close(double value, double expected) {
  if (std::isnan(expected)) {
    CHECK(std::isnan(value));
  } else {
    CHECK(std::abs(value - expected) <= 1e-14 * std::max(1.0, std::abs(expected)));
  }
}

}  // namespace

TEST_CASE("Errors and correlations are those of scikit-learn and SciPy", "[metrics]") {
  const auto cases = regression_fixture().at("cases");
  REQUIRE(cases.size() == 30);
  for (const auto& c : cases) {
    const Values y = c.at("y"), p = c.at("p");
    CAPTURE(y, p);
    check_close(mean_squared_error(y, p), c.at("mse"));
    check_close(mean_absolute_error(y, p), c.at("mae"));
    check_close(pearson_correlation(y, p), number_of(c.at("pearson")));
    check_close(spearman_correlation(y, p), number_of(c.at("spearman")));
    CHECK(average_ranks(p) == c.at("ranks").get<Values>());
  }
}

TEST_CASE("Correlations are NaN where there is nothing to correlate", "[metrics]") {
  const Values one{1}, other{2}, rising{1, 2, 3}, nan{1, std::nan(""), 3};
  CHECK(std::isnan(pearson_correlation(one, other)));
  CHECK(std::isnan(spearman_correlation(one, other)));
  CHECK(std::isnan(pearson_correlation(rising, nan)));
  CHECK(std::isnan(spearman_correlation(nan, rising)));
}

TEST_CASE("Errors and correlations: sizes that cannot be are typed errors", "[metrics]") {
  const Values two{1, 2}, one{1}, none;
  for (const auto f : {mean_squared_error, mean_absolute_error, pearson_correlation, spearman_correlation}) {
    CHECK_THROWS_AS(f(two, one), ShapeError);
    CHECK_THROWS_AS(f(none, none), ValueError);
  }
}

TEST_CASE("balanced_class_weights are scikit-learn's", "[metrics]") {
  const auto fixture = regression_fixture().at("class_weights");
  const std::vector<std::int32_t> labels = fixture.at("labels");
  CHECK(balanced_class_weights(labels, 3) == fixture.at("weights").get<Values>());
  const auto with_absent = balanced_class_weights(std::vector<std::int32_t>{0, 0, 2}, 3);
  CHECK(with_absent == Values{0.5, 0.0, 1.0});
  CHECK_THROWS_AS(balanced_class_weights(labels, 2), ValueError);
}

}  // namespace regression_test
