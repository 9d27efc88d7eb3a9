// Loops over the CPU's cores, by OpenMP: the same threads that Eigen and oneDNN use, so that they never compete.
#pragma once

#include <tempa/core/compiled.hpp>
#include <tempa/core/error.hpp>
#include <tempa/core/shape.hpp>

#include <algorithm>
#include <exception>

#if defined(_OPENMP)
#include <omp.h>
#endif

TEMPA_COMPILED_FILE("core");

namespace tempa::inline TEMPA_ABI {

/// Threads that a parallel loop started by this thread uses.
inline int num_threads() {
#if defined(_OPENMP)
  return omp_get_max_threads();
#else
  return 1;
#endif
}

/// Sets `num_threads` for loops, Eigen and oneDNN alike. Results for one number of threads are the same bits in every
/// run.
/// @throws ConfigError when `count` is not positive.
inline void set_num_threads(int count) {
  if (count < 1) throw ConfigError(concat("[set_num_threads] expected at least 1 thread but got ", count));
#if defined(_OPENMP)
  omp_set_num_threads(count);
#endif
}

/// Calls `f(b, e)` on consecutive pieces of [begin, end), one for each thread and each of at least `grain` indices.
/// A nested loop runs in its caller. The first exception of any piece is rethrown in the caller.
template <typename F>
void parallel_for(Index begin, Index end, Index grain, F&& f) {
  const Index count = end - begin;
  if (count <= 0) return;
#if defined(_OPENMP)
  const Index pieces = std::min<Index>(num_threads(), (count + grain - 1) / std::max<Index>(grain, 1));
  if (pieces > 1 && !omp_in_parallel()) {
    std::exception_ptr failure;
#pragma omp parallel num_threads(static_cast <int>(pieces))
    {
      const Index piece = omp_get_thread_num();
      const Index total = omp_get_num_threads();
      const Index first = begin + count * piece / total, last = begin + count * (piece + 1) / total;
      try {
        if (first < last) f(first, last);
      } catch (...) {
#pragma omp critical(tempa_parallel_for)
        if (!failure) failure = std::current_exception();
      }
    }
    if (failure) std::rethrow_exception(failure);
    return;
  }
#else
  static_cast<void>(grain);
#endif
  f(begin, end);
}

}  // namespace tempa::inline TEMPA_ABI
