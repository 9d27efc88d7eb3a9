// Predictions of a token classifier for the words of sentences.
#pragma once

#include <tempa/autograd/no_grad.hpp>
#include <tempa/data/data_loader.hpp>
#include <tempa/data/token_classification.hpp>
#include <tempa/nn/module.hpp>
#include <tempa/train/predict.hpp>
#include <tempa/train/score_keeper.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// The most likely tag of each word: that of its first token. A word that was cut off is "O".
/// @param model a module whose call on a `Batch` gives `{loss, logits}`, logits (N,K); switched to evaluation mode.
/// @param names (K) of the tags. @param batch_size rows computed at once.
/// @return for each sentence, of its words.
/// @throws ValueError when words were cut off and no tag is "O" (`Overflow::kSplit` cuts none off), or for another
///   number of names; ConfigError for a batch_size that is not positive; NumericalError for logits that are not finite.
template <Module Model>
std::vector<std::vector<std::string>> predict_tags(Model& model, const TokenClassificationDataset& dataset,
                                                   std::span<const std::string> names, Index batch_size = 32) {
  const auto outside = std::find(names.begin(), names.end(), "O");
  if (const Index cut = dataset.words_cut_off(); cut > 0 && outside == names.end())
    throw ValueError(concat("[predict_tags] expected a tag O for ", cut, " words that were cut off but there is none"));
  const NoGrad no_grad;
  set_training(model, false);
  std::vector<std::vector<std::int32_t>> classes(static_cast<std::size_t>(dataset.size()));
  DataLoader loader(dataset, {.batch_size = batch_size, .group_by_length = true}, TokenCollate{});
  for (Batch& batch : loader) {
    batch.labels = {};
    const auto logits = model(input_for(model, batch)).logits.value().to(Device::cpu());
    if (logits.size(-1) != static_cast<Index>(names.size()))
      throw ValueError(concat("[predict_tags] expected names of ", logits.size(-1), " tags but got ", names.size()));
    const auto predicted = argmax_rows(logits);
    const auto bounds = batch.cu_seqlens.to(Device::cpu());
    std::vector<Index> rows;  // (N)
    for (Index b = 0; b < batch.size(); ++b)
      rows.resize(static_cast<std::size_t>(bounds.data()[b + 1]), batch.rows[static_cast<std::size_t>(b)]);
    detail::require_finite_logits("predict_tags", logits, rows);
    for (Index b = 0; b < batch.size(); ++b)
      classes[static_cast<std::size_t>(batch.rows[static_cast<std::size_t>(b)])].assign(
          predicted.begin() + bounds.data()[b], predicted.begin() + bounds.data()[b + 1]);
  }
  const auto missing = outside == names.end() ? 0 : static_cast<std::int32_t>(outside - names.begin());
  std::vector<std::vector<std::string>> tags;
  for (const auto& sentence : dataset.word_classes(classes, missing)) {
    tags.emplace_back();
    for (const std::int32_t k : sentence) tags.back().push_back(names[static_cast<std::size_t>(k)]);
  }
  return tags;
}

}  // namespace tempa::inline TEMPA_ABI
