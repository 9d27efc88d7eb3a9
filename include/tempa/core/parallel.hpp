// Parallel loops.
#pragma once

#include <tempa/core/detail/thread_pool.hpp>
#include <tempa/core/shape.hpp>

#include <algorithm>
#include <atomic>
#include <exception>

namespace tempa::inline TEMPA_ABI {

/// The number of threads of a parallel loop: `default_num_threads` until `set_num_threads` is called.
int num_threads();

/// Sets `num_threads` for all loops of this process. Results are the same bits for any number of threads.
/// @throws ConfigError when `count` is not positive.
void set_num_threads(int count);

/// Calls `f(b, e)` on consecutive pieces of [begin, end), at most one for each thread and each of at least `grain`
/// indices. A nested loop runs in its caller's thread, and so does one that starts while another thread's loop runs.
/// The first exception of any piece is rethrown in the caller.
template <typename F>
void parallel_for(Index begin, Index end, Index grain, F&& f) {
  const Index count = end - begin;
  if (count <= 0) return;
  const Index pieces = std::min<Index>(num_threads(), (count + grain - 1) / std::max<Index>(grain, 1));
  if (pieces > 1 && !detail::loops_stay_in_this_thread()) {
    std::exception_ptr failure;
    std::atomic<bool> failed{false};
    const auto body = [&](int piece) {
      const Index first = begin + count * piece / pieces, last = begin + count * (piece + 1) / pieces;
      try {
        if (first < last) f(first, last);
      } catch (...) {
        if (!failed.exchange(true)) failure = std::current_exception();
      }
    };
    if (detail::ThreadPool::instance().run(static_cast<int>(pieces), body)) {
      if (failure) std::rethrow_exception(failure);
      return;
    }
  }
  f(begin, end);
}

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/core/impl/parallel.ipp>
#endif
