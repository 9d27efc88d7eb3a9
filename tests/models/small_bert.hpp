// A BERT and batches that are small enough for an emulated device.
#pragma once

#include <tempa/core/random.hpp>
#include <tempa/data/batch.hpp>
#include <tempa/models/bert/config.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

inline tempa::BertConfig small_bert_config() {
  return {.vocab_size = 50,
          .hidden_size = 32,
          .num_hidden_layers = 2,
          .num_attention_heads = 4,
          .intermediate_size = 64,
          .max_position_embeddings = 40,
          .id2label = {"a", "b", "c"}};
}

/// Sequences of these lengths, with labels.
inline tempa::Batch small_bert_batch(std::uint64_t seed = 5,
                                     const std::vector<std::int32_t>& lengths = {7, 1, 37, 12}) {
  using namespace tempa;
  Generator generator(seed);
  std::vector<std::int32_t> ids, bounds{0}, labels;
  Batch batch;
  for (const std::int32_t length : lengths) {
    for (std::int32_t t = 0; t < length; ++t) ids.push_back(static_cast<std::int32_t>(generator.below(50)));
    bounds.push_back(bounds.back() + length);
    labels.push_back(static_cast<std::int32_t>(generator.below(3)));
    batch.max_seqlen = std::max<Index>(batch.max_seqlen, length);
  }
  batch.ids = Tensor<std::int32_t>::from(ids);
  batch.token_type_ids = Tensor<std::int32_t>::zeros({batch.tokens()});
  batch.cu_seqlens = Tensor<std::int32_t>::from(bounds);
  batch.labels = Tensor<std::int32_t>::from(labels);
  return batch;
}
