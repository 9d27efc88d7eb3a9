// What every test file would compile again: Catch2, and Eigen's matrix products, which precompiled.cpp compiles once.
#pragma once

#include <tempa/cpu/gemm.hpp>

#include "support/catch.hpp"

#define TEMPA_TESTS_PRODUCT(KEYWORDS, T)                                                                             \
  KEYWORDS void eigen_gemm<T>(Transpose, Transpose, Index, Index, Index, T, const T*, Index, const T*, Index, T, T*, \
                              Index)

namespace tempa::inline TEMPA_ABI::cpu::detail {

TEMPA_TESTS_PRODUCT(extern template, float);
TEMPA_TESTS_PRODUCT(extern template, double);

}  // namespace tempa::inline TEMPA_ABI::cpu::detail
