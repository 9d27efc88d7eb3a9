// The bodies of <tempa/data/token_classification.hpp>.
#pragma once

#include <tempa/core/random.hpp>
#include <tempa/data/collate.hpp>
#include <tempa/data/token_classification.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE std::vector<std::vector<std::int32_t>> TokenClassificationDataset::word_classes(
    std::span<const std::vector<std::int32_t>> classes, std::int32_t missing) const {
  if (classes.size() != examples_.size())
    throw ShapeError(concat("[word_classes] expected classes of ", examples_.size(), " rows but got ", classes.size()));
  std::vector<std::vector<std::int32_t>> words;
  for (const std::size_t count : word_counts_) words.emplace_back(count, missing);
  for (std::size_t row = 0; row < classes.size(); ++row) {
    const auto& word_ids = examples_[row].word_ids;
    if (classes[row].size() != word_ids.size())
      throw ShapeError(concat("[word_classes] expected classes of ", word_ids.size(), " tokens in row ", row,
                              " but got ", classes[row].size()));
    for (std::size_t t = 0; t < word_ids.size(); ++t)
      if (is_first(word_ids, t)) words[sentence_of_[row]][static_cast<std::size_t>(word_ids[t])] = classes[row][t];
  }
  return words;
}

TEMPA_INLINE Index TokenClassificationDataset::words_cut_off() const {
  Index words = 0;
  for (const std::size_t count : word_counts_) words += static_cast<Index>(count);
  for (const TokenExample& example : examples_)
    for (std::size_t t = 0; t < example.word_ids.size(); ++t) words -= is_first(example.word_ids, t) ? 1 : 0;
  return words;
}

TEMPA_INLINE bool TokenClassificationDataset::is_first(const std::vector<std::int32_t>& word_ids, std::size_t t) {
  return word_ids[t] >= 0 && (t == 0 || word_ids[t - 1] != word_ids[t]);
}

TEMPA_INLINE std::vector<std::int32_t> TokenClassificationDataset::token_labels(
    const std::vector<std::int32_t>& word_ids, const std::vector<std::int32_t>& classes, LabeledPieces pieces) {
  std::vector<std::int32_t> labels;
  for (std::size_t t = 0; t < word_ids.size(); ++t) {
    const bool labeled = pieces == LabeledPieces::kAll ? word_ids[t] >= 0 : is_first(word_ids, t);
    labels.push_back(labeled ? classes[static_cast<std::size_t>(word_ids[t])] : kNoLabel);
  }
  return labels;
}

TEMPA_INLINE Batch TokenCollate::operator()(std::span<const TokenExample> examples) const {
  if (!(word_mask_prob >= 0.0 && word_mask_prob <= 1.0) || (word_mask_prob > 0.0 && !mask_token_id))
    throw ConfigError(
        concat("[TokenCollate] word_mask_prob must be in [0,1], and 0 without a mask token, but is ", word_mask_prob));
  std::vector<TextExample> texts;
  std::vector<std::int32_t> labels;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const TokenExample& example = examples[i];
    const std::size_t expected = examples[0].labels.empty() ? 0 : example.encoding.ids.size();
    if (example.labels.size() != expected)
      throw ValueError(
          concat("[collate] example ", i, " must have ", expected, " labels but has ", example.labels.size()));
    texts.push_back({.encoding = example.encoding});
    if (word_mask_prob > 0.0) mask_words(texts.back().encoding.ids, example.word_ids);
    labels.insert(labels.end(), example.labels.begin(), example.labels.end());
  }
  Batch batch = PackedCollate{}(texts);
  if (!labels.empty()) batch.labels = Tensor<std::int32_t>::from(labels);
  return batch;
}

TEMPA_INLINE void TokenCollate::mask_words(std::vector<std::int32_t>& ids,
                                           const std::vector<std::int32_t>& word_ids) const {
  bool masked = false;
  for (std::size_t t = 0; t < word_ids.size(); ++t) {
    if (word_ids[t] < 0) continue;
    if (t == 0 || word_ids[t - 1] != word_ids[t]) masked = default_generator().uniform() < word_mask_prob;
    if (masked) ids[t] = *mask_token_id;
  }
}

}  // namespace tempa::inline TEMPA_ABI
