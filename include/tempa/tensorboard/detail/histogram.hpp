// Histograms in TensorBoard's buckets.
#pragma once

#include <tempa/tensor/tensor.hpp>
#include <tempa/tensorboard/detail/event.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Limits of TensorBoard's buckets: 0, and ±1e-12 · 1.1^k below 1e20.
/// @return 1549 limits, increasing.
/// @source torch.utils.tensorboard, bins="tensorflow"; tensorflow histogram.cc
const std::vector<double>& tensorboard_bins();

/// Counts values in TensorBoard's buckets [limit, next limit); only those from the first to the last nonempty one are
/// kept, with an empty one before them, because the file has no left ends. Values outside of ±1e20, infinities and NaN
/// are in no bucket, but in `num`, `sum` and `sum_squares`.
/// @param values of any size but 0.
/// @throws ValueError when no value is in a bucket.
/// @source torch.utils.tensorboard.summary.make_histogram
HistogramSummary make_histogram(std::span<const double> values);

/// The same of a tensor of any type.
template <Element T>
HistogramSummary make_histogram(const Tensor<T>& values) {
  const Tensor<T> host = values.to(Device::cpu());
  std::vector<double> wide;
  wide.reserve(static_cast<std::size_t>(host.numel()));
  for (const T value : host.span()) wide.push_back(element_cast<double>(value));
  return make_histogram(std::span<const double>(wide));
}

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/tensorboard/detail/impl/histogram.ipp>
#endif
