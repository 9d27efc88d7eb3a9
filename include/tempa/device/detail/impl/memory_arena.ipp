// The bodies of <tempa/device/detail/memory_arena.hpp>.
#pragma once

#include <tempa/device/detail/memory_arena.hpp>

#include <algorithm>
#include <iterator>
#include <new>

namespace tempa::inline TEMPA_ABI::detail {

TEMPA_INLINE void* MemoryArena::take(std::size_t bytes) {
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

TEMPA_INLINE void MemoryArena::give(void* memory) noexcept {
  auto block = blocks_.find(static_cast<std::byte*>(memory));
  free_bytes_ += block->second.bytes;
  if (const auto after = std::next(block); after != blocks_.end() && continues(block, after) && after->second.is_free) {
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

TEMPA_INLINE void MemoryArena::release_free() noexcept {
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

TEMPA_INLINE bool MemoryArena::continues(Blocks::const_iterator block, Blocks::const_iterator after) {
  return after->second.segment_bytes == 0 && block->first + block->second.bytes == after->first;
}

TEMPA_INLINE auto MemoryArena::add_segment(std::size_t bytes) -> FreeBlocks::iterator {
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

}  // namespace tempa::inline TEMPA_ABI::detail
