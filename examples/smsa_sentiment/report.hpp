// What the example prints and writes about a run.
#pragma once

#include <tempa/tempa.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

struct Report {
  std::vector<tempa::EpochRecord> train;
  std::optional<tempa::Evaluation> valid, test;
};

inline void print_test_report(std::ostream& out, const tempa::Evaluation& test, const std::vector<std::string>& names) {
  out << "\nTest file\n"
      << tempa::classification_report(test.confusion, {.names = names, .digits = 4})
      << "\nRows: true class; columns: predicted\n"
      << tempa::confusion_matrix_text(test.confusion, names);
}

/// @param probabilities (1,K)
inline void print_probabilities(std::ostream& out, std::string_view text, const tempa::Tensor<float>& probabilities,
                                const std::vector<std::string>& names) {
  const auto values = probabilities.to_vector();
  const auto best = static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin());
  out << "  " << text << "\n    " << names[best] << ':';
  for (std::size_t k = 0; k < values.size(); ++k) {
    char value[16];
    std::snprintf(value, sizeof value, " %.4f", static_cast<double>(values[k]));
    out << ' ' << names[k] << value;
  }
  out << '\n';
}

inline nlohmann::json evaluation_json(const tempa::Evaluation& evaluation, const std::vector<std::string>& names) {
  std::vector<std::vector<tempa::Index>> rows;
  for (tempa::Index i = 0; i < evaluation.confusion.num_classes(); ++i) {
    rows.emplace_back();
    for (tempa::Index j = 0; j < evaluation.confusion.num_classes(); ++j)
      rows.back().push_back(evaluation.confusion(i, j));
  }
  const auto& scores = evaluation.scores;
  return {{"loss", scores.loss},
          {"accuracy", scores.accuracy},
          {"f1_macro", scores.f1_macro},
          {"recall_macro", scores.recall_macro},
          {"precision_macro", scores.precision_macro},
          {"confusion_matrix", rows},
          {"labels", names}};
}

inline void write_metrics(const std::filesystem::path& path, const Report& report,
                          const std::vector<std::string>& names) {
  nlohmann::json root{{"train", nlohmann::json::array()}};
  for (const tempa::EpochRecord& epoch : report.train) {
    nlohmann::json entry{{"epoch", epoch.epoch},
                         {"loss", epoch.train.loss},
                         {"accuracy", epoch.train.accuracy},
                         {"f1", epoch.train.f1_macro},
                         {"lr", epoch.lr},
                         {"seconds", epoch.seconds},
                         {"tokens_per_second", epoch.tokens_per_second}};
    if (epoch.valid)
      entry["valid"] = {
          {"loss", epoch.valid->loss}, {"accuracy", epoch.valid->accuracy}, {"f1", epoch.valid->f1_macro}};
    root["train"].push_back(entry);
  }
  root["valid"] = evaluation_json(*report.valid, names);
  root["test"] = evaluation_json(*report.test, names);
  tempa::write_json(path.string(), root);
}
