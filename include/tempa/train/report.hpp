// The results of a run: as text, and as metrics.json.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/io/detail/json/json.hpp>
#include <tempa/metrics/report.hpp>
#include <tempa/train/detail/epoch_record.hpp>
#include <tempa/train/evaluation.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

TEMPA_COMPILED_FILE("train");

namespace tempa::inline TEMPA_ABI {

/// The epochs of a training and the evaluations after it; what a run did not do is empty.
struct RunReport {
  std::vector<EpochRecord> train{};
  std::optional<Evaluation> valid{}, test{};
};

/// Scores as text: scikit-learn's report and the confusion matrix where there is one, for several labels the report,
/// else a line for each metric.
/// @param names (K) of the labels. @param digits after the decimal point.
/// @throws ValueError for a wrong number of names.
inline std::string evaluation_report(const Evaluation& evaluation, const std::vector<std::string>& names,
                                     int digits = 4) {
  if (evaluation.confusion)
    return classification_report(*evaluation.confusion, {.names = names, .digits = digits}) +
           "\nRows: true class; columns: predicted\n" + confusion_matrix_text(*evaluation.confusion, names);
  if (evaluation.problem == ProblemType::kMultiLabelClassification)
    return classification_report(evaluation.targets, evaluation.outputs, {.names = names, .digits = digits});
  std::string text;
  for (const Metric& metric : evaluation.scores)
    text += detail::pad_left(metric.name, 12) + "  " + detail::fixed(metric.value, digits) + "\n";
  return text;
}

/// All metrics by name, the labels' names, and for one label a row the confusion matrix (a row for each true class).
inline nlohmann::json evaluation_json(const Evaluation& evaluation, const std::vector<std::string>& names) {
  nlohmann::json root{{"labels", names}};
  for (const Metric& metric : evaluation.scores) root[metric.name] = metric.value;
  if (!evaluation.confusion) return root;
  const ConfusionMatrix& confusion = *evaluation.confusion;
  for (Index i = 0; i < confusion.num_classes(); ++i)
    for (Index j = 0; j < confusion.num_classes(); ++j)
      root["confusion_matrix"][static_cast<std::size_t>(i)][static_cast<std::size_t>(j)] = confusion(i, j);
  return root;
}

/// One epoch: its metrics by name (`f1` is the macro average), those of the validation under `valid`.
inline nlohmann::json epoch_json(const EpochRecord& record) {
  const auto values = [](const Metrics& metrics) {
    nlohmann::json root;
    for (const Metric& metric : metrics) root[metric.name] = metric.value;
    if (metrics.contains("f1_macro")) root["f1"] = metrics["f1_macro"];
    return root;
  };
  nlohmann::json root = values(record.train);
  root["epoch"] = record.epoch;
  root["lr"] = record.lr;
  root["seconds"] = record.seconds;
  root["tokens_per_second"] = record.tokens_per_second;
  if (record.valid) root["valid"] = values(*record.valid);
  return root;
}

/// Writes metrics.json: `train`, a list of epochs, and the evaluations `valid` and `test`. NaN becomes null.
/// @param names (K) of the labels. @throws IoError.
inline void write_metrics(const std::filesystem::path& path, const RunReport& report,
                          const std::vector<std::string>& names) {
  nlohmann::json root{{"train", nlohmann::json::array()}};
  for (const EpochRecord& record : report.train) root["train"].push_back(epoch_json(record));
  if (report.valid) root["valid"] = evaluation_json(*report.valid, names);
  if (report.test) root["test"] = evaluation_json(*report.test, names);
  write_json(path.string(), root);
}

}  // namespace tempa::inline TEMPA_ABI
