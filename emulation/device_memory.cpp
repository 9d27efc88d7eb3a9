#include "emulation/device_memory.hpp"

#include <tempa/core/config.hpp>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

#ifdef TEMPA_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes) (static_cast<void>(address), static_cast<void>(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) (static_cast<void>(address), static_cast<void>(bytes))
#endif

namespace emulation {

namespace {

constexpr std::align_val_t kAlignment{256};
constexpr int kGarbage =
    0xcb;  // fresh memory is not zero: as a float -2.7e7, as a bfloat16 -2.7e7, as an integer negative

}  // namespace

DeviceMemory& DeviceMemory::instance() {
  static auto* const memory = new DeviceMemory;  // never destroyed: a static tensor may give memory back late
  return *memory;
}

void* DeviceMemory::allocate(std::size_t bytes, std::size_t limit_bytes) {
  const std::scoped_lock lock(mutex_);
  if (bytes > limit_bytes || allocated_bytes_ > limit_bytes - bytes) return nullptr;
  auto* const block = static_cast<std::byte*>(::operator new(bytes, kAlignment, std::nothrow));
  if (block == nullptr) return nullptr;
  std::memset(block, kGarbage, bytes);
  blocks_[block] = {bytes, bytes};
  allocated_bytes_ += bytes;
  if (accesses_ == 0) ASAN_POISON_MEMORY_REGION(block, bytes);
  return block;
}

bool DeviceMemory::release(void* p) {
  const std::scoped_lock lock(mutex_);
  const auto found = blocks_.find(static_cast<std::byte*>(p));
  if (found == blocks_.end()) return false;
  allocated_bytes_ -= found->second.bytes;
  ASAN_UNPOISON_MEMORY_REGION(p, found->second.bytes);
  blocks_.erase(found);
  ::operator delete(p, kAlignment);
  return true;
}

bool DeviceMemory::set_bytes_in_use(void* p, std::size_t bytes) {
  const std::scoped_lock lock(mutex_);
  const auto found = blocks_.find(static_cast<std::byte*>(p));
  if (found == blocks_.end() || bytes > found->second.bytes) return false;
  found->second.bytes_in_use = bytes;
  ASAN_POISON_MEMORY_REGION(p, found->second.bytes);
  if (accesses_ > 0) ASAN_UNPOISON_MEMORY_REGION(p, bytes);
  return true;
}

bool DeviceMemory::contains(const void* p, std::size_t bytes) {
  const std::scoped_lock lock(mutex_);
  const auto address = reinterpret_cast<std::uintptr_t>(p);
  auto found = blocks_.upper_bound(const_cast<std::byte*>(static_cast<const std::byte*>(p)));
  if (found == blocks_.begin()) return false;
  --found;
  const auto begin = reinterpret_cast<std::uintptr_t>(found->first);
  return bytes <= found->second.bytes_in_use && address - begin <= found->second.bytes_in_use - bytes;
}

std::size_t DeviceMemory::allocated_bytes() {
  const std::scoped_lock lock(mutex_);
  return allocated_bytes_;
}

void DeviceMemory::open_all() {
  const std::scoped_lock lock(mutex_);
  if (accesses_++ > 0) return;
  for (const auto& [p, block] : blocks_) ASAN_UNPOISON_MEMORY_REGION(p, block.bytes_in_use);
}

void DeviceMemory::close_all() {
  const std::scoped_lock lock(mutex_);
  if (--accesses_ > 0) return;
  for (const auto& [p, block] : blocks_) ASAN_POISON_MEMORY_REGION(p, block.bytes_in_use);
}

DeviceMemory::Access::Access() { instance().open_all(); }
DeviceMemory::Access::~Access() { instance().close_all(); }

}  // namespace emulation
