// How much memory a call asks for, and whether it ends as a reader of a damaged file may end.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/device/storage.hpp>

#include <atomic>
#include <cstddef>

/// Bytes that this program has asked for, also what it gave back at once. Counted by support/counting_new.hpp.
extern std::atomic<std::size_t> requested_bytes;

enum class Outcome { kRead, kRefused };

/// Runs `read`, which may throw a FormatError and nothing else.
/// @param requested of memory meanwhile, in bytes.
template <typename Read>
Outcome attempt(const Read& read, std::size_t& requested) {
  tempa::release_cached_memory();  // a block that is used again would not be counted
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

/// Names, lists and messages stay below this, each growth of a buffer counted anew; a number of the file that was
/// believed would ask for more by far.
inline std::size_t warranted_bytes(std::size_t file_bytes) { return 64 * file_bytes + 16384; }
