// The reductions of a loss, by their names in the fixtures.
#pragma once

#include <tempa/ops/loss_reduction.hpp>

#include <string>
#include <utility>
#include <vector>

inline std::vector<std::pair<std::string, tempa::Reduction>> named_reductions() {
  return {{"mean", tempa::Reduction::kMean}, {"sum", tempa::Reduction::kSum}, {"none", tempa::Reduction::kNone}};
}
