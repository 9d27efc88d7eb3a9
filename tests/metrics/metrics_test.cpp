#include <tempa/core/error.hpp>
#include <tempa/metrics/metrics.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <string>

namespace metrics_test {

using namespace tempa;

TEST_CASE("Metrics: values by name, the line, and the names in an error", "[metrics]") {
  Metrics metrics{{.name = "loss", .value = 0.32225, .label = "LOSS", .digits = 4, .greater_is_better = false},
                  {.name = "recall", .value = 0.5},
                  {.name = "f1_macro", .value = 0.845, .label = "F1"}};
  CHECK(metrics["recall"] == 0.5);
  CHECK_FALSE(metrics.at("loss").greater_is_better);
  CHECK(metrics.line() == "LOSS:0.3222 F1:0.84");
  CHECK(metrics.names() == "loss, recall or f1_macro");
  metrics.add({.name = "pearson", .value = std::nan(""), .label = "PEARSON"});
  CHECK(metrics.line() == "LOSS:0.3222 F1:0.84 PEARSON:nan");
  CHECK_THROWS_AS(metrics.add({.name = "recall"}), ConfigError);
  try {
    static_cast<void>(metrics["f1"]);
    FAIL("nothing was thrown");
  } catch (const ConfigError& error) {
    CHECK(std::string(error.what()) == "[Metrics] metric must be loss, recall, f1_macro or pearson but is 'f1'");
  }
}

}  // namespace metrics_test
