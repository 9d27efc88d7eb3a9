#include <tempa/core/error.hpp>
#include <tempa/train/early_stopping.hpp>
#include <tempa/train/progress.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

namespace progress_test {

using namespace tempa;

TEST_CASE("progress: hands every element on and ends with a full line", "[train]") {
  std::ostringstream out;
  const std::vector<int> items{1, 2, 3};
  int sum = 0;
  for (const int item : progress(items, {.description = "train", .out = &out, .terminal = false})) sum += item;
  CHECK(sum == 6);
  CHECK(out.str().find("train 100%|####################| 3/3 [") == 0);
  CHECK(out.str().back() == '\n');
  CHECK(out.str().find('\r') == std::string::npos);
}

TEST_CASE("ProgressBar: a terminal's line is redrawn in place and shows the postfix", "[train]") {
  std::ostringstream out;
  {
    ProgressBar bar(4, {.description = "x", .out = &out, .terminal = true});
    bar.advance(2);
    bar.set_postfix("LOSS:0.5000");
    CHECK(bar.line().find("x  50%|##########          | 2/4 [00:00<00:00") == 0);
    CHECK(bar.line().find("LOSS:0.5000") != std::string::npos);
  }
  CHECK(out.str().front() == '\r');
  CHECK(out.str().back() == '\n');
}

TEST_CASE("ProgressBar: off a terminal a loop of many steps prints few lines", "[train]") {
  std::ostringstream out;
  {
    ProgressBar bar(100000, {.out = &out, .terminal = false, .plain_interval_s = 3600});
    for (int i = 0; i < 100000; ++i) bar.advance();
  }
  CHECK(out.str().find('\n') == out.str().size() - 1);
}

TEST_CASE("ProgressBar: nothing to do, and nothing to write to", "[train]") {
  std::ostringstream out;
  { ProgressBar bar(0, {.out = &out, .terminal = false}); }
  CHECK(out.str().find("100%") != std::string::npos);
  ProgressBar silent(3, {.out = nullptr});
  silent.advance(3);
  CHECK(silent.done() == 3);
}

TEST_CASE("EarlyStopping: stops after patience evaluations without improvement", "[train]") {
  EarlyStopping watch({.patience = 2, .min_delta = 0.01});
  CHECK(watch.update(0.50));
  CHECK(watch.update(0.60));
  CHECK_FALSE(watch.update(0.605));
  CHECK_FALSE(watch.should_stop());
  CHECK_FALSE(watch.update(std::numeric_limits<double>::quiet_NaN()));
  CHECK(watch.should_stop());
  CHECK(watch.best() == 0.60);
}

TEST_CASE("EarlyStopping: a loss is better when it is smaller", "[train]") {
  EarlyStopping watch({.patience = 1, .greater_is_better = false});
  CHECK(watch.update(1.0));
  CHECK(watch.update(0.9));
  CHECK_FALSE(watch.update(0.9));
  CHECK(watch.should_stop());
  CHECK_THROWS_AS(EarlyStopping({.patience = 0}), ConfigError);
  CHECK_THROWS_AS(EarlyStopping({.min_delta = -1.0}), ConfigError);
}

}  // namespace progress_test
