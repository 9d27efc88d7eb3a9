// Indices for kernels that look up, and what is thrown for bad ones.
#pragma once

#include <tempa/core/random.hpp>
#include <tempa/device/cuda/runtime.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace tempa::test {

inline std::vector<std::int32_t> indices(Index count, Index bound, std::uint64_t seed) {
  Generator generator(seed);
  std::vector<std::int32_t> result;
  for (Index i = 0; i < count; ++i) result.push_back(static_cast<std::int32_t>(generator.below(bound)));
  return result;
}

/// The text of what waiting for the device throws.
template <typename E, typename F>
std::string complaint(const F& launches) {
  launches(cuda::current_backend(0));
  try {
    cuda::synchronize(cuda::current_backend(0));
  } catch (const E& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace tempa::test
