// The results of a run: as text, and as metrics.json.
#pragma once

#include <tempa/train/detail/epoch_record.hpp>
#include <tempa/train/evaluation.hpp>

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

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
std::string evaluation_report(const Evaluation& evaluation, const std::vector<std::string>& names, int digits = 4);

/// All metrics by name, the labels' names, and for one label a row the confusion matrix (a row for each true class).
nlohmann::json evaluation_json(const Evaluation& evaluation, const std::vector<std::string>& names);

/// One epoch: its metrics by name (`f1` is the macro average), those of the validation under `valid`.
nlohmann::json epoch_json(const EpochRecord& record);

/// Writes metrics.json: `train`, a list of epochs, and the evaluations `valid` and `test`. NaN becomes null.
/// @param names (K) of the labels. @throws IoError.
void write_metrics(const std::filesystem::path& path, const RunReport& report, const std::vector<std::string>& names);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/train/impl/report.ipp>
#endif
