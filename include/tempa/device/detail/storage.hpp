// Host memory for tensors: aligned, and cached, so that a steady training step requests no memory from the system.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/device/detail/memory_arena.hpp>

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
  static HostPool& instance();

  static std::size_t size_class(std::size_t bytes);

  /// @param bytes a size class. @throws OutOfMemoryError.
  void* take(std::size_t bytes);

  /// @param bytes that were requested.
  void give(void* block, std::size_t bytes) noexcept;

  void release_cached();

  MemoryStats stats();

  void reset_peak();

 private:
  bool is_from_arena(std::size_t bytes) const { return caches_ && bytes >= kLargeBytes; }

  void* take_or_null(std::size_t bytes);

  static void release(void* block) noexcept { ::operator delete (block, std::align_val_t{kAlignment}); }

  void release_cached_locked();

  const bool caches_;
  std::mutex mutex_;
  std::map<std::size_t, std::vector<void*>> free_;  // small blocks, by size
  std::size_t small_cached_bytes_ = 0;
  MemoryArena arena_;
  MemoryStats stats_;  // except for what is counted elsewhere: cached bytes, and requests of the arena
};

/// @throws OutOfMemoryError for a number of bytes that does not fit an address.
void check_element_count(std::size_t count, std::size_t element_bytes);
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
MemoryStats memory_stats();

/// Starts a new measurement of `MemoryStats::peak_bytes`.
void reset_peak_memory();

/// Returns the cached blocks to the system.
void release_cached_memory();

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/device/detail/impl/storage.ipp>
#endif
