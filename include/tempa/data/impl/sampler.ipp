// The bodies of <tempa/data/sampler.hpp>.
#pragma once

#include <tempa/data/sampler.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <numeric>
#include <queue>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE Generator epoch_generator(std::uint64_t seed, Index epoch, Index batch) {
  const auto words = philox(seed, static_cast<std::uint64_t>(epoch), static_cast<std::uint64_t>(batch));
  return Generator((std::uint64_t{words[0]} << 32) | words[1]);
}

TEMPA_INLINE SequentialSampler::SequentialSampler(Index count) : count_(count) {
  if (count < 0) throw ValueError(concat("[SequentialSampler] expected a count of at least 0 but got ", count));
}

TEMPA_INLINE std::vector<Index> SequentialSampler::indices() const {
  std::vector<Index> rows(static_cast<std::size_t>(count_));
  std::iota(rows.begin(), rows.end(), Index{0});
  return rows;
}

TEMPA_INLINE std::vector<Index> RandomSampler::indices() const {
  std::vector<Index> rows = rows_.indices();
  Generator generator = epoch_generator(seed_, epoch_);
  shuffle(std::span<Index>(rows), generator);
  return rows;
}

TEMPA_INLINE WeightedRandomSampler::WeightedRandomSampler(std::vector<double> weights, Index num_samples,
                                                          WeightedSamplerOptions options)
    : weights_(std::move(weights)), num_samples_(num_samples), options_(options) {
  double sum = 0.0;
  Index positive = 0;
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    if (!(weights_[i] >= 0.0) || !std::isfinite(weights_[i]))
      throw ValueError(concat("[WeightedRandomSampler] weights must be finite and not negative but number ", i, " is ",
                              weights_[i]));
    sum += weights_[i];
    positive += weights_[i] > 0.0 ? 1 : 0;
  }
  if (!(sum > 0.0) || !std::isfinite(sum))
    throw ValueError(concat("[WeightedRandomSampler] the sum of the weights must be positive and finite but is ", sum));
  if (num_samples < 0 || (!options_.replacement && num_samples > positive))
    throw ValueError(concat("[WeightedRandomSampler] cannot draw ", num_samples, " rows from ", positive,
                            " with a positive weight"));
}

TEMPA_INLINE std::vector<Index> WeightedRandomSampler::indices() const {
  Generator generator = epoch_generator(options_.seed, epoch_);
  return options_.replacement ? with_replacement(generator) : without_replacement(generator);
}

TEMPA_INLINE std::vector<Index> WeightedRandomSampler::with_replacement(Generator& generator) const {
  std::vector<double> cumulative(weights_.size());
  std::partial_sum(weights_.begin(), weights_.end(), cumulative.begin());
  std::vector<Index> rows(static_cast<std::size_t>(num_samples_));
  // The last row with a positive weight: a product that is rounded up to the sum must not lead past it.
  const auto last = std::lower_bound(cumulative.begin(), cumulative.end(), cumulative.back()) - cumulative.begin();
  for (Index& row : rows) {
    const double point = generator.uniform() * cumulative.back();
    row = std::min<Index>(std::upper_bound(cumulative.begin(), cumulative.end(), point) - cumulative.begin(), last);
  }
  return rows;
}

TEMPA_INLINE std::vector<Index> WeightedRandomSampler::without_replacement(Generator& generator) const {
  std::vector<std::pair<double, Index>> keys;
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    const double exponential = -std::log(1.0 - generator.uniform());
    if (weights_[i] > 0.0) keys.emplace_back(exponential / weights_[i], static_cast<Index>(i));
  }
  std::sort(keys.begin(), keys.end());
  std::vector<Index> rows;
  for (Index i = 0; i < num_samples_; ++i) rows.push_back(keys[static_cast<std::size_t>(i)].second);
  return rows;
}

TEMPA_INLINE Index count_batches(Index count, Index batch_size, bool drop_last) {
  return drop_last ? count / batch_size : (count + batch_size - 1) / batch_size;
}

TEMPA_INLINE std::vector<std::vector<Index>> cut_batches(std::span<const Index> rows, Index batch_size,
                                                         bool drop_last) {
  std::vector<std::vector<Index>> batches;
  const Index count = static_cast<Index>(rows.size());
  for (Index b = 0; b < count_batches(count, batch_size, drop_last); ++b) {
    const Index begin = b * batch_size, size = std::min(batch_size, count - begin);
    const auto part = rows.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(size));
    batches.emplace_back(part.begin(), part.end());
  }
  return batches;
}

TEMPA_INLINE LengthGroupedBatchSampler::LengthGroupedBatchSampler(std::vector<Index> lengths,
                                                                  LengthGroupedOptions options)
    : lengths_(std::move(lengths)), options_(options) {
  if (options_.batch_size < 1 || options_.pool_batches < 1)
    throw ConfigError(concat("[LengthGroupedBatchSampler] batch_size and pool_batches must be positive but are ",
                             options_.batch_size, " and ", options_.pool_batches));
}

TEMPA_INLINE Index LengthGroupedBatchSampler::size() const {
  return count_batches(static_cast<Index>(lengths_.size()), options_.batch_size, options_.drop_last);
}

TEMPA_INLINE std::vector<std::vector<Index>> LengthGroupedBatchSampler::batches() const {
  std::vector<Index> rows = SequentialSampler(static_cast<Index>(lengths_.size())).indices();
  Generator generator = epoch_generator(options_.seed, epoch_);
  if (options_.shuffle) shuffle(std::span<Index>(rows), generator);
  const auto longer = [&](Index a, Index b) {
    return lengths_[static_cast<std::size_t>(a)] > lengths_[static_cast<std::size_t>(b)];
  };
  const auto count = static_cast<Index>(rows.size());
  for (Index begin = 0, end = 0; begin < count; begin = end) {
    end = (count - begin) / options_.batch_size < options_.pool_batches
              ? count
              : begin + options_.pool_batches * options_.batch_size;
    std::stable_sort(rows.begin() + begin, rows.begin() + end, longer);
  }
  auto batches = cut_batches(rows, options_.batch_size, options_.drop_last);
  if (options_.shuffle) shuffle(std::span<std::vector<Index>>(batches), generator);
  return batches;
}

TEMPA_INLINE TokenBudgetBatchSampler::TokenBudgetBatchSampler(std::vector<Index> lengths, TokenBudgetOptions options)
    : lengths_(std::move(lengths)), options_(options) {
  if (options_.tokens_per_batch < 1)
    throw ConfigError(
        concat("[TokenBudgetBatchSampler] tokens_per_batch must be positive but is ", options_.tokens_per_batch));
  if (lengths_.empty()) return;
  const std::vector<Index> rows = longest_first(SequentialSampler(static_cast<Index>(lengths_.size())).indices());
  Index too_few = 0;
  size_ = static_cast<Index>(lengths_.size());  // a batch for each row is always enough
  while (size_ - too_few > 1) {
    const Index middle = too_few + (size_ - too_few) / 2;
    (fits(assign(rows, middle)) ? size_ : too_few) = middle;
  }
}

TEMPA_INLINE std::vector<std::vector<Index>> TokenBudgetBatchSampler::batches() const {
  std::vector<Index> rows = SequentialSampler(static_cast<Index>(lengths_.size())).indices();
  Generator generator = epoch_generator(options_.seed, epoch_);
  if (options_.shuffle) shuffle(std::span<Index>(rows), generator);
  auto batches = assign(longest_first(std::move(rows)), size_);
  if (options_.shuffle) shuffle(std::span<std::vector<Index>>(batches), generator);
  return batches;
}

TEMPA_INLINE Index TokenBudgetBatchSampler::length(Index row) const {
  return std::max<Index>(1, lengths_[static_cast<std::size_t>(row)]);
}

TEMPA_INLINE std::vector<Index> TokenBudgetBatchSampler::longest_first(std::vector<Index> rows) const {
  std::stable_sort(rows.begin(), rows.end(), [this](Index a, Index b) { return length(a) > length(b); });
  return rows;
}

TEMPA_INLINE std::vector<std::vector<Index>> TokenBudgetBatchSampler::assign(const std::vector<Index>& rows,
                                                                             Index count) const {
  std::vector<std::vector<Index>> batches(static_cast<std::size_t>(count));
  std::priority_queue<std::pair<Index, Index>, std::vector<std::pair<Index, Index>>, std::greater<>> loads;
  for (Index b = 0; b < count; ++b) loads.emplace(0, b);  // (tokens, batch), the fewest tokens on top
  for (const Index row : rows) {
    const auto [tokens, b] = loads.top();
    loads.pop();
    batches[static_cast<std::size_t>(b)].push_back(row);
    loads.emplace(tokens + length(row), b);
  }
  return batches;
}

TEMPA_INLINE bool TokenBudgetBatchSampler::fits(const std::vector<std::vector<Index>>& batches) const {
  return std::all_of(batches.begin(), batches.end(), [this](const std::vector<Index>& rows) {
    Index tokens = 0;
    for (const Index row : rows) tokens += length(row);
    return rows.size() == 1 || (!rows.empty() && tokens <= options_.tokens_per_batch);
  });
}

}  // namespace tempa::inline TEMPA_ABI
