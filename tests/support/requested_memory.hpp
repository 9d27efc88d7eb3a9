// Measures how much memory a call requests, and checks how a reader of a damaged file ends.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/device/detail/storage.hpp>

#include <atomic>
#include <cstddef>

/// Bytes that this program has requested, including those that it freed again. Counted by support/counting_new.hpp.
extern std::atomic<std::size_t> requested_bytes;

enum class Outcome { kRead, kRefused };

/// Runs `read`, which may throw a FormatError and nothing else.
/// @param requested receives the memory requested by `read`, in bytes.
template <typename Read>
Outcome attempt(const Read& read, std::size_t& requested) {
  tempa::release_cached_memory();  // a reused block would not be counted
  const std::size_t before = requested_bytes;
  Outcome outcome = Outcome::kRead;
  try {
    read();
  } catch (const tempa::FormatError&) {
    outcome = Outcome::kRefused;
  }
  requested = requested_bytes - before;
  return outcome;
}

/// Names, lists and messages stay below this, even though each growth of a buffer is counted; an allocation by an
/// unchecked number of the file would be far above it.
inline std::size_t warranted_bytes(std::size_t file_bytes) { return 64 * file_bytes + 16384; }
