// Element types by their size: kernels that only move elements are shared by all types of one size.
#pragma once

#include "kernels/device/platform.cuh"

#include <bit>
#include <cstdint>
#include <type_traits>

namespace tempa::inline TEMPA_ABI::cuda {

/// The unsigned integer of the size of `T`.
template <Element T>
using Bits = std::conditional_t<sizeof(T) == 1, std::uint8_t,
                                std::conditional_t<sizeof(T) == 2, std::uint16_t,
                                                   std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>>>;

template <Element T>
Bits<T>* as_bits(T* p) {
  return reinterpret_cast<Bits<T>*>(p);
}
template <Element T>
const Bits<T>* as_bits(const T* p) {
  return reinterpret_cast<const Bits<T>*>(p);
}

}  // namespace tempa::inline TEMPA_ABI::cuda
