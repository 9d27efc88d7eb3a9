// How many epochs there are where nobody says.
#include <tempa/core/error.hpp>
#include <tempa/train/training_length.hpp>

#include "support/catch.hpp"
#include "support/thrown.hpp"

namespace training_length_test {

using namespace tempa;

TEST_CASE("Epochs: few rows get as many as make enough steps, many rows the fewest", "[train]") {
  const auto scratch = TrainingLength::from_scratch(), tuning = TrainingLength::fine_tuning();
  CHECK(epochs_for(26, scratch) == 77);   // 810 rows in batches of 32: 2002 steps
  CHECK(epochs_for(26, tuning) == 20);    // 520 steps
  CHECK(epochs_for(344, scratch) == 10);  // SmSA: 11,000 rows
  CHECK(epochs_for(344, tuning) == 3);
  CHECK(epochs_for(1, scratch) == 100);
  CHECK(epochs_for(1, tuning) == 20);
  CHECK(epochs_for(100000, scratch) == 10);
  CHECK(epochs_for(40, scratch) == 50);  // exactly 2000 steps
  CHECK(epochs_for(41, scratch) == 49);
  CHECK(epochs_for(7, {.steps = 20, .min_epochs = 1, .max_epochs = 5}) == 3);
  CHECK(thrown<ValueError>([] { epochs_for(0, TrainingLength{}); }) ==
        "[epochs_for] steps_per_epoch must be at least 1 but is 0");
}

}  // namespace training_length_test
