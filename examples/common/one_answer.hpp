// Warns about a model that predicts the same for every row.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/metrics/sole_prediction.hpp>
#include <tempa/train/evaluation.hpp>

#include <cstddef>
#include <iostream>
#include <string>
#include <vector>

/// Prints to standard error what was predicted for every row, and what to try.
/// @param where such as "TEST" or "VALID, column fuel". @param weights whether the program has --class-weights.
inline void warn_of_one_answer(const std::string& where, const std::string& answer, bool weights) {
  std::cerr << "warning: " << where << ": the model predicts " << answer
            << " for every row, whatever the text. Try more epochs (--epochs), a higher learning rate (--lr)"
            << (weights ? ", --class-weights balanced" : "")
            << ", and look whether the texts and the labels are the columns that you mean.\n";
}

/// The same, if an evaluation shows it. @param names (K) of the labels.
inline void warn_of_one_answer(const std::string& where, const tempa::Evaluation& evaluation,
                               const std::vector<std::string>& names, bool weights) {
  if (evaluation.confusion) {
    if (const auto label = tempa::sole_prediction(*evaluation.confusion))
      warn_of_one_answer(where, '"' + names[static_cast<std::size_t>(*label)] + '"', weights);
  } else if (evaluation.problem == tempa::ProblemType::kMultiLabelClassification) {
    const auto labels = tempa::sole_prediction(evaluation.targets, evaluation.outputs);
    if (!labels) return;
    std::string list;
    for (const tempa::Index label : *labels)
      list += (list.empty() ? "\"" : ", \"") + names[static_cast<std::size_t>(label)] + '"';
    warn_of_one_answer(where, list.empty() ? "no label" : list, false);
  }
}
