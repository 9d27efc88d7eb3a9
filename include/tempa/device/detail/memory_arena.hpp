// Allocates large blocks from larger segments of memory. A freed block is merged with its free neighbors, so that
// batches of different sizes can reuse the same memory.
#pragma once

#include <tempa/core/config.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

namespace tempa::inline TEMPA_ABI::detail {

/// Allocates segments from the system and divides them into blocks, the smallest free one that fits first. Not safe to
/// call from several threads at once.
class MemoryArena {
 public:
  static constexpr std::size_t kAlignment = 4096;  // a block shares no page with another
  /// At least. The system provides pages when they are written.
  static constexpr std::size_t kSegmentBytes = std::size_t{64} << 20;

  MemoryArena() = default;
  MemoryArena(const MemoryArena&) = delete;
  MemoryArena& operator=(const MemoryArena&) = delete;
  ~MemoryArena() { release_free(); }

  static constexpr std::size_t round_up(std::size_t bytes) {
    return (bytes + kAlignment - 1) / kAlignment * kAlignment;
  }

  /// A block of at least `bytes`, uninitialized; nullptr when the system has no more. @throws std::bad_alloc when there
  /// is no room for the lists.
  void* take(std::size_t bytes);

  /// Frees a block of `take`.
  void give(void* memory) noexcept;

  /// Returns completely free segments to the system.
  void release_free() noexcept;

  std::size_t free_bytes() const { return free_bytes_; }
  /// How many segments were requested from the system.
  std::uint64_t system_requests() const { return system_requests_; }

 private:
  struct Block {
    std::size_t bytes;
    std::size_t segment_bytes;  // of the segment that begins here, else 0
    bool is_free;
  };
  using Blocks = std::map<std::byte*, Block>;  // all blocks of all segments
  using FreeBlocks = std::set<std::pair<std::size_t, std::byte*>>;

  /// Whether `after` directly follows `block` in the same segment.
  static bool continues(Blocks::const_iterator block, Blocks::const_iterator after);

  FreeBlocks::iterator add_segment(std::size_t bytes);

  Blocks blocks_;
  FreeBlocks free_;
  std::size_t free_bytes_ = 0;
  std::uint64_t system_requests_ = 0;
};

}  // namespace tempa::inline TEMPA_ABI::detail

#if !defined(TEMPA_SEPARATE)
#include <tempa/device/detail/impl/memory_arena.ipp>
#endif
