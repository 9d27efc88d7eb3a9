// Allocates large blocks from larger segments of memory. A freed block is merged with its free neighbors, so that
// batches of different sizes can reuse the same memory.
#pragma once

#include <tempa/core/config.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <new>
#include <set>
#include <utility>

namespace tempa::inline TEMPA_ABI::detail {

/// Allocates segments from the system and divides them into blocks, the smallest free one that fits first. Not safe to
/// call from several threads at once.
class MemoryArena {
 public:
  static constexpr std::size_t kAlignment = 4096;  // a block shares no page with another
  static constexpr std::size_t kSegmentBytes = std::size_t{64}
                                               << 20;  // at least; the system provides pages when they are written

  MemoryArena() = default;
  MemoryArena(const MemoryArena&) = delete;
  MemoryArena& operator=(const MemoryArena&) = delete;
  ~MemoryArena() { release_free(); }

  static constexpr std::size_t round_up(std::size_t bytes) {
    return (bytes + kAlignment - 1) / kAlignment * kAlignment;
  }

  /// A block of at least `bytes`, uninitialized; nullptr when the system has no more. @throws std::bad_alloc when there
  /// is no room for the lists.
  void* take(std::size_t bytes) {
    bytes = round_up(bytes);
    auto found = free_.lower_bound({bytes, nullptr});
    if (found == free_.end()) {
      found = add_segment(std::max(bytes, kSegmentBytes));
      if (found == free_.end() && bytes < kSegmentBytes) found = add_segment(bytes);
      if (found == free_.end()) return nullptr;
    }
    const auto block = blocks_.find(found->second);
    if (const std::size_t rest = block->second.bytes - bytes; rest > 0) {
      const auto after = blocks_.emplace_hint(std::next(block), block->first + bytes, Block{rest, 0, true});
      try {
        free_.emplace(rest, after->first);
      } catch (...) {
        blocks_.erase(after);
        throw;
      }
      block->second.bytes = bytes;
    }
    free_.erase(found);
    block->second.is_free = false;
    free_bytes_ -= bytes;
    return block->first;
  }

  /// Frees a block of `take`.
  void give(void* memory) noexcept {
    auto block = blocks_.find(static_cast<std::byte*>(memory));
    free_bytes_ += block->second.bytes;
    if (const auto after = std::next(block);
        after != blocks_.end() && continues(block, after) && after->second.is_free) {
      free_.erase({after->second.bytes, after->first});
      block->second.bytes += after->second.bytes;
      blocks_.erase(after);
    }
    if (block != blocks_.begin()) {
      const auto before = std::prev(block);
      if (continues(before, block) && before->second.is_free) {
        free_.erase({before->second.bytes, before->first});
        before->second.bytes += block->second.bytes;
        blocks_.erase(block);
        block = before;
      }
    }
    try {
      free_.emplace(block->second.bytes, block->first);
      block->second.is_free = true;
    } catch (const std::bad_alloc&) {  // no room for the list's entry: the block is not used again
      free_bytes_ -= block->second.bytes;
    }
  }

  /// Returns completely free segments to the system.
  void release_free() noexcept {
    for (auto block = blocks_.begin(); block != blocks_.end();) {
      const auto [bytes, segment_bytes, is_free] = block->second;
      if (!is_free || bytes != segment_bytes) {
        ++block;
        continue;
      }
      free_.erase({bytes, block->first});
      free_bytes_ -= bytes;
      ::operator delete (block->first, std::align_val_t{kAlignment});
      block = blocks_.erase(block);
    }
  }

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
  static bool continues(Blocks::const_iterator block, Blocks::const_iterator after) {
    return after->second.segment_bytes == 0 && block->first + block->second.bytes == after->first;
  }

  FreeBlocks::iterator add_segment(std::size_t bytes) {
    ++system_requests_;
    void* const memory = ::operator new (bytes, std::align_val_t{kAlignment}, std::nothrow);
    if (memory == nullptr) return free_.end();
    try {
      const auto block = blocks_.emplace(static_cast<std::byte*>(memory), Block{bytes, bytes, true}).first;
      try {
        const auto added = free_.emplace(bytes, block->first).first;
        free_bytes_ += bytes;
        return added;
      } catch (...) {
        blocks_.erase(block);
        throw;
      }
    } catch (...) {
      ::operator delete (memory, std::align_val_t{kAlignment});
      throw;
    }
  }

  Blocks blocks_;
  FreeBlocks free_;
  std::size_t free_bytes_ = 0;
  std::uint64_t system_requests_ = 0;
};

}  // namespace tempa::inline TEMPA_ABI::detail
