// What a classifier predicts.
#pragma once

#include <tempa/core/config.hpp>

#include <array>
#include <string_view>
#include <utility>

namespace tempa::inline TEMPA_ABI {

/// What a classifier predicts: one class, several independent labels, or numbers.
enum class ProblemType { kRegression, kSingleLabelClassification, kMultiLabelClassification };

/// The names of the problem types in config.json.
inline constexpr std::array<std::pair<ProblemType, std::string_view>, 3> kProblemTypeNames{
    {{ProblemType::kRegression, "regression"},
     {ProblemType::kSingleLabelClassification, "single_label_classification"},
     {ProblemType::kMultiLabelClassification, "multi_label_classification"}}};

}  // namespace tempa::inline TEMPA_ABI
