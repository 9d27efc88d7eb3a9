// The bodies of <tempa/tensor/profile_scope.hpp>.
#pragma once

#include <tempa/tensor/profile_scope.hpp>

#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE void ProfileScope::begin(std::string_view name, ProfileCategory category) {
  auto log = detail::thread_profile_log();
  const char* const kept = log != nullptr ? log->begin(name, category) : nullptr;
  if (kept == nullptr) return;  // the profiler has just ended
  log_ = std::move(log);
  outer_ = detail::open_profile_log;
  detail::open_profile_log = log_.get();
#if defined(TEMPA_WITH_CUDA)
  range_.emplace(kept);
#endif
}

TEMPA_INLINE void ProfileScope::end() {
  detail::open_profile_log = outer_;
  log_->end();
}

TEMPA_INLINE void count_flops(double flops, DType type) {
  if (detail::open_profile_log != nullptr) detail::open_profile_log->count_flops(flops, type);
}

}  // namespace tempa::inline TEMPA_ABI
