#include <tempa/data/sampler.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <vector>

namespace sampler_test {

using namespace tempa;

namespace {

using Rows = std::vector<Index>;
static_assert(Sampler<SequentialSampler> && Sampler<RandomSampler> && Sampler<WeightedRandomSampler>);
static_assert(BatchSampling<BatchSampler<RandomSampler>> && BatchSampling<LengthGroupedBatchSampler> &&
              BatchSampling<TokenBudgetBatchSampler>);
static_assert(!Sampler<LengthGroupedBatchSampler> && !BatchSampling<RandomSampler>);

Rows sorted(Rows rows) {
  std::sort(rows.begin(), rows.end());
  return rows;
}

Rows flattened(const std::vector<Rows>& batches) {
  Rows rows;
  for (const Rows& batch : batches) rows.insert(rows.end(), batch.begin(), batch.end());
  return rows;
}

}  // namespace

TEST_CASE("SequentialSampler: the rows in order, in every epoch", "[data]") {
  SequentialSampler sampler(3);
  sampler.set_epoch(5);
  CHECK(sampler.indices() == Rows{0, 1, 2});
  CHECK(sampler.size() == 3);
  CHECK(SequentialSampler(0).indices().empty());
  CHECK_THROWS_AS(SequentialSampler(-1), ValueError);
}

TEST_CASE("RandomSampler: another order in each epoch, the same for the same seed and epoch", "[data]") {
  RandomSampler sampler(50, 7), other(50, 8);
  std::set<Rows> orders;
  for (Index epoch = 0; epoch < 10; ++epoch) {
    sampler.set_epoch(epoch);
    other.set_epoch(epoch);
    const Rows rows = sampler.indices();
    CHECK(sorted(rows) == SequentialSampler(50).indices());
    CHECK(rows == sampler.indices());
    CHECK(rows != other.indices());
    orders.insert(rows);
  }
  CHECK(orders.size() == 10);
  RandomSampler again(50, 7);
  again.set_epoch(9);
  CHECK(orders.count(again.indices()) == 1);
  CHECK_THROWS_AS(RandomSampler(-1), ValueError);
}

TEST_CASE("RandomSampler: every row is first, and every order comes, equally often", "[data]") {
  RandomSampler sampler(3, 1);
  std::vector<int> counts(6, 0);
  constexpr int kEpochs = 6000;
  for (Index epoch = 0; epoch < kEpochs; ++epoch) {
    sampler.set_epoch(epoch);
    const Rows rows = sampler.indices();
    ++counts[static_cast<std::size_t>(2 * rows[0] + (rows[1] > rows[2] ? 1 : 0))];
  }
  double chi_square = 0.0;
  for (const int count : counts) chi_square += (count - kEpochs / 6.0) * (count - kEpochs / 6.0) / (kEpochs / 6.0);
  CHECK(chi_square < 20.5);  // the 99.9th percentile with 5 degrees of freedom
}

TEST_CASE("WeightedRandomSampler with replacement draws in proportion to the weights", "[data]") {
  WeightedRandomSampler sampler({1.0, 0.0, 3.0, 0.0}, 8000, {.seed = 3});
  const Rows rows = sampler.indices();
  CHECK(sampler.size() == 8000);
  REQUIRE(rows.size() == 8000);
  const auto share = [&](Index row) { return static_cast<double>(std::count(rows.begin(), rows.end(), row)) / 8000.0; };
  CHECK(share(1) == 0.0);
  CHECK(share(3) == 0.0);
  CHECK(std::abs(share(0) - 0.25) < 4.0 * std::sqrt(0.25 * 0.75 / 8000.0));
  CHECK(rows == sampler.indices());
  sampler.set_epoch(1);
  CHECK(rows != sampler.indices());
}

TEST_CASE("WeightedRandomSampler without replacement: no row twice, heavy ones first more often", "[data]") {
  WeightedRandomSampler sampler({1.0, 0.0, 3.0}, 2, {.seed = 3, .replacement = false});
  int heavy_first = 0;
  constexpr int kEpochs = 4000;
  for (Index epoch = 0; epoch < kEpochs; ++epoch) {
    sampler.set_epoch(epoch);
    const Rows rows = sampler.indices();
    REQUIRE(sorted(rows) == Rows{0, 2});
    heavy_first += rows[0] == 2 ? 1 : 0;
  }
  CHECK(std::abs(heavy_first / double{kEpochs} - 0.75) < 4.0 * std::sqrt(0.25 * 0.75 / kEpochs));
}

TEST_CASE("WeightedRandomSampler: weights that no draw can follow are a ValueError", "[data]") {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const std::vector<double>& bad :
       {std::vector<double>{}, {0.0, 0.0}, {1.0, -1.0}, {infinity}, {std::nan("")}, {1e308, 1e308}})
    CHECK_THROWS_AS(WeightedRandomSampler(bad, 1), ValueError);
  CHECK_THROWS_AS(WeightedRandomSampler({1.0}, -1), ValueError);
  CHECK_THROWS_AS(WeightedRandomSampler({1.0, 0.0}, 2, {.replacement = false}), ValueError);
}

TEST_CASE("BatchSampler cuts a sampler's rows, and the last batch is short or dropped", "[data]") {
  CHECK(BatchSampler(SequentialSampler(5), 2).batches() == std::vector<Rows>{{0, 1}, {2, 3}, {4}});
  CHECK(BatchSampler(SequentialSampler(5), 2, true).batches() == std::vector<Rows>{{0, 1}, {2, 3}});
  CHECK(BatchSampler(SequentialSampler(4), 2).batches() == std::vector<Rows>{{0, 1}, {2, 3}});
  CHECK(BatchSampler(SequentialSampler(0), 2).batches().empty());
  CHECK(BatchSampler(SequentialSampler(5), 2).size() == 3);
  CHECK(BatchSampler(SequentialSampler(5), 2, true).size() == 2);
  BatchSampler random(RandomSampler(9), 4);
  const auto first = random.batches();
  random.set_epoch(1);
  CHECK(first != random.batches());
  CHECK_THROWS_AS(BatchSampler(SequentialSampler(5), 0), ConfigError);
}

TEST_CASE("LengthGroupedBatchSampler: like lengths together, every row once, another order in each epoch", "[data]") {
  Generator generator(5);
  std::vector<Index> lengths(103);
  for (Index& length : lengths) length = 2 + generator.below(100);
  LengthGroupedBatchSampler sampler(lengths, {.batch_size = 8, .seed = 1});
  const auto spread = [&](const std::vector<Rows>& batches) {
    Index padding = 0;
    for (const Rows& batch : batches) {
      Index longest = 0;
      for (const Index row : batch) longest = std::max(longest, lengths[static_cast<std::size_t>(row)]);
      for (const Index row : batch) padding += longest - lengths[static_cast<std::size_t>(row)];
    }
    return padding;
  };
  const auto batches = sampler.batches();
  CHECK(static_cast<Index>(batches.size()) == sampler.size());
  CHECK(sampler.size() == 13);
  CHECK(sorted(flattened(batches)) == SequentialSampler(103).indices());
  CHECK(spread(batches) * 4 < spread(BatchSampler(RandomSampler(103, 1), 8).batches()));
  sampler.set_epoch(1);
  CHECK(batches != sampler.batches());
  sampler.set_epoch(0);
  CHECK(batches == sampler.batches());

  const LengthGroupedBatchSampler dropping(lengths, {.batch_size = 8, .drop_last = true});
  CHECK(dropping.batches().size() == 12);
  for (const Rows& batch : dropping.batches()) CHECK(batch.size() == 8);

  // Two pools of two batches, and a rest: sorted within each pool.
  const LengthGroupedBatchSampler fixed({1, 5, 3, 9, 2, 4, 8, 6, 7},
                                        {.batch_size = 2, .shuffle = false, .pool_batches = 2});
  CHECK(fixed.batches() == std::vector<Rows>{{3, 1}, {2, 0}, {6, 7}, {5, 4}, {8}});
  CHECK_THROWS_AS(LengthGroupedBatchSampler({1}, {.batch_size = 0}), ConfigError);
  CHECK_THROWS_AS(LengthGroupedBatchSampler({1}, {.pool_batches = 0}), ConfigError);
}

TEST_CASE("TokenBudgetBatchSampler: every row once, full batches within the budget, as many in each epoch", "[data]") {
  Generator generator(9);
  std::vector<Index> lengths(2000);
  for (Index& length : lengths) length = 3 + generator.below(60) * generator.below(60) / 20;
  const Index total = std::accumulate(lengths.begin(), lengths.end(), Index{0});
  const auto tokens_of = [&](const Rows& rows) {
    Index tokens = 0;
    for (const Index row : rows) tokens += lengths[static_cast<std::size_t>(row)];
    return tokens;
  };
  for (const Index budget : {200, 1024, 4096, 1000000}) {
    TokenBudgetBatchSampler sampler(lengths, {.tokens_per_batch = budget, .seed = 3});
    std::set<std::vector<Rows>> epochs;
    for (Index epoch = 0; epoch < 3; ++epoch) {
      sampler.set_epoch(epoch);
      const auto batches = sampler.batches();
      epochs.insert(batches);
      CHECK(static_cast<Index>(batches.size()) == sampler.size());
      CHECK(sorted(flattened(batches)) == SequentialSampler(2000).indices());
      const Index average = total / sampler.size();
      for (const Rows& rows : batches) {
        CHECK(tokens_of(rows) <= budget);
        CHECK(std::abs(tokens_of(rows) - average) <= 8);
      }
    }
    CHECK(sampler.size() <= total / budget + 1 + total / budget / 20);
    CHECK(epochs.size() == 3);
    sampler.set_epoch(0);
    CHECK(epochs.count(sampler.batches()) == 1);
  }
}

TEST_CASE("TokenBudgetBatchSampler: a row beyond the budget is a batch of its own", "[data]") {
  const TokenBudgetBatchSampler sampler({4, 50, 3, 3, 60, 2}, {.tokens_per_batch = 10, .shuffle = false});
  CHECK(sampler.batches() == std::vector<Rows>{{4}, {1}, {0, 5}, {2, 3}});
  CHECK(TokenBudgetBatchSampler({}).batches().empty());
  CHECK(TokenBudgetBatchSampler({0, 0, 0}, {.tokens_per_batch = 2}).size() == 2);
  CHECK(TokenBudgetBatchSampler({6, 6, 6}, {.tokens_per_batch = 10}).size() == 3);
  CHECK_THROWS_AS(TokenBudgetBatchSampler({1}, {.tokens_per_batch = 0}), ConfigError);
}

}  // namespace sampler_test
