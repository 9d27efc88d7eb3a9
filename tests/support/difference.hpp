// The difference of a tensor from the expected one.
#pragma once

#include <tempa/tensor/tensor.hpp>

#include <algorithm>
#include <cmath>

/// Largest |a - b|, relative to the largest |b|; infinite for another number of elements.
template <typename T>
double difference(const tempa::Tensor<T>& a, const tempa::Tensor<double>& b) {
  if (a.numel() != b.numel()) return HUGE_VAL;
  double worst = 0, scale = 1e-300;
  for (tempa::Index i = 0; i < b.numel(); ++i) {
    worst = std::max(worst, std::abs(static_cast<double>(a.data()[i]) - b.data()[i]));
    scale = std::max(scale, std::abs(b.data()[i]));
  }
  return worst / scale;
}
