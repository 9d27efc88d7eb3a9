#include <tempa/data/dataset.hpp>
#include <tempa/data/split.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>
#include <vector>

namespace dataset_test {

using namespace tempa;

namespace {

// A dataset of somebody else's: nothing is stored and nothing inherited.
struct Squares {
  std::size_t size() const { return 10; }
  Index operator[](Index row) const { return row * row; }
};
struct NoSize {
  int operator[](Index) const { return 0; }
};
static_assert(Dataset<Squares> && Dataset<std::vector<TextExample>> && Dataset<Subset<Squares>>);
static_assert(!Dataset<NoSize> && !Dataset<int>);
static_assert(std::same_as<ExampleOf<std::vector<TextExample>>, TextExample>);

std::vector<TextExample> labelled(const std::vector<std::int32_t>& labels) {
  std::vector<TextExample> examples;
  for (const std::int32_t label : labels) examples.push_back({.encoding = {{1, 2}, {0, 0}}, .label = label});
  return examples;
}

}  // namespace

TEST_CASE("Subset shows the chosen rows of a dataset, borrowed or owned", "[data]") {
  const Squares squares;
  const Subset borrowed(squares, {3, 1, 3});
  CHECK(borrowed.size() == 3);
  CHECK(borrowed[0] == 9);
  CHECK(borrowed[2] == 9);
  const Subset owned(labelled({4, 5, 6}), {2});
  CHECK(owned[0].label == 6);
  const Subset nested(borrowed, {1});
  CHECK(nested[0] == 1);
  CHECK_THROWS_AS(Subset(squares, {10}), ValueError);
  CHECK_THROWS_WITH(Subset(squares, {-1}), "[Subset] expected rows from 0 to 9 but got -1");
}

TEST_CASE("split_sizes add up and follow the largest remainders", "[data]") {
  struct Case {
    Index count;
    std::vector<double> ratios;
    std::vector<Index> sizes;
  };
  for (const Case& c :
       {Case{100, {8, 1, 1}, {80, 10, 10}}, Case{11, {8, 1, 1}, {9, 1, 1}}, Case{5, {8, 1, 1}, {4, 1, 0}},
        Case{3, {0.5, 0.5}, {2, 1}}, Case{0, {1}, {0}}, Case{7, {0, 1}, {0, 7}}, Case{1, {1, 1, 1, 1}, {1, 0, 0, 0}}})
    CHECK(split_sizes(c.count, c.ratios) == c.sizes);
  const double infinity = std::numeric_limits<double>::infinity();
  for (const std::vector<double>& bad : {std::vector<double>{}, {0.0, 0.0}, {1.0, -0.1}, {infinity}, {std::nan("")}})
    CHECK_THROWS_AS(split_sizes(10, bad), ValueError);
  CHECK_THROWS_AS(split_sizes(-1, std::vector<double>{1.0}), ValueError);
}

TEST_CASE("random_split: every row is in one part, and the seed alone decides in which", "[data]") {
  const Squares squares;
  const auto [train, valid, test] = random_split(squares, {8, 1, 1}, 42);
  CHECK(train.size() == 8);
  CHECK(valid.size() == 1);
  CHECK(test.size() == 1);
  std::vector<Index> rows = train.rows();
  rows.insert(rows.end(), valid.rows().begin(), valid.rows().end());
  rows.insert(rows.end(), test.rows().begin(), test.rows().end());
  CHECK_FALSE(std::is_sorted(rows.begin(), rows.end()));
  CHECK(std::set<Index>(rows.begin(), rows.end()).size() == 10);
  CHECK(train.rows() == random_split(squares, {8, 1, 1}, 42)[0].rows());
  CHECK(train.rows() != random_split(squares, {8, 1, 1}, 43)[0].rows());
  CHECK_THROWS_AS(random_split(squares, {1.0, -1.0}, 42), ValueError);
}

TEST_CASE("random_split of a temporary keeps it alive", "[data]") {
  const auto [first, second] = random_split(labelled({0, 1, 2, 3}), {1, 1}, 7);
  std::set<std::int32_t> labels;
  for (Index i = 0; i < 2; ++i) {
    labels.insert(*first[i].label);
    labels.insert(*second[i].label);
  }
  CHECK(labels == std::set<std::int32_t>{0, 1, 2, 3});
}

TEST_CASE("stratified_split gives every part the same share of each class", "[data]") {
  std::vector<std::int32_t> labels(60, 0);
  labels.resize(90, 1);
  labels.resize(100, 2);
  const auto examples = labelled(labels);
  const auto parts = stratified_split(examples, {8, 1, 1}, 3);
  std::set<Index> rows;
  const std::vector<std::vector<Index>> expected{{48, 24, 8}, {6, 3, 1}, {6, 3, 1}};
  for (std::size_t part = 0; part < 3; ++part) {
    std::vector<Index> counts(3, 0);
    for (Index i = 0; i < parts[part].size(); ++i) ++counts[static_cast<std::size_t>(*parts[part][i].label)];
    CHECK(counts == expected[part]);
    CHECK_FALSE(std::is_sorted(parts[part].rows().begin(), parts[part].rows().end()));
    rows.insert(parts[part].rows().begin(), parts[part].rows().end());
  }
  CHECK(rows.size() == 100);
  CHECK(parts[0].rows() == stratified_split(examples, {8, 1, 1}, 3)[0].rows());
  CHECK(parts[0].rows() != stratified_split(examples, {8, 1, 1}, 4)[0].rows());

  const auto [odd, even] = stratified_split(Squares{}, {1, 1}, 0, [](Index square) { return square % 2; });
  CHECK(odd.size() + even.size() == 10);
  CHECK(odd.size() == 6);  // each class has 5 rows, and the first part gets the odd one of both
}

TEST_CASE("stratified_split: an example without a label, or impossible ratios, are a ValueError", "[data]") {
  auto examples = labelled({0, 1});
  CHECK_THROWS_AS(stratified_split(examples, {0.0, 0.0}, 0), ValueError);
  examples[1].label.reset();
  CHECK_THROWS_AS(stratified_split(examples, {1, 1}, 0), ValueError);
}

}  // namespace dataset_test
