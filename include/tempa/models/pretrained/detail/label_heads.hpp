// The rows of a checkpoint's classifier, brought to the labels of the model that it is loaded into.
#pragma once

#include <tempa/data/detail/matched_labels.hpp>
#include <tempa/io/state_dict.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// A module of a model, with `weight` (K,C) and `bias` (K), whose rows are labels.
struct LabelHead {
  std::string name;           ///< in the model, as "classifier"
  std::string source{};       ///< in the checkpoint; empty for a new one
  Index source_rows = 0;      ///< in the checkpoint
  std::vector<Index> rows{};  ///< (K) row of the checkpoint, `MatchedLabels::kNone` for a new one
};

/// What becomes of the heads of a checkpoint in a model with other labels.
struct LabelHeads {
  std::vector<std::string> labels;       ///< (K) of all heads
  std::vector<LabelHead> heads;          ///< of the model
  std::vector<std::string> known_heads;  ///< names of the checkpoint's
  std::string summary;                   ///< a line for people
};

/// For a model with the one head `name`. @param known labels of the checkpoint. @param given those asked for.
LabelHeads match_label_head(std::string_view name, const std::vector<std::string>& known,
                            const std::vector<std::string>& given, const MatchLabelsOptions& options);

namespace detail {

/// The checkpoint with the rows of its heads in the order of the model's labels. A head that the model has not, or with
/// another number of rows than `heads` says, stays as it is: the report shows it.
/// @param extended gets the names of tensors with rows that are new.
StateDict with_label_heads(const StateDict& checkpoint, const StateDict& target, const LabelHeads& heads,
                           std::vector<std::string>& extended);

/// Writes the rows that a model has drawn for new labels into what is loaded.
void fill_new_rows(const StateDict& loaded, const StateDict& target, const LabelHeads& heads,
                   const std::vector<std::string>& extended);

}  // namespace detail

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/models/pretrained/detail/impl/label_heads.ipp>
#endif
