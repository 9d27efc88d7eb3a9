// The bodies of <tempa/train/report.hpp>.
#pragma once

#include <tempa/io/detail/json/json.hpp>
#include <tempa/metrics/report.hpp>
#include <tempa/train/predict.hpp>
#include <tempa/train/report.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE std::string evaluation_report(const Evaluation& evaluation, const std::vector<std::string>& names,
                                           int digits) {
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

TEMPA_INLINE nlohmann::json evaluation_json(const Evaluation& evaluation, const std::vector<std::string>& names) {
  nlohmann::json root{{"labels", names}};
  for (const Metric& metric : evaluation.scores) root[metric.name] = metric.value;
  if (!evaluation.confusion) return root;
  const ConfusionMatrix& confusion = *evaluation.confusion;
  for (Index i = 0; i < confusion.num_classes(); ++i)
    for (Index j = 0; j < confusion.num_classes(); ++j)
      root["confusion_matrix"][static_cast<std::size_t>(i)][static_cast<std::size_t>(j)] = confusion(i, j);
  return root;
}

TEMPA_INLINE nlohmann::json epoch_json(const EpochRecord& record) {
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

TEMPA_INLINE void write_metrics(const std::filesystem::path& path, const RunReport& report,
                                const std::vector<std::string>& names) {
  nlohmann::json root{{"train", nlohmann::json::array()}};
  for (const EpochRecord& record : report.train) root["train"].push_back(epoch_json(record));
  if (report.valid) root["valid"] = evaluation_json(*report.valid, names);
  if (report.test) root["test"] = evaluation_json(*report.test, names);
  write_json(path.string(), root);
}

}  // namespace tempa::inline TEMPA_ABI
