#include <tempa/data/concat_dataset.hpp>

#include "support/catch.hpp"

#include <vector>

namespace concat_dataset_test {

using namespace tempa;

namespace {

struct Numbers {
  int first;
  Index size() const { return 2; }
  int operator[](Index row) const { return first + static_cast<int>(row); }
  Index length(Index row) const { return 10 * (first + row); }
};

template <typename D>
concept HasLength = requires(const D& data) {
  data.length(0);
};

}  // namespace

TEST_CASE("ConcatDataset: the rows of the first, then of the second", "[data]") {
  const Numbers lent{5};
  const ConcatDataset data(lent, Numbers{8});
  REQUIRE(data.size() == 4);
  std::vector<int> rows;
  for (Index row = 0; row < data.size(); ++row) rows.push_back(data[row]);
  CHECK(rows == std::vector<int>{5, 6, 8, 9});
  CHECK(data.length(1) == 60);
  CHECK(data.length(2) == 80);
}

TEST_CASE("ConcatDataset: containers have no lengths, and none of them need be filled", "[data]") {
  std::vector<int> growing;
  const ConcatDataset data(growing, std::vector<int>{1});
  CHECK(data.size() == 1);
  growing = {3, 4};
  CHECK(data.size() == 3);
  CHECK(data[1] == 4);
  CHECK(data[2] == 1);
  STATIC_REQUIRE_FALSE(HasLength<ConcatDataset<std::vector<int>, std::vector<int>>>);
  STATIC_REQUIRE(HasLength<ConcatDataset<Numbers, Numbers>>);
}

}  // namespace concat_dataset_test
