// The pool of host memory: what is used again, what is given back, and that no block serves two tensors.
#include "support/catch.hpp"

#include <tempa/core/error.hpp>
#include <tempa/core/random.hpp>
#include <tempa/device/detail/storage.hpp>

#include <cstdint>
#include <thread>
#include <vector>

namespace storage_test {

using namespace tempa;
using detail::HostPool;
using detail::MemoryArena;

namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

/// Takes blocks of these sizes one after the other, then gives them back, the first one first.
void use(HostPool& pool, const std::vector<std::size_t>& sizes) {
  std::vector<void*> blocks;
  for (const std::size_t bytes : sizes) blocks.push_back(pool.take(HostPool::size_class(bytes)));
  for (std::size_t i = 0; i < sizes.size(); ++i) pool.give(blocks[i], HostPool::size_class(sizes[i]));
}

}  // namespace

TEST_CASE("Host pool: batches of any size up to the largest live in the same memory", "[core]") {
  HostPool pool(true);
  const std::vector<std::size_t> largest = {40 * kMiB, 30 * kMiB, 90 * kMiB, 2 * kMiB, 30 * kMiB, 1000, 100};
  use(pool, largest);
  const MemoryStats first = pool.stats();
  CHECK(first.allocated_bytes == 0);
  CHECK(first.cached_bytes <= first.peak_bytes + 2 * MemoryArena::kSegmentBytes);
  for (const std::size_t percent : {60u, 95u, 71u, 100u, 83u, 12u}) {
    std::vector<std::size_t> sizes = largest;
    for (std::size_t& bytes : sizes) bytes = bytes < kMiB ? bytes : bytes / 100 * percent + kMiB;
    sizes[2] = percent * kMiB / 2;
    use(pool, sizes);
  }
  use(pool, largest);
  const MemoryStats last = pool.stats();
  CHECK(last.system_requests == first.system_requests);
  CHECK(last.cached_bytes == first.cached_bytes);
  pool.release_cached();
  CHECK(pool.stats().cached_bytes == 0);
}

TEST_CASE("Memory arena: what is given back joins its neighbours in any order", "[core]") {
  const std::vector<std::vector<std::size_t>> orders = {{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}, {2, 0, 3, 1}};
  for (const auto& order : orders) {
    MemoryArena arena;
    std::vector<void*> blocks;
    for (int i = 0; i < 4; ++i) blocks.push_back(arena.take(MemoryArena::kSegmentBytes / 4));
    CHECK(arena.free_bytes() == 0);
    for (const std::size_t i : order) arena.give(blocks[i]);
    CHECK(arena.free_bytes() == MemoryArena::kSegmentBytes);
    void* const whole = arena.take(MemoryArena::kSegmentBytes);  // one piece again
    CHECK(arena.system_requests() == 1);
    void* const more = arena.take(1);
    CHECK(arena.system_requests() == 2);
    arena.give(whole);
    arena.release_free();
    CHECK(arena.free_bytes() == MemoryArena::kSegmentBytes - MemoryArena::kAlignment);  // of the segment in use
    arena.give(more);
    arena.release_free();
    CHECK(arena.free_bytes() == 0);
  }
}

TEST_CASE("Host pool: more than there is, is an error that says so, and changes nothing", "[core]") {
  HostPool pool(true);
  void* const kept = pool.take(HostPool::size_class(5 * kMiB));
  const MemoryStats before = pool.stats();
  CHECK_THROWS_AS(pool.take(HostPool::size_class(SIZE_MAX / 4)), OutOfMemoryError);
  CHECK(pool.stats().allocated_bytes == before.allocated_bytes);
  pool.give(kept, HostPool::size_class(5 * kMiB));
  CHECK(pool.stats().allocated_bytes == 0);
}

TEST_CASE("Host pool: without caching every block goes back at once", "[core]") {
  HostPool pool(false);
  use(pool, {kMiB, 100});
  use(pool, {kMiB, 100});
  CHECK(pool.stats().system_requests == 4);
  CHECK(pool.stats().cached_bytes == 0);
}

TEST_CASE("Host pool: blocks of several threads never overlap", "[core]") {
  struct Held {
    void* block;
    std::size_t bytes;
  };
  HostPool pool(true);
  std::vector<int> broken(4, 0);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&pool, &broken, t] {
      Generator generator(static_cast<std::uint64_t>(t));
      std::vector<Held> held;
      const auto drop = [&](std::size_t i) {
        const auto* const bytes = static_cast<const unsigned char*>(held[i].block);
        const unsigned char mark = bytes[0];
        if (mark / 64 != t || bytes[held[i].bytes - 1] != mark || bytes[held[i].bytes / 2] != mark)
          ++broken[static_cast<std::size_t>(t)];
        pool.give(held[i].block, held[i].bytes);
        held[i] = held.back();
        held.pop_back();
      };
      for (int round = 0; round < 2000; ++round) {
        if (held.size() > 12) drop(static_cast<std::size_t>(generator.below(static_cast<Index>(held.size()))));
        const std::size_t bytes =
            HostPool::size_class(static_cast<std::size_t>(1 + generator.below(9)) << (round % 21));
        void* const block = pool.take(bytes);
        if (reinterpret_cast<std::uintptr_t>(block) % HostPool::kAlignment != 0) ++broken[static_cast<std::size_t>(t)];
        auto* const memory = static_cast<unsigned char*>(block);
        memory[0] = memory[bytes / 2] = memory[bytes - 1] = static_cast<unsigned char>(64 * t + round % 64);
        held.push_back({block, bytes});
      }
      while (!held.empty()) drop(held.size() - 1);
    });
  for (auto& thread : threads) thread.join();
  CHECK(broken == std::vector<int>(4, 0));
  CHECK(pool.stats().allocated_bytes == 0);
}

}  // namespace storage_test
