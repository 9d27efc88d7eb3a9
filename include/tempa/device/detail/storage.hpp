// Host memory for tensors: aligned, and cached, so that a steady training step requests no memory from the system.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/detail/compiled.hpp>
#include <tempa/core/error.hpp>
#include <tempa/device/detail/memory_arena.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <vector>

#ifdef TEMPA_ADDRESS_SANITIZER
#define TEMPA_CACHE_MEMORY 0  // under AddressSanitizer nothing is cached, so that it sees uses of freed blocks
#else
#define TEMPA_CACHE_MEMORY 1
#endif

TEMPA_COMPILED_FILE("core");

namespace tempa::inline TEMPA_ABI {

/// Bytes of host memory that tensors hold.
struct MemoryStats {
  std::size_t allocated_bytes = 0;    ///< in use by tensors now
  std::size_t peak_bytes = 0;         ///< largest `allocated_bytes` since the start or `reset_peak_memory`
  std::size_t cached_bytes = 0;       ///< free, kept for reuse
  std::uint64_t system_requests = 0;  ///< how many requests were made to the system since the start
};

namespace detail {

/// Small blocks by size class, which is a quarter of a power of two, so that at most a fifth of a block is unused;
/// large ones from a `MemoryArena`, which keeps what the largest use so far needed. Safe to call from several threads.
class HostPool {
 public:
  static constexpr std::size_t kAlignment = 64;  // a cache line, and an AVX-512 register
  static constexpr std::size_t kLargeBytes = std::size_t{1} << 20;
  static constexpr std::size_t kMaxSmallCachedBytes = std::size_t{256} << 20;

  /// @param caches whether freed blocks are kept.
  explicit HostPool(bool caches = TEMPA_CACHE_MEMORY != 0) : caches_(caches) {}
  HostPool(const HostPool&) = delete;
  HostPool& operator=(const HostPool&) = delete;
  ~HostPool() { release_cached(); }

  /// The pool of this process. Never destroyed: a static tensor may outlive every other static object.
  static HostPool& instance() {
    static auto* const pool = new HostPool;
    return *pool;
  }

  static std::size_t size_class(std::size_t bytes) {
    if (bytes <= 256) return 256;
    if (bytes >= kLargeBytes) return MemoryArena::round_up(bytes);
    const int quarter = static_cast<int>(std::bit_width(bytes - 1)) - 3;  // the logarithm of a quarter of that power
    return (((bytes - 1) >> quarter) + 1) << quarter;
  }

  /// @param bytes a size class. @throws OutOfMemoryError.
  void* take(std::size_t bytes) {
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

  /// @param bytes that were requested.
  void give(void* block, std::size_t bytes) noexcept {
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

  void release_cached() {
    const std::scoped_lock lock(mutex_);
    release_cached_locked();
  }

  MemoryStats stats() {
    const std::scoped_lock lock(mutex_);
    MemoryStats result = stats_;
    result.cached_bytes = small_cached_bytes_ + arena_.free_bytes();
    result.system_requests += arena_.system_requests();
    return result;
  }

  void reset_peak() {
    const std::scoped_lock lock(mutex_);
    stats_.peak_bytes = stats_.allocated_bytes;
  }

 private:
  bool is_from_arena(std::size_t bytes) const { return caches_ && bytes >= kLargeBytes; }

  void* take_or_null(std::size_t bytes) {
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

  static void release(void* block) noexcept { ::operator delete (block, std::align_val_t{kAlignment}); }

  void release_cached_locked() {
    for (auto& [bytes, blocks] : free_)
      for (void* block : blocks) release(block);
    free_.clear();
    small_cached_bytes_ = 0;
    arena_.release_free();
  }

  const bool caches_;
  std::mutex mutex_;
  std::map<std::size_t, std::vector<void*>> free_;  // small blocks, by size
  std::size_t small_cached_bytes_ = 0;
  MemoryArena arena_;
  MemoryStats stats_;  // except for what is counted elsewhere: cached bytes, and requests of the arena
};

}  // namespace detail

namespace detail {
/// @throws OutOfMemoryError for a number of bytes that does not fit an address.
inline void check_element_count(std::size_t count, std::size_t element_bytes) {
  if (count > (SIZE_MAX >> 1) / element_bytes)
    throw OutOfMemoryError(concat("[Tensor] could not allocate ", count, " elements of ", element_bytes, " bytes"));
}
}  // namespace detail

/// Shared ownership of `count` uninitialized elements, 64-byte aligned.
/// @throws OutOfMemoryError when the system has no more, with the bytes in use by tensors.
template <typename T>
std::shared_ptr<T[]> allocate_host(std::size_t count) {
  detail::check_element_count(count, sizeof(T));
  const std::size_t bytes = detail::HostPool::size_class(count * sizeof(T));
  auto* block = static_cast<T*>(detail::HostPool::instance().take(bytes));
  return std::shared_ptr<T[]>(block, [bytes](T* memory) { detail::HostPool::instance().give(memory, bytes); });
}

/// Host memory held by tensors now, at its peak, and kept for reuse.
inline MemoryStats memory_stats() { return detail::HostPool::instance().stats(); }

/// Starts a new measurement of `MemoryStats::peak_bytes`.
inline void reset_peak_memory() { detail::HostPool::instance().reset_peak(); }

/// Returns the cached blocks to the system.
inline void release_cached_memory() { detail::HostPool::instance().release_cached(); }

}  // namespace tempa::inline TEMPA_ABI
