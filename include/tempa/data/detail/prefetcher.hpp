// Worker threads prepare items ahead of their consumer, which receives them in order.
#pragma once

#include <tempa/core/detail/thread_pool.hpp>
#include <tempa/core/error.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/tensor/profile_scope.hpp>

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Calls `make(i)` for i in [begin, end) on worker threads and returns the results in the order of i. At most
/// `capacity` items are made or waiting. An exception of `make(i)` is thrown in place of item i, and ends the
/// sequence. Destroying the prefetcher early waits for the items that are being made, and no more.
template <typename T>
class Prefetcher {
 public:
  /// @param make called from several threads at once when there are several workers.
  /// @param num_workers threads; 0: items are made by `next` itself. @param capacity at least 1.
  /// @throws ConfigError for a negative number of workers or a capacity below 1; OutOfMemoryError when the system
  ///   cannot start the threads.
  Prefetcher(Index begin, Index end, std::function<T(Index)> make, Index num_workers, Index capacity)
      : make_(std::move(make)), end_(end), claimed_(begin), delivered_(begin), capacity_(capacity) {
    if (num_workers < 0 || capacity < 1)
      throw ConfigError(concat("[Prefetcher] expected at least 0 workers and a capacity of at least 1 but got ",
                               num_workers, " and ", capacity));
    num_workers = std::min(num_workers, std::max<Index>(end - begin, 0));
    capacity_ = std::max<Index>(std::min(capacity, end - begin), 1);
    if (num_workers > 0) slots_.resize(static_cast<std::size_t>(capacity_));
    try {
      for (Index i = 0; i < num_workers; ++i)
        workers_.emplace_back([this](std::stop_token stop) { work(std::move(stop)); });
    } catch (const std::system_error& error) {
      throw OutOfMemoryError(concat("[Prefetcher] could start ", workers_.size(), " of ", num_workers,
                                    " worker threads: ", error.code().message()));
    }
  }
  ~Prefetcher() {
    for (std::jthread& worker : workers_) worker.request_stop();
  }
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  /// The next item, or nothing after the last. @throws what `make` threw for it; afterwards there are no more items.
  std::optional<T> next() {
    if (delivered_ >= end_) return std::nullopt;
    const ProfileScope scope("data wait", ProfileCategory::kData);
    if (workers_.empty()) {
      const Index index = std::exchange(delivered_, end_);
      std::optional<T> item(made(index));
      delivered_ = index + 1;
      return item;
    }
    std::unique_lock lock(mutex_);
    Slot& slot = slot_of(delivered_);
    ready_.wait(lock, [&] { return slot.item || slot.failure; });
    Slot taken = std::exchange(slot, Slot{});
    if (taken.failure) {
      claimed_ = delivered_ = end_;
    } else {
      ++delivered_;
    }
    lock.unlock();
    room_.notify_all();
    if (taken.failure) std::rethrow_exception(taken.failure);
    return std::move(taken.item);
  }

 private:
  struct Slot {
    std::optional<T> item;
    std::exception_ptr failure;
  };

  Slot& slot_of(Index index) { return slots_[static_cast<std::size_t>(index % capacity_)]; }

  T made(Index index) const {
    const ProfileScope scope("data", ProfileCategory::kData);
    return make_(index);
  }

  void work(std::stop_token stop) {
    const detail::LoopsStayInThisThread stay;  // leaves all threads to the consumer's loops
    std::unique_lock lock(mutex_);
    for (;;) {
      room_.wait(lock, stop, [&] { return claimed_ >= end_ || claimed_ - delivered_ < capacity_; });
      if (stop.stop_requested() || claimed_ >= end_) return;
      const Index index = claimed_++;
      lock.unlock();
      Slot slot;
      try {
        slot.item.emplace(made(index));
      } catch (...) {
        slot.failure = std::current_exception();
      }
      lock.lock();
      slot_of(index) = std::move(slot);
      ready_.notify_all();
    }
  }

  const std::function<T(Index)> make_;
  const Index end_;
  std::mutex mutex_;
  std::condition_variable ready_;     // the consumer waits for an item
  std::condition_variable_any room_;  // the workers wait for a free slot
  Index claimed_;                     // the next item to be made
  Index delivered_;                   // the next item to be returned
  Index capacity_;
  std::vector<Slot> slots_;  // item i waits in slot i % capacity
  std::vector<std::jthread> workers_;
};

}  // namespace tempa::inline TEMPA_ABI
