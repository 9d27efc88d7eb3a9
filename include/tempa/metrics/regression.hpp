// Errors of predicted numbers, and their correlation with the true ones.
#pragma once

#include <tempa/core/config.hpp>

#include <span>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Mean of (target - prediction)^2.
/// @param targets (n). @param predictions (n).
/// @throws ShapeError when the sizes differ; ValueError when there is none. @source scikit-learn `mean_squared_error`
double mean_squared_error(std::span<const double> targets, std::span<const double> predictions);

/// Mean of |target - prediction|.
/// @param targets (n). @param predictions (n).
/// @throws ShapeError when the sizes differ; ValueError when there is none. @source scikit-learn `mean_absolute_error`
double mean_absolute_error(std::span<const double> targets, std::span<const double> predictions);

/// Pearson's r = cov(targets, predictions) / (s(targets) s(predictions)).
/// @param targets (n). @param predictions (n).
/// @return in [-1,1]; NaN where all targets or all predictions are the same, as they are for n = 1.
/// @throws ShapeError when the sizes differ; ValueError when there is none. @source scipy.stats.pearsonr
double pearson_correlation(std::span<const double> targets, std::span<const double> predictions);

/// Ranks from 1 in rising order; equal values share the mean of theirs.
/// @param values (n) without NaN. @return (n). @source scipy.stats.rankdata
std::vector<double> average_ranks(std::span<const double> values);

/// Spearman's rho: Pearson's r of the ranks.
/// @param targets (n). @param predictions (n).
/// @return in [-1,1]; NaN where all targets or all predictions are the same, or one is NaN.
/// @throws ShapeError when the sizes differ; ValueError when there is none. @source scipy.stats.spearmanr
double spearman_correlation(std::span<const double> targets, std::span<const double> predictions);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/metrics/impl/regression.ipp>
#endif
