// The bodies of <tempa/train/training_graph.hpp>.
#pragma once

#include <tempa/train/training_graph.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE Batch padded_to_bucket(const Batch& batch, const TrainingGraphOptions& options) {
  const auto round_up = [](Index n, Index multiple) { return (n + multiple - 1) / multiple * multiple; };
  const auto bounds = batch.cu_seqlens.span();
  Index longest = batch.max_seqlen;
  for (std::size_t b = 0; b + 1 < bounds.size(); ++b) longest = std::max<Index>(longest, bounds[b + 1] - bounds[b]);
  const Index tokens = round_up(batch.tokens(), options.token_bucket);
  const auto extended = [&](const Tensor<std::int32_t>& values, std::int32_t value) {
    Tensor<std::int32_t> result = Tensor<std::int32_t>::full({tokens}, value);
    std::copy_n(values.span().data(), values.numel(), result.data());
    return result;
  };
  Batch padded = batch;
  padded.ids = extended(batch.ids, 0);
  padded.token_type_ids = extended(batch.token_type_ids, 0);
  if (batch.labels.shape() == batch.ids.shape()) padded.labels = extended(batch.labels, kNoLabel);
  padded.max_seqlen = std::max(longest, std::min(round_up(longest, options.length_bucket), options.max_length));
  padded.has_tail = true;
  return padded;
}

}  // namespace tempa::inline TEMPA_ABI
