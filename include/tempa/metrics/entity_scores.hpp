// Precision, recall and F1 of whole entities, as seqeval computes them.
#pragma once

#include <tempa/metrics/entities.hpp>
#include <tempa/metrics/precision_recall_f1.hpp>

#include <span>
#include <string>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Options of `entity_scores`.
struct EntityScoresOptions {
  TaggingScheme scheme = TaggingScheme::kConlleval;  ///< another one: seqeval's mode="strict"
  bool suffix = false;                               ///< tags end with their letter, "PER-B"
  double zero_division = 0.0;                        ///< what a score with denominator 0 is: 0 or 1
};

/// Scores of each type of entity, and their averages. An entity is correct when type, first and last word agree.
struct EntityScores {
  std::vector<std::string> types;  ///< types that occur, sorted by code points
  std::vector<Scores> per_type;    ///< F1 = 2 P R / (P + R), or 0
  Scores micro;                    ///< of the sums of the counts
  Scores macro;                    ///< plain mean of the types; NaN when there is none
  Scores weighted;                 ///< mean of the types, weighted by support
  double accuracy = 0.0;           ///< share of the words whose tags agree
};

/// Scores predicted tags by their entities.
/// @param tags true tags of each word of each sentence. @param predictions predicted ones.
/// @throws ShapeError when the numbers of sentences or words differ; ValueError when there is no word, for a
///   `zero_division` other than 0 and 1, and as `find_entities`.
/// @source seqeval 1.2.2 `precision_recall_fscore_support`, `accuracy_score`
EntityScores entity_scores(std::span<const std::vector<std::string>> tags,
                           std::span<const std::vector<std::string>> predictions,
                           const EntityScoresOptions& options = {});

/// Precision, recall, F1 and support of each type and their averages, as a table.
/// @param digits after the decimal point, 0 to 100.
/// @return seqeval's text, character for character; there is also a text for input without entities.
/// @throws ValueError for wrong digits. @source seqeval 1.2.2 `classification_report`
std::string entity_report(const EntityScores& scores, int digits = 2);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/metrics/impl/entity_scores.ipp>
#endif
