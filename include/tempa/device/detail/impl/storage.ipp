// The bodies of <tempa/device/detail/storage.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/device/detail/storage.hpp>

#include <algorithm>
#include <bit>

namespace tempa::inline TEMPA_ABI {

namespace detail {

TEMPA_INLINE HostPool& HostPool::instance() {
  static auto* const pool = new HostPool;
  return *pool;
}

TEMPA_INLINE std::size_t HostPool::size_class(std::size_t bytes) {
  if (bytes <= 256) return 256;
  if (bytes >= kLargeBytes) return MemoryArena::round_up(bytes);
  const int quarter = static_cast<int>(std::bit_width(bytes - 1)) - 3;  // the logarithm of a quarter of that power
  return (((bytes - 1) >> quarter) + 1) << quarter;
}

TEMPA_INLINE void* HostPool::take(std::size_t bytes) {
  const std::scoped_lock lock(mutex_);
  void* block = take_or_null(bytes);
  if (block == nullptr) {
    release_cached_locked();
    block = take_or_null(bytes);
  }
  if (block == nullptr)
    throw OutOfMemoryError(concat("[Tensor] could not allocate ", bytes, " bytes of host memory; ",
                                  stats_.allocated_bytes, " bytes are in use by tensors"));
  stats_.allocated_bytes += bytes;
  stats_.peak_bytes = std::max(stats_.peak_bytes, stats_.allocated_bytes);
  return block;
}

TEMPA_INLINE void HostPool::give(void* block, std::size_t bytes) noexcept {
  const std::scoped_lock lock(mutex_);
  stats_.allocated_bytes -= bytes;
  if (is_from_arena(bytes)) return arena_.give(block);
  if (caches_ && small_cached_bytes_ + bytes <= kMaxSmallCachedBytes) {
    try {
      free_[bytes].push_back(block);
      small_cached_bytes_ += bytes;
      return;
    } catch (const std::bad_alloc&) {  // no room for the list entry: return the block to the system instead
    }
  }
  release(block);
}

TEMPA_INLINE void HostPool::release_cached() {
  const std::scoped_lock lock(mutex_);
  release_cached_locked();
}

TEMPA_INLINE MemoryStats HostPool::stats() {
  const std::scoped_lock lock(mutex_);
  MemoryStats result = stats_;
  result.cached_bytes = small_cached_bytes_ + arena_.free_bytes();
  result.system_requests += arena_.system_requests();
  return result;
}

TEMPA_INLINE void HostPool::reset_peak() {
  const std::scoped_lock lock(mutex_);
  stats_.peak_bytes = stats_.allocated_bytes;
}

TEMPA_INLINE void* HostPool::take_or_null(std::size_t bytes) {
  if (is_from_arena(bytes)) {
    try {
      return arena_.take(bytes);
    } catch (const std::bad_alloc&) {  // no room for its lists
      return nullptr;
    }
  }
  if (const auto found = free_.find(bytes); found != free_.end() && !found->second.empty()) {
    void* const block = found->second.back();
    found->second.pop_back();
    small_cached_bytes_ -= bytes;
    return block;
  }
  ++stats_.system_requests;
  return ::operator new (bytes, std::align_val_t{kAlignment}, std::nothrow);
}

TEMPA_INLINE void HostPool::release_cached_locked() {
  for (auto& [bytes, blocks] : free_)
    for (void* block : blocks) release(block);
  free_.clear();
  small_cached_bytes_ = 0;
  arena_.release_free();
}

TEMPA_INLINE void check_element_count(std::size_t count, std::size_t element_bytes) {
  if (count > (SIZE_MAX >> 1) / element_bytes)
    throw OutOfMemoryError(concat("[Tensor] could not allocate ", count, " elements of ", element_bytes, " bytes"));
}

}  // namespace detail

TEMPA_INLINE MemoryStats memory_stats() { return detail::HostPool::instance().stats(); }

TEMPA_INLINE void reset_peak_memory() { detail::HostPool::instance().reset_peak(); }

TEMPA_INLINE void release_cached_memory() { detail::HostPool::instance().release_cached(); }

}  // namespace tempa::inline TEMPA_ABI
