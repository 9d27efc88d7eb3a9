// The bodies of <tempa/metrics/entity_scores.hpp>.
#pragma once

#include <tempa/metrics/entity_scores.hpp>
#include <tempa/metrics/report.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>

namespace tempa::inline TEMPA_ABI {

namespace detail {

// F1 from precision and recall, in the order of seqeval's operations.
inline Scores entity_scores_of(const ClassCounts& counts, double zero_division) {
  Scores scores = scores_of(counts, zero_division);
  const double sum = scores.precision + scores.recall;
  scores.f1 = 2.0 * scores.precision * scores.recall / (sum == 0.0 ? 1.0 : sum);
  return scores;
}

// @return counts of each type. @throws ShapeError when sentences or words do not correspond.
inline std::map<std::string, ClassCounts> entity_counts(std::span<const std::vector<std::string>> tags,
                                                        std::span<const std::vector<std::string>> predictions,
                                                        const EntityOptions& options) {
  std::vector<Entity> expected = find_entities(tags, options), predicted = find_entities(predictions, options), both;
  std::sort(expected.begin(), expected.end());
  std::sort(predicted.begin(), predicted.end());
  std::set_intersection(expected.begin(), expected.end(), predicted.begin(), predicted.end(), std::back_inserter(both));
  std::map<std::string, ClassCounts> counts;
  for (const Entity& entity : expected) ++counts[entity.type].support;
  for (const Entity& entity : predicted) ++counts[entity.type].predicted;
  for (const Entity& entity : both) ++counts[entity.type].correct;
  return counts;
}

}  // namespace detail

TEMPA_INLINE EntityScores entity_scores(std::span<const std::vector<std::string>> tags,
                                        std::span<const std::vector<std::string>> predictions,
                                        const EntityScoresOptions& options) {
  if (tags.size() != predictions.size())
    throw ShapeError(concat("[entity_scores] predictions must have the size of tags, ", tags.size(),
                            " sentences, but has ", predictions.size()));
  if (options.zero_division != 0.0 && options.zero_division != 1.0)
    throw ValueError(concat("[entity_scores] zero_division must be 0 or 1 but is ", options.zero_division));
  Index words = 0, right = 0;
  for (std::size_t s = 0; s < tags.size(); ++s) {
    if (tags[s].size() != predictions[s].size())
      throw ShapeError(concat("[entity_scores] predictions of sentence ", s, " must be for ", tags[s].size(),
                              " words but are for ", predictions[s].size()));
    words += static_cast<Index>(tags[s].size());
    for (std::size_t w = 0; w < tags[s].size(); ++w) right += tags[s][w] == predictions[s][w] ? 1 : 0;
  }
  if (words == 0) throw ValueError("[entity_scores] expected at least one word but got none");

  EntityScores result;
  result.accuracy = static_cast<double>(right) / static_cast<double>(words);
  ClassCounts sum;
  for (const auto& [type, counts] :
       detail::entity_counts(tags, predictions, {.scheme = options.scheme, .suffix = options.suffix})) {
    result.types.push_back(type);
    result.per_type.push_back(detail::entity_scores_of(counts, options.zero_division));
    sum.correct += counts.correct;
    sum.predicted += counts.predicted;
    sum.support += counts.support;
  }
  result.micro = detail::entity_scores_of(sum, options.zero_division);
  result.macro = detail::mean_scores(result.per_type, false);
  result.weighted = detail::mean_scores(result.per_type, true);
  if (sum.support == 0) {  // no weights
    const double score = sum.predicted == 0 ? options.zero_division : 0.0;
    result.weighted = {.precision = score, .recall = options.zero_division, .f1 = score, .support = 0};
  }
  return result;
}

TEMPA_INLINE std::string entity_report(const EntityScores& scores, int digits) {
  detail::check_digits("entity_report", digits);
  detail::ScoreTable table{.name_width = std::max<Index>(text_width("weighted avg"), digits), .digits = digits};
  for (const std::string& type : scores.types) table.name_width = std::max(table.name_width, text_width(type, false));
  std::string text = table.header();
  for (std::size_t i = 0; i < scores.types.size(); ++i) text += table.row(scores.types[i], scores.per_type[i]);
  return text + "\n" + table.row("micro avg", scores.micro) + table.row("macro avg", scores.macro) +
         table.row("weighted avg", scores.weighted);
}

}  // namespace tempa::inline TEMPA_ABI
