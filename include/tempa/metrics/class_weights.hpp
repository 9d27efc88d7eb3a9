// Class weights that balance rare and frequent classes.
#pragma once

#include <tempa/core/shape.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// n / (K n_k): weights that give every class the same total weight, e.g. for `ClassificationLossOptions`.
/// @param labels (n) class of each row. @param num_classes K.
/// @return (K); 0 for a class without rows.
/// @throws ValueError for a class outside of [0,K). @source scikit-learn `compute_class_weight("balanced")`
std::vector<double> balanced_class_weights(std::span<const std::int32_t> labels, Index num_classes);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/metrics/impl/class_weights.ipp>
#endif
