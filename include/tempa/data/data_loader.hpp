// Iterates over a dataset in batches, which worker threads can prepare ahead of time.
#pragma once

#include <tempa/core/random.hpp>
#include <tempa/data/collate.hpp>
#include <tempa/data/dataset.hpp>
#include <tempa/data/detail/prefetcher.hpp>
#include <tempa/data/sampler.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Options of `DataLoader`.
struct DataLoaderOptions {
  Index batch_size = 32;         ///< examples in a batch
  bool shuffle = false;          ///< a different random order in each epoch
  std::uint64_t seed = 0;        ///< of the order, and of random numbers that a dataset draws from `default_generator`
  bool drop_last = false;        ///< skip the last batch when it is not full
  Index num_workers = 0;         ///< threads that prepare batches; 0: each is made when it is needed
  Index prefetch_factor = 2;     ///< batches prepared ahead for each worker
  bool group_by_length = false;  ///< batches of about the same length (see `LengthGroupedBatchSampler`)
  Index tokens_per_batch = 0;    ///< a batch is as many examples as have at most these tokens (see
                                 ///< `TokenBudgetBatchSampler`), not `batch_size` of them; 0: by `batch_size`
};

/// The position of a loader: batch `batch` of epoch `epoch`, both from 0, is the next to be delivered.
struct LoaderPosition {
  Index epoch = 0;
  Index batch = 0;
  friend bool operator==(const LoaderPosition&, const LoaderPosition&) = default;
};

/// A dataset or a collate function failed. The cause is nested: `std::rethrow_if_nested(error)`.
class DataLoaderError : public Error {
 public:
  /// @param row the row that could not be read, or -1 where a batch could not be collated.
  DataLoaderError(const std::string& message, Index row, LoaderPosition position);
  /// The row of the dataset that could not be read; -1 where its batch could not be collated.
  Index row() const { return row_; }
  LoaderPosition position() const { return position_; }

 private:
  Index row_;
  LoaderPosition position_;
};

/// Tokens of each example: `dataset.length(row)` where there is such a function, else of `example.encoding`.
/// @throws ConfigError when the dataset has neither.
template <Dataset D>
std::vector<Index> example_lengths(const D& dataset) {
  std::vector<Index> lengths;
  for (Index row = 0; row < static_cast<Index>(dataset.size()); ++row) {
    if constexpr (requires { dataset.length(row); }) {
      lengths.push_back(static_cast<Index>(dataset.length(row)));
    } else if constexpr (requires { example_at(dataset, row).encoding.ids.size(); }) {
      lengths.push_back(static_cast<Index>(example_at(dataset, row).encoding.ids.size()));
    } else {
      throw ConfigError("[example_lengths] grouping by length or tokens needs a dataset with length(row) or encodings");
    }
  }
  return lengths;
}

/// Iterates over a dataset in batches: `for (const auto& batch : loader)`. Each `begin()` is a new epoch. The batches
/// are the same, in the same order, for any number of workers; what a dataset or collate function draws from
/// `default_generator` is the same too, and does not change the consumer's generator.
/// @tparam Collate from `std::span<const ExampleOf<D>>` to a batch of any type; called from several threads at once
///   when there are several workers. Where the batch has a member `rows` and it is empty, the loader fills it.
/// @source torch.utils.data.DataLoader
template <Dataset D, typename Collate = PackedCollate>
requires std::invocable<const Collate&, std::span<const ExampleOf<D>>>
class DataLoader {
 public:
  using Example = ExampleOf<D>;
  using BatchType = std::remove_cvref_t<std::invoke_result_t<const Collate&, std::span<const Example>>>;
  using value_type = BatchType;

  /// @param dataset borrowed from an lvalue, which must outlive the loader and its iterators; kept from an rvalue.
  /// @throws ConfigError for a size that is not positive, a negative number of workers, grouping by length or tokens
  ///   where examples have no length, and tokens_per_batch together with group_by_length or drop_last.
  explicit DataLoader(DatasetHandle<D> dataset, DataLoaderOptions options = {}, Collate collate = {})
      : DataLoader(Tag{}, std::move(dataset), options, std::move(collate)) {
    const Index count = core_->dataset.size();
    if (options.tokens_per_batch > 0) {
      if (options.group_by_length || options.drop_last)
        throw ConfigError("[DataLoader] tokens_per_batch cannot be combined with group_by_length or drop_last");
      plan_by(TokenBudgetBatchSampler(
          example_lengths(*core_->dataset),
          {.tokens_per_batch = options.tokens_per_batch, .shuffle = options.shuffle, .seed = options.seed}));
    } else if (options.group_by_length) {
      plan_by(LengthGroupedBatchSampler(example_lengths(*core_->dataset), {.batch_size = options.batch_size,
                                                                           .shuffle = options.shuffle,
                                                                           .seed = options.seed,
                                                                           .drop_last = options.drop_last}));
    } else if (options.shuffle) {
      plan_by(BatchSampler(RandomSampler(count, options.seed), options.batch_size, options.drop_last));
    } else {
      plan_by(BatchSampler(SequentialSampler(count), options.batch_size, options.drop_last));
    }
  }

  /// Takes the rows from a sampler, or whole batches from a batch sampler (then `batch_size` is its own).
  /// @throws ConfigError as above, and when the options set an order, or `drop_last` with a batch sampler.
  template <typename S>
  requires Sampler<S> || BatchSampling<S> DataLoader(DatasetHandle<D> dataset, S sampler,
                                                     DataLoaderOptions options = {}, Collate collate = {})
      : DataLoader(Tag{}, std::move(dataset), options, std::move(collate)) {
    if (options.shuffle || options.group_by_length || options.tokens_per_batch > 0)
      throw ConfigError("[DataLoader] shuffle, group_by_length and tokens_per_batch cannot be combined with a sampler");
    if constexpr (BatchSampling<S>) {
      if (options.drop_last) throw ConfigError("[DataLoader] drop_last cannot be combined with a batch sampler");
      plan_by(std::move(sampler));
    } else {
      plan_by(BatchSampler<S>(std::move(sampler), options.batch_size, options.drop_last));
    }
  }

  /// Number of batches in an epoch.
  Index size() const { return size_; }
  const D& dataset() const { return *core_->dataset; }
  const Collate& collate() const { return core_->collate; }
  const DataLoaderOptions& options() const { return options_; }

  /// The batch after the one that was delivered last. Inside the loop's body that is the batch after the current one
  /// (at the last batch: batch `size()` of the same epoch), so that a position saved after a training step is the right
  /// one to resume from; after the loop it is the first batch of the next epoch.
  LoaderPosition position() const { return position_; }

  /// Makes the next `begin()` start at `position`; the epochs after it are complete. At batch `size()` the rest of
  /// the epoch is empty.
  /// @throws ValueError for a position that no epoch has.
  void set_position(LoaderPosition position) {
    if (position.epoch < 0 || position.batch < 0 || position.batch > size_)
      throw ValueError(concat("[DataLoader] expected an epoch from 0 and a batch from 0 to ", size_, " but got epoch ",
                              position.epoch, ", batch ", position.batch));
    position_ = next_begin_ = position;
  }

  /// Makes the next `begin()` start epoch `epoch`. @throws ValueError when it is negative.
  void set_epoch(Index epoch) { set_position({.epoch = epoch, .batch = 0}); }

  /// An input iterator over the batches of one epoch; it owns the workers, and may be dropped at any time. The loader
  /// must not be moved while an iterator exists.
  class Iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using value_type = BatchType;
    using difference_type = std::ptrdiff_t;

    Iterator(DataLoader* loader, LoaderPosition first)
        : loader_(loader), position_(first), batches_(loader->start(first)) {
      ++*this;
    }
    /// The current batch, which may be moved from.
    BatchType& operator*() const { return *current_; }
    BatchType* operator->() const { return &*current_; }
    /// @throws DataLoaderError when the next batch cannot be made.
    Iterator& operator++() {
      current_ = batches_->next();
      if (current_) {
        ++position_.batch;
      } else {
        position_ = {.epoch = position_.epoch + 1, .batch = 0};
      }
      loader_->position_ = position_;
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& a, std::default_sentinel_t) { return !a.current_; }

   private:
    DataLoader* loader_;
    LoaderPosition position_;
    std::unique_ptr<Prefetcher<BatchType>> batches_;
    mutable std::optional<BatchType> current_;
  };

  /// Starts an epoch. @throws DataLoaderError when its first batch cannot be made.
  Iterator begin() {
    const LoaderPosition first = std::exchange(next_begin_, {.epoch = next_begin_.epoch + 1, .batch = 0});
    position_ = first;
    return Iterator(this, first);
  }
  std::default_sentinel_t end() const { return {}; }

 private:
  struct Tag {};
  // What workers need to make batches; shared, so that it outlives the loader if they do.
  struct Core {
    DatasetHandle<D> dataset;
    Collate collate;
    std::uint64_t seed;
  };

  DataLoader(Tag, DatasetHandle<D> dataset, DataLoaderOptions options, Collate collate)
      : core_(std::make_shared<const Core>(Core{std::move(dataset), std::move(collate), options.seed})),
        options_(options) {
    if (options.batch_size < 1 || options.prefetch_factor < 1 || options.num_workers < 0 ||
        options.tokens_per_batch < 0)
      throw ConfigError(concat("[DataLoader] expected a positive batch_size and prefetch_factor and at least 0 ",
                               "num_workers and tokens_per_batch but got ", options.batch_size, ", ",
                               options.prefetch_factor, ", ", options.num_workers, " and ", options.tokens_per_batch));
  }

  template <BatchSampling S>
  void plan_by(S sampler) {
    size_ = static_cast<Index>(sampler.size());
    plan_ = [sampler = std::move(sampler)](Index epoch) mutable {
      sampler.set_epoch(epoch);
      return sampler.batches();
    };
  }

  std::unique_ptr<Prefetcher<BatchType>> start(LoaderPosition first) {
    auto make = [core = core_, epoch = first.epoch, batches = plan_(first.epoch)](Index b) {
      return make_batch(*core, {.epoch = epoch, .batch = b}, batches.at(static_cast<std::size_t>(b)));
    };
    return std::make_unique<Prefetcher<BatchType>>(first.batch, size_, std::move(make), options_.num_workers,
                                                   std::max<Index>(options_.num_workers, 1) * options_.prefetch_factor);
  }

  static BatchType make_batch(const Core& core, LoaderPosition position, const std::vector<Index>& rows) {
    // The same random numbers for this batch whichever thread makes it.
    struct Restore {
      Generator saved = default_generator();
      ~Restore() { default_generator() = saved; }
    } const restore;
    default_generator() = epoch_generator(core.seed, position.epoch, position.batch);

    std::vector<Example> examples;
    examples.reserve(rows.size());
    for (const Index row : rows) {
      try {
        if (row < 0 || row >= core.dataset.size())
          throw ValueError(concat("the sampler chose it but there are ", core.dataset.size(), " rows"));
        examples.push_back(example_at(*core.dataset, row));
      } catch (...) {
        fail(concat("row ", row), row, position);
      }
    }
    try {
      BatchType batch = core.collate(std::span<const Example>(examples));
      if constexpr (requires {
                      batch.rows = rows;
                      batch.rows.empty();
                    }) {
        if (batch.rows.empty()) batch.rows = rows;
      }
      return batch;
    } catch (...) {
      std::string names = rows.size() == 1 ? "row" : "rows";
      for (std::size_t i = 0; i < rows.size() && i < 8; ++i) names += concat(i == 0 ? " " : ", ", rows[i]);
      fail(names + (rows.size() > 8 ? ", …" : ""), -1, position);
    }
  }

  // Rethrows the current exception inside a DataLoaderError that says where it was.
  [[noreturn]] static void fail(const std::string& what, Index row, LoaderPosition position) {
    std::string cause = "unknown exception";
    try {
      throw;
    } catch (const std::exception& error) {
      cause = error.what();
    } catch (...) {
    }
    std::throw_with_nested(DataLoaderError(
        concat("[DataLoader] ", what, " (batch ", position.batch, " of epoch ", position.epoch, "): ", cause), row,
        position));
  }

  std::shared_ptr<const Core> core_;
  DataLoaderOptions options_;
  std::function<std::vector<std::vector<Index>>(Index epoch)> plan_;
  Index size_ = 0;
  LoaderPosition position_;
  LoaderPosition next_begin_;
};

/// The dataset's type follows from the argument; a temporary one is moved in.
template <typename Data, typename Collate = PackedCollate>
requires Dataset<std::remove_cvref_t<Data>> DataLoader(Data&&, DataLoaderOptions = {}, Collate = {})
->DataLoader<std::remove_cvref_t<Data>, Collate>;
/// The same with a sampler.
template <typename Data, typename S, typename Collate = PackedCollate>
requires Dataset<std::remove_cvref_t<Data>> &&
    (Sampler<S> || BatchSampling<S>)DataLoader(Data&&, S, DataLoaderOptions = {}, Collate = {})
        ->DataLoader<std::remove_cvref_t<Data>, Collate>;

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/data/impl/data_loader.ipp>
#endif
