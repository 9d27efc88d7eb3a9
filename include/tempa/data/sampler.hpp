// The order in which an epoch visits the rows of a dataset, and which rows form a batch. An order is a function of
// (seed, epoch), so that any epoch can be repeated without those before it.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/core/random.hpp>

#include <concepts>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

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
Generator epoch_generator(std::uint64_t seed, Index epoch, Index batch = -1);

/// Rows 0, 1, … in every epoch. @source torch.utils.data.SequentialSampler
class SequentialSampler {
 public:
  /// @throws ValueError when `count` is negative.
  explicit SequentialSampler(Index count);
  void set_epoch(Index) {}
  Index size() const { return count_; }
  /// The rows of an epoch.
  std::vector<Index> indices() const;

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
  std::vector<Index> indices() const;

 private:
  SequentialSampler rows_;
  std::uint64_t seed_;
  Index epoch_ = 0;
};

/// Options of `WeightedRandomSampler`.
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
  WeightedRandomSampler(std::vector<double> weights, Index num_samples, WeightedSamplerOptions options = {});
  void set_epoch(Index epoch) { epoch_ = epoch; }
  Index size() const { return num_samples_; }

  /// The rows of the epoch.
  std::vector<Index> indices() const;

 private:
  std::vector<Index> with_replacement(Generator& generator) const;

  // The rows with the smallest -log(u) / weight, smallest first.
  std::vector<Index> without_replacement(Generator& generator) const;

  std::vector<double> weights_;
  Index num_samples_;
  WeightedSamplerOptions options_;
  Index epoch_ = 0;
};

/// Number of batches that `count` rows make.
Index count_batches(Index count, Index batch_size, bool drop_last);

/// Splits `rows` into batches; the last one may be smaller, or is left out.
std::vector<std::vector<Index>> cut_batches(std::span<const Index> rows, Index batch_size, bool drop_last);

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

/// Options of `LengthGroupedBatchSampler`.
struct LengthGroupedOptions {
  Index batch_size = 32;
  bool shuffle = true;  ///< another order in each epoch
  std::uint64_t seed = 0;
  bool drop_last = false;
  /// Batches whose rows are sorted together; with more, lengths are more even and batches less random.
  Index pool_batches = 50;
};

/// Batches of rows of about the same length: the order of the epoch is split into pools, each pool is sorted by length
/// and split into batches, and the batches are in random order.
/// @source transformers `LengthGroupedSampler`, whose pools are the same; only the longest batch is not put first.
class LengthGroupedBatchSampler {
 public:
  /// @param lengths (n) tokens of each row. @throws ConfigError when a size is not positive.
  explicit LengthGroupedBatchSampler(std::vector<Index> lengths, LengthGroupedOptions options = {});
  void set_epoch(Index epoch) { epoch_ = epoch; }
  Index size() const;

  /// The rows of each batch of the epoch.
  std::vector<std::vector<Index>> batches() const;

 private:
  std::vector<Index> lengths_;
  LengthGroupedOptions options_;
  Index epoch_ = 0;
};

/// Options of `TokenBudgetBatchSampler`.
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
  explicit TokenBudgetBatchSampler(std::vector<Index> lengths, TokenBudgetOptions options = {});
  void set_epoch(Index epoch) { epoch_ = epoch; }
  Index size() const { return size_; }

  /// The rows of each batch of the epoch.
  std::vector<std::vector<Index>> batches() const;

 private:
  // At least 1, so that no batch stays empty.
  Index length(Index row) const;

  std::vector<Index> longest_first(std::vector<Index> rows) const;

  std::vector<std::vector<Index>> assign(const std::vector<Index>& rows, Index count) const;

  bool fits(const std::vector<std::vector<Index>>& batches) const;

  std::vector<Index> lengths_;
  TokenBudgetOptions options_;
  Index size_ = 0;
  Index epoch_ = 0;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/data/impl/sampler.ipp>
#endif
