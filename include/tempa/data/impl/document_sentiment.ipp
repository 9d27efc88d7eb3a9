// The bodies of <tempa/data/document_sentiment.hpp>.
#pragma once

#include <tempa/data/document_sentiment.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE const std::vector<std::string>& DocumentSentimentDataset::label_names() {
  static const std::vector<std::string> names{"positive", "neutral", "negative"};
  return names;
}

TEMPA_INLINE std::vector<Index> DocumentSentimentDataset::class_counts() const {
  std::vector<Index> counts(static_cast<std::size_t>(num_labels()), 0);
  for (const TextExample& example : examples_)
    if (example.label) ++counts[static_cast<std::size_t>(*example.label)];
  return counts;
}

}  // namespace tempa::inline TEMPA_ABI
