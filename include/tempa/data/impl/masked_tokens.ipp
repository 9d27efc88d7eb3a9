// The bodies of <tempa/data/masked_tokens.hpp>.
#pragma once

#include <tempa/core/random.hpp>
#include <tempa/data/collate.hpp>
#include <tempa/data/masked_tokens.hpp>

#include <vector>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE MaskedLMBatch MaskedLMCollate::operator()(std::span<const TextExample> examples) const {
  MaskedLMBatch batch{.input = PackedCollate{}(examples), .positions = {}, .targets = {}};
  batch.input.labels = {};
  batch.input.targets = {};
  Generator& random = default_generator();
  std::vector<std::int32_t> ordinary, positions, targets;
  const auto ids = batch.input.ids.span();
  for (std::size_t n = 0; n < ids.size(); ++n)
    if (!is_special(ids[n])) ordinary.push_back(static_cast<std::int32_t>(n));
  if (ordinary.empty()) throw ValueError("[MaskedLMCollate] expected a token to predict but all are special");
  for (const std::int32_t n : ordinary)
    if (random.uniform() < masking_.mask_prob) positions.push_back(n);
  if (positions.empty())
    positions.push_back(ordinary[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(ordinary.size())))]);
  for (const std::int32_t n : positions) {
    std::int32_t& id = batch.input.ids.data()[n];
    targets.push_back(id);
    const double what = random.uniform();
    if (what < masking_.replace_prob) {
      id = mask_id_;
    } else if (what < masking_.replace_prob + masking_.random_replace_prob) {
      id = static_cast<std::int32_t>(random.below(vocab_size_));
    }
  }
  batch.positions = Tensor<std::int32_t>::from(positions);
  batch.targets = Tensor<std::int32_t>::from(targets);
  return batch;
}

TEMPA_INLINE bool MaskedLMCollate::is_special(std::int32_t id) const {
  for (const std::int32_t special : special_)
    if (id == special) return true;
  return false;
}

}  // namespace tempa::inline TEMPA_ABI
