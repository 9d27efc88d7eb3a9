// How many examples each class has, as a picture.
#pragma once

#include <tempa/plot/picture.hpp>

#include <span>
#include <string>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Class counts of a part of the data: "train", "valid", "test".
struct ClassDistribution {
  std::string name;
  std::vector<Index> counts;  ///< (K)
};

/// Options of `plot_class_distribution`.
struct ClassDistributionOptions {
  std::string title{};
  std::string x_label = "Examples";
  double width = 460;
};

/// Examples of each class. @param labels (n) classes from 0 to K-1. @param num_classes K.
/// @throws ValueError for a label out of range.
std::vector<Index> count_classes(std::span<const std::int32_t> labels, Index num_classes);

/// Bars with the number and the share of each class; several parts of the data side by side. The picture is as high as
/// the classes need.
/// @param parts with K counts each. @param names of the K classes, or none for their numbers.
/// @throws ShapeError when the numbers of classes differ; ValueError for a negative count, no part, no class, more than
///   400 bars or invalid UTF-8.
Picture plot_class_distribution(const std::vector<ClassDistribution>& parts, const std::vector<std::string>& names = {},
                                const ClassDistributionOptions& options = {});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/plot/impl/class_distribution_plot.ipp>
#endif
