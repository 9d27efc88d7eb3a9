// Matches the labels of new data with the rows of a head that was trained before.
#pragma once

#include <tempa/data/label_columns.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// How the labels of data are matched with those of a model.
enum class LabelOrder {
  kAsGiven,  ///< the data's labels, in their order and spelling
  kModel     ///< first those that the model knows, in its order and spelling, then the new ones as given
};

struct MatchLabelsOptions {
  LabelOrder order = LabelOrder::kAsGiven;
  bool keep = false;  ///< keep the model's labels that the data does not have: after the others, or in their places
  bool same_value = false;  ///< a regression: a single value on both sides is the same value, whatever its name
};

/// The labels of a head that continues another one.
struct MatchedLabels {
  static constexpr Index kNone = -1;

  std::vector<std::string> labels;   ///< (K)
  std::vector<Index> rows;           ///< (K) row of the model's head, kNone for a new label
  std::vector<Index> given;          ///< (K) number of the data's label, kNone for one that was kept without it
  std::vector<std::string> kept;     ///< the model's labels with a row in the new head, as text
  std::vector<std::string> added;    ///< the new labels
  std::vector<std::string> dropped;  ///< the model's labels without one

  /// "labels: kept good, bad; new mixed; dropped plain"
  std::string summary() const;
};

/// "LABEL_0", "LABEL_1", …: the default names of labels. @source transformers PretrainedConfig
std::vector<std::string> default_labels(Index count);

/// Whether these are the default names.
bool are_default_labels(std::span<const std::string> labels);

/// @throws ConfigError naming a label that occurs twice. @param who begins the error.
void require_different_labels(std::string_view who, std::span<const std::string> labels);

/// Matches the labels of data with those of a model: the same name is the same label; else the same name
/// without regard to case and to white space around it, where that means one label only. Labels of the model with
/// default names (`are_default_labels`) have rows but no meaning: data whose labels are numbers takes the rows of
/// these numbers, data with as many labels takes the rows in order, other data none.
/// @param known (n) the model's. @param given (m) the data's.
/// @throws ConfigError when a label occurs twice on one side.
MatchedLabels match_labels(std::span<const std::string> known, std::span<const std::string> given,
                           const MatchLabelsOptions& options = {});

/// Label columns that continue those of a model.
struct MatchedLabelColumns {
  std::vector<LabelColumn> columns;   ///< (A)
  std::vector<Index> heads;           ///< (A) the model's column, kNone for a new one
  std::vector<Index> given;           ///< (A) the data's column
  std::vector<MatchedLabels> labels;  ///< (A) of each column
  std::vector<std::string> dropped;   ///< the model's columns that the data does not have

  /// As `MatchedLabels::summary`, with the labels of all columns: "labels: kept fuel=good; new fuel=bad"
  std::string summary() const;
};

/// `match_labels` for the names of the columns, and then for the labels of each column that both have.
/// @throws ConfigError as above; with `options.keep` for a column that the data does not have, for which no row could
///   have a label.
MatchedLabelColumns match_label_columns(std::span<const LabelColumn> known, std::span<const LabelColumn> given,
                                        const MatchLabelsOptions& options = {});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/data/detail/impl/matched_labels.ipp>
#endif
