// The order in which an epoch visits the rows of a dataset, and which rows form a batch. An order is a function of
// (seed, epoch), so that any epoch can be repeated without those before it.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/core/random.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <queue>
#include <span>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("data");

namespace tempa::inline TEMPA_ABI {

/// Chooses the rows of an epoch: `size()` of them, `indices()`, after `set_epoch(epoch)`.
/// @source torch.utils.data.Sampler
template <typename S>
concept Sampler = requires(S& sampler, const S& fixed, Index epoch) {
  sampler.set_epoch(epoch);
  { fixed.size() } -> std::convertible_to<Index>;
  { fixed.indices() } -> std::same_as<std::vector<Index>>;
};

/// Chooses the batches of an epoch: `size()` of them, `batches()`, after `set_epoch(epoch)`.
template <typename S>
concept BatchSampling = requires(S& sampler, const S& fixed, Index epoch) {
  sampler.set_epoch(epoch);
  { fixed.size() } -> std::convertible_to<Index>;
  { fixed.batches() } -> std::same_as<std::vector<std::vector<Index>>>;
};

/// A generator for one epoch, or one batch of it, whose numbers are independent of those of any other.
inline Generator epoch_generator(std::uint64_t seed, Index epoch, Index batch = -1) {
  const auto words = philox(seed, static_cast<std::uint64_t>(epoch), static_cast<std::uint64_t>(batch));
  return Generator((std::uint64_t{words[0]} << 32) | words[1]);
}

/// Rows 0, 1, … in every epoch. @source torch.utils.data.SequentialSampler
class SequentialSampler {
 public:
  /// @throws ValueError when `count` is negative.
  explicit SequentialSampler(Index count) : count_(count) {
    if (count < 0) throw ValueError(concat("[SequentialSampler] expected a count of at least 0 but got ", count));
  }
  void set_epoch(Index) {}
  Index size() const { return count_; }
  /// The rows of an epoch.
  std::vector<Index> indices() const {
    std::vector<Index> rows(static_cast<std::size_t>(count_));
    std::iota(rows.begin(), rows.end(), Index{0});
    return rows;
  }

 private:
  Index count_;
};

/// Every row once, in a different random order in each epoch. @source torch.utils.data.RandomSampler
class RandomSampler {
 public:
  /// @throws ValueError when `count` is negative.
  explicit RandomSampler(Index count, std::uint64_t seed = 0) : rows_(count), seed_(seed) {}
  void set_epoch(Index epoch) { epoch_ = epoch; }
  Index size() const { return rows_.size(); }
  /// The rows of the epoch.
  std::vector<Index> indices() const {
    std::vector<Index> rows = rows_.indices();
    Generator generator = epoch_generator(seed_, epoch_);
    shuffle(std::span<Index>(rows), generator);
    return rows;
  }

 private:
  SequentialSampler rows_;
  std::uint64_t seed_;
  Index epoch_ = 0;
};

struct WeightedSamplerOptions {
  std::uint64_t seed = 0;
  bool replacement = true;  ///< whether a row may occur more than once in an epoch
};

/// Rows drawn with probabilities in proportion to their weights, to balance rare classes.
/// @source torch.utils.data.WeightedRandomSampler; without replacement: Efraimidis and Spirakis 2006.
class WeightedRandomSampler {
 public:
  /// @param weights (n) not negative. @param num_samples rows in an epoch.
  /// @throws ValueError for a weight that is negative or not finite, for weights that are all 0, for a negative
  ///   `num_samples`, and without replacement for more than there are positive weights.
  WeightedRandomSampler(std::vector<double> weights, Index num_samples, WeightedSamplerOptions options = {})
      : weights_(std::move(weights)), num_samples_(num_samples), options_(options) {
    double sum = 0.0;
    Index positive = 0;
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      if (!(weights_[i] >= 0.0) || !std::isfinite(weights_[i]))
        throw ValueError(concat("[WeightedRandomSampler] weights must be finite and not negative but number ", i,
                                " is ", weights_[i]));
      sum += weights_[i];
      positive += weights_[i] > 0.0 ? 1 : 0;
    }
    if (!(sum > 0.0) || !std::isfinite(sum))
      throw ValueError(
          concat("[WeightedRandomSampler] the sum of the weights must be positive and finite but is ", sum));
    if (num_samples < 0 || (!options_.replacement && num_samples > positive))
      throw ValueError(concat("[WeightedRandomSampler] cannot draw ", num_samples, " rows from ", positive,
                              " with a positive weight"));
  }
  void set_epoch(Index epoch) { epoch_ = epoch; }
  Index size() const { return num_samples_; }

  /// The rows of the epoch.
  std::vector<Index> indices() const {
    Generator generator = epoch_generator(options_.seed, epoch_);
    return options_.replacement ? with_replacement(generator) : without_replacement(generator);
  }

 private:
  std::vector<Index> with_replacement(Generator& generator) const {
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

  // The rows with the smallest -log(u) / weight, smallest first.
  std::vector<Index> without_replacement(Generator& generator) const {
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

  std::vector<double> weights_;
  Index num_samples_;
  WeightedSamplerOptions options_;
  Index epoch_ = 0;
};

/// Number of batches that `count` rows make.
inline Index count_batches(Index count, Index batch_size, bool drop_last) {
  return drop_last ? count / batch_size : (count + batch_size - 1) / batch_size;
}

/// Splits `rows` into batches; the last one may be smaller, or is left out.
inline std::vector<std::vector<Index>> cut_batches(std::span<const Index> rows, Index batch_size, bool drop_last) {
  std::vector<std::vector<Index>> batches;
  const Index count = static_cast<Index>(rows.size());
  for (Index b = 0; b < count_batches(count, batch_size, drop_last); ++b) {
    const Index begin = b * batch_size, size = std::min(batch_size, count - begin);
    const auto part = rows.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(size));
    batches.emplace_back(part.begin(), part.end());
  }
  return batches;
}

/// Consecutive rows of a sampler as batches. @source torch.utils.data.BatchSampler
template <Sampler S>
class BatchSampler {
 public:
  /// @throws ConfigError when `batch_size` is not positive.
  BatchSampler(S sampler, Index batch_size, bool drop_last = false)
      : sampler_(std::move(sampler)), batch_size_(batch_size), drop_last_(drop_last) {
    if (batch_size < 1) throw ConfigError(concat("[BatchSampler] batch_size must be positive but is ", batch_size));
  }
  void set_epoch(Index epoch) { sampler_.set_epoch(epoch); }
  Index size() const { return count_batches(static_cast<Index>(sampler_.size()), batch_size_, drop_last_); }
  /// The rows of each batch of the epoch.
  std::vector<std::vector<Index>> batches() const { return cut_batches(sampler_.indices(), batch_size_, drop_last_); }

 private:
  S sampler_;
  Index batch_size_;
  bool drop_last_;
};

struct LengthGroupedOptions {
  Index batch_size = 32;
  bool shuffle = true;  ///< another order in each epoch
  std::uint64_t seed = 0;
  bool drop_last = false;
  Index pool_batches =
      50;  ///< batches whose rows are sorted together; with more, lengths are more even and batches less random
};

/// Batches of rows of about the same length: the order of the epoch is split into pools, each pool is sorted by length
/// and split into batches, and the batches are in random order.
/// @source transformers `LengthGroupedSampler`, whose pools are the same; only the longest batch is not put first.
class LengthGroupedBatchSampler {
 public:
  /// @param lengths (n) tokens of each row. @throws ConfigError when a size is not positive.
  explicit LengthGroupedBatchSampler(std::vector<Index> lengths, LengthGroupedOptions options = {})
      : lengths_(std::move(lengths)), options_(options) {
    if (options_.batch_size < 1 || options_.pool_batches < 1)
      throw ConfigError(concat("[LengthGroupedBatchSampler] batch_size and pool_batches must be positive but are ",
                               options_.batch_size, " and ", options_.pool_batches));
  }
  void set_epoch(Index epoch) { epoch_ = epoch; }
  Index size() const {
    return count_batches(static_cast<Index>(lengths_.size()), options_.batch_size, options_.drop_last);
  }

  /// The rows of each batch of the epoch.
  std::vector<std::vector<Index>> batches() const {
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

 private:
  std::vector<Index> lengths_;
  LengthGroupedOptions options_;
  Index epoch_ = 0;
};

struct TokenBudgetOptions {
  Index tokens_per_batch = 2048;
  bool shuffle = true;  ///< a different choice of rows in each epoch
  std::uint64_t seed = 0;
};

/// Batches of nearly the same number of tokens, and at most `tokens_per_batch`, whatever the number of their rows; a
/// row that is longer is a separate batch. The rows of an epoch, longest first and those of one length in the epoch's
/// order, go each to the batch with the fewest tokens. Which lengths are combined is therefore the same in each epoch,
/// and so is the number of batches; which rows of these lengths, and the order of the batches, is not.
/// @source Graham, "Bounds on Multiprocessing Timing Anomalies", 1969 (longest processing time first)
class TokenBudgetBatchSampler {
 public:
  /// @param lengths (n) tokens of each row. @throws ConfigError when the budget is not positive.
  explicit TokenBudgetBatchSampler(std::vector<Index> lengths, TokenBudgetOptions options = {})
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
  void set_epoch(Index epoch) { epoch_ = epoch; }
  Index size() const { return size_; }

  /// The rows of each batch of the epoch.
  std::vector<std::vector<Index>> batches() const {
    std::vector<Index> rows = SequentialSampler(static_cast<Index>(lengths_.size())).indices();
    Generator generator = epoch_generator(options_.seed, epoch_);
    if (options_.shuffle) shuffle(std::span<Index>(rows), generator);
    auto batches = assign(longest_first(std::move(rows)), size_);
    if (options_.shuffle) shuffle(std::span<std::vector<Index>>(batches), generator);
    return batches;
  }

 private:
  // At least 1, so that no batch stays empty.
  Index length(Index row) const { return std::max<Index>(1, lengths_[static_cast<std::size_t>(row)]); }

  std::vector<Index> longest_first(std::vector<Index> rows) const {
    std::stable_sort(rows.begin(), rows.end(), [this](Index a, Index b) { return length(a) > length(b); });
    return rows;
  }

  std::vector<std::vector<Index>> assign(const std::vector<Index>& rows, Index count) const {
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

  bool fits(const std::vector<std::vector<Index>>& batches) const {
    return std::all_of(batches.begin(), batches.end(), [this](const std::vector<Index>& rows) {
      Index tokens = 0;
      for (const Index row : rows) tokens += length(row);
      return rows.size() == 1 || (!rows.empty() && tokens <= options_.tokens_per_batch);
    });
  }

  std::vector<Index> lengths_;
  TokenBudgetOptions options_;
  Index size_ = 0;
  Index epoch_ = 0;
};

}  // namespace tempa::inline TEMPA_ABI
