// The bodies of <tempa/core/parallel.hpp>.
#pragma once

#include <tempa/core/detail/processors.hpp>
#include <tempa/core/error.hpp>
#include <tempa/core/parallel.hpp>

namespace tempa::inline TEMPA_ABI {

namespace detail {

inline std::atomic<int>& thread_count() {
  static std::atomic<int> count = default_num_threads().count;
  return count;
}

}  // namespace detail

TEMPA_INLINE int num_threads() { return detail::thread_count().load(std::memory_order_relaxed); }

TEMPA_INLINE void set_num_threads(int count) {
  if (count < 1) throw ConfigError(concat("[set_num_threads] expected at least 1 thread but got ", count));
  detail::thread_count().store(count, std::memory_order_relaxed);
}

}  // namespace tempa::inline TEMPA_ABI
