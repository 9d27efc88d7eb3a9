#include <tempa/data/data_loader.hpp>

#include "support/catch.hpp"

#include <exception>
#include <set>
#include <string>
#include <vector>

namespace data_loader_test {

using namespace tempa;

namespace {

using Rows = std::vector<Index>;

// Row i has i + 1 tokens, all of them i.
std::vector<TextExample> numbered(std::int32_t count) {
  std::vector<TextExample> examples;
  for (std::int32_t i = 0; i < count; ++i)
    examples.push_back(
        {.encoding = {std::vector<std::int32_t>(static_cast<std::size_t>(i) + 1, i), {}}, .label = i % 3});
  return examples;
}

// A dataset that draws random numbers, as augmentation does, and fails at one row.
struct Drawing {
  Index count = 20;
  Index bad_row = -1;
  Index size() const { return count; }
  double operator[](Index row) const {
    if (row == bad_row) throw FormatError("reviews.tsv", row + 1, "broken");
    return static_cast<double>(row) + default_generator().uniform();
  }
};
struct Sum {
  double operator()(std::span<const double> values) const {
    double sum = default_generator().uniform();
    for (const double value : values) sum += value;
    return sum;
  }
};

template <typename Loader>
std::vector<Rows> rows_of_epoch(Loader& loader) {
  std::vector<Rows> rows;
  for (const auto& batch : loader) rows.push_back(batch.rows);
  return rows;
}

}  // namespace

TEST_CASE("DataLoader: batches in order, each begin a new epoch", "[data]") {
  const auto examples = numbered(5);
  DataLoader loader(examples, {.batch_size = 2});
  static_assert(std::same_as<decltype(loader)::BatchType, Batch>);
  CHECK(loader.size() == 3);
  CHECK(rows_of_epoch(loader) == std::vector<Rows>{{0, 1}, {2, 3}, {4}});
  CHECK(loader.position() == LoaderPosition{.epoch = 1, .batch = 0});
  Index tokens = 0;
  for (const auto& batch : loader) tokens += batch.tokens();
  CHECK(tokens == 15);

  DataLoader dropping(examples, {.batch_size = 2, .drop_last = true});
  CHECK(dropping.size() == 2);
  CHECK(rows_of_epoch(dropping) == std::vector<Rows>{{0, 1}, {2, 3}});
  DataLoader owning(numbered(1), {.batch_size = 2});
  CHECK(rows_of_epoch(owning) == std::vector<Rows>{{0}});
  DataLoader nothing(numbered(0));
  CHECK(nothing.size() == 0);
  CHECK(rows_of_epoch(nothing).empty());
  CHECK(nothing.position().epoch == 1);
}

TEST_CASE("DataLoader: shuffled epochs differ, and are the same for any number of workers", "[data]") {
  const auto examples = numbered(23);
  std::vector<std::vector<Rows>> expected;
  for (const auto& [group_by_length, tokens] : {std::pair<bool, Index>{false, 0}, {true, 0}, {false, 40}}) {
    for (const Index workers : {0, 1, 2, 5}) {
      DataLoader loader(examples, {.batch_size = 4,
                                   .shuffle = true,
                                   .seed = 11,
                                   .num_workers = workers,
                                   .prefetch_factor = 1 + workers % 3,
                                   .group_by_length = group_by_length,
                                   .tokens_per_batch = tokens});
      std::vector<std::vector<Rows>> epochs;
      for (int epoch = 0; epoch < 3; ++epoch) {
        epochs.push_back(rows_of_epoch(loader));
        std::set<Index> seen;
        for (const Rows& rows : epochs.back()) seen.insert(rows.begin(), rows.end());
        CHECK(seen.size() == 23);
      }
      CHECK(epochs[0] != epochs[1]);
      CHECK(epochs[1] != epochs[2]);
      if (workers == 0) expected = epochs;
      CHECK(epochs == expected);
    }
  }
}

TEST_CASE("DataLoader: what datasets and collate functions draw is the same for any number of workers, and private",
          "[data]") {
  manual_seed(99);
  const double next = Generator(99).uniform();
  std::vector<double> expected;
  for (const Index workers : {0, 1, 3}) {
    DataLoader loader(Drawing{}, {.batch_size = 3, .shuffle = true, .num_workers = workers}, Sum{});
    std::vector<double> sums;
    for (int epoch = 0; epoch < 2; ++epoch)
      for (const double sum : loader) sums.push_back(sum);
    CHECK(std::set<double>(sums.begin(), sums.end()).size() == sums.size());
    if (workers == 0) expected = sums;
    CHECK(sums == expected);
  }
  CHECK(default_generator().uniform() == next);
}

TEST_CASE("DataLoader: a row that cannot be read surfaces in the consumer, in its place, with its number", "[data]") {
  for (const Index workers : {0, 1, 4}) {
    DataLoader loader(Drawing{.bad_row = 13}, {.batch_size = 3, .num_workers = workers}, Sum{});
    Index batches = 0;
    try {
      for (const double sum : loader) {
        static_cast<void>(sum);
        ++batches;
      }
      FAIL("no error");
    } catch (const DataLoaderError& error) {
      CHECK(batches == 4);
      CHECK(error.row() == 13);
      CHECK(error.position() == LoaderPosition{.epoch = 0, .batch = 4});
      CHECK(std::string(error.what()) == "[DataLoader] row 13 (batch 4 of epoch 0): reviews.tsv:14: broken");
      CHECK_THROWS_AS(std::rethrow_if_nested(error), FormatError);
    }
    CHECK(loader.position() == LoaderPosition{.epoch = 0, .batch = 4});
    loader.set_position({.epoch = 2, .batch = 5});
    batches = 0;
    for (const double sum : loader) batches += sum > 0.0 ? 1 : 0;
    CHECK(batches == 2);
  }
}

TEST_CASE("DataLoader: a batch that cannot be collated surfaces with its rows", "[data]") {
  auto examples = numbered(12);
  examples[7].label.reset();
  for (const Index workers : {0, 2}) {
    DataLoader loader(examples, {.batch_size = 3, .num_workers = workers});
    try {
      rows_of_epoch(loader);
      FAIL("no error");
    } catch (const DataLoaderError& error) {
      CHECK(error.row() == -1);
      CHECK(std::string(error.what()).starts_with("[DataLoader] rows 6, 7, 8 (batch 2 of epoch 0): [collate] "));
      CHECK_THROWS_AS(std::rethrow_if_nested(error), ValueError);
    }
  }
  DataLoader whole(examples, {.batch_size = 12});
  CHECK_THROWS_WITH(rows_of_epoch(whole), Catch::Contains("rows 0, 1, 2, 3, 4, 5, 6, 7, … (batch 0"));
  DataLoader odd(Drawing{.count = 1}, {}, [](std::span<const double>) -> int { throw 42; });
  CHECK_THROWS_WITH(odd.begin(), "[DataLoader] row 0 (batch 0 of epoch 0): unknown exception");
}

TEST_CASE("DataLoader: leaving the loop early is clean, and the next loop is the next epoch", "[data]") {
  const auto examples = numbered(40);
  for (const Index workers : {0, 1, 4}) {
    DataLoader loader(examples, {.batch_size = 2, .shuffle = true, .num_workers = workers});
    std::vector<Rows> all;
    for (const auto& batch : loader) {
      all.push_back(batch.rows);
      if (all.size() == 3) break;
    }
    CHECK(loader.position() == LoaderPosition{.epoch = 0, .batch = 3});
    const auto second = rows_of_epoch(loader);
    CHECK(second.size() == 20);
    loader.set_epoch(0);
    const auto first = rows_of_epoch(loader);
    CHECK(std::vector<Rows>(first.begin(), first.begin() + 3) == all);
    CHECK(first != second);
  }
}

TEST_CASE("DataLoader: training goes on from a saved position with the batches that were left", "[data]") {
  const auto examples = numbered(21);
  const DataLoaderOptions options{.batch_size = 4, .shuffle = true, .seed = 5};
  DataLoader whole(examples, options);
  std::vector<std::pair<LoaderPosition, Rows>> steps;  // the position that is saved after each step, and the step
  for (int epoch = 0; epoch < 3; ++epoch)
    for (const auto& batch : whole) steps.emplace_back(whole.position(), batch.rows);
  REQUIRE(steps.size() == 18);
  CHECK(steps[5].first == LoaderPosition{.epoch = 0, .batch = 6});
  for (const Index workers : {0, 3}) {
    for (std::size_t saved = 0; saved < steps.size(); ++saved) {
      DataLoaderOptions resumed_options = options;
      resumed_options.num_workers = workers;
      DataLoader resumed(examples, resumed_options);
      resumed.set_position(steps[saved].first);
      CHECK(resumed.position() == steps[saved].first);
      std::vector<Rows> left;
      while (resumed.position().epoch < 3)
        for (const auto& batch : resumed) left.push_back(batch.rows);
      REQUIRE(left.size() == steps.size() - saved - 1);
      for (std::size_t i = 0; i < left.size(); ++i) CHECK(left[i] == steps[saved + 1 + i].second);
    }
  }
  CHECK_THROWS_AS(whole.set_position({.epoch = -1, .batch = 0}), ValueError);
  CHECK_THROWS_AS(whole.set_position({.epoch = 0, .batch = 7}), ValueError);
  CHECK_THROWS_AS(whole.set_position({.epoch = 0, .batch = -1}), ValueError);
}

TEST_CASE("DataLoader: own samplers, batch samplers, collate functions and batch types", "[data]") {
  struct Backwards {
    void set_epoch(Index) {}
    Index size() const { return 4; }
    std::vector<Index> indices() const { return {3, 2, 1, 0}; }
  };
  const auto examples = numbered(4);
  DataLoader backwards(examples, Backwards{}, {.batch_size = 3});
  CHECK(backwards.size() == 2);
  CHECK(rows_of_epoch(backwards) == std::vector<Rows>{{3, 2, 1}, {0}});
  DataLoader weighted(examples, WeightedRandomSampler({0, 0, 1, 0}, 3), {.batch_size = 2});
  CHECK(rows_of_epoch(weighted) == std::vector<Rows>{{2, 2}, {2}});
  DataLoader batches(examples, BatchSampler(SequentialSampler(4), 3));
  CHECK(rows_of_epoch(batches) == std::vector<Rows>{{0, 1, 2}, {3}});

  DataLoader padded(examples, {.batch_size = 2}, PaddedCollate{});
  std::vector<Index> widths;
  for (const PaddedBatch& batch : padded) widths.push_back(batch.ids.size(1));
  CHECK(widths == Rows{2, 4});
  DataLoader lengths(examples, {.batch_size = 3, .num_workers = 2}, [](std::span<const TextExample> some) {
    std::size_t tokens = 0;
    for (const TextExample& example : some) tokens += example.encoding.ids.size();
    return tokens;
  });
  std::vector<std::size_t> tokens;
  for (const std::size_t count : lengths) tokens.push_back(count);
  CHECK(tokens == std::vector<std::size_t>{6, 4});

  DataLoader out_of_range(examples, BatchSampler(SequentialSampler(5), 5));
  CHECK_THROWS_WITH(rows_of_epoch(out_of_range),
                    "[DataLoader] row 4 (batch 0 of epoch 0): the sampler chose it but there are 4 rows");
  CHECK_THROWS_AS(DataLoader(examples, Backwards{}, {.shuffle = true}), ConfigError);
  CHECK_THROWS_AS(DataLoader(examples, Backwards{}, {.group_by_length = true}), ConfigError);
  CHECK_THROWS_AS(DataLoader(examples, BatchSampler(SequentialSampler(4), 3), {.drop_last = true}), ConfigError);
}

TEST_CASE("DataLoader: impossible options are a ConfigError", "[data]") {
  const auto examples = numbered(4);
  CHECK_THROWS_AS(DataLoader(examples, {.batch_size = 0}), ConfigError);
  CHECK_THROWS_AS(DataLoader(examples, {.num_workers = -1}), ConfigError);
  CHECK_THROWS_AS(DataLoader(examples, {.prefetch_factor = 0}), ConfigError);
  CHECK_THROWS_AS(DataLoader(Drawing{}, {.group_by_length = true}, Sum{}), ConfigError);
  CHECK_THROWS_AS(DataLoader(Drawing{}, {.tokens_per_batch = 10}, Sum{}), ConfigError);
  CHECK_THROWS_AS(DataLoader(examples, {.tokens_per_batch = -1}), ConfigError);
  CHECK_THROWS_AS(DataLoader(examples, {.group_by_length = true, .tokens_per_batch = 10}), ConfigError);
  CHECK_THROWS_AS(DataLoader(examples, {.drop_last = true, .tokens_per_batch = 10}), ConfigError);
  CHECK_THROWS_AS(DataLoader(examples, SequentialSampler(4), {.tokens_per_batch = 10}), ConfigError);
}

}  // namespace data_loader_test
