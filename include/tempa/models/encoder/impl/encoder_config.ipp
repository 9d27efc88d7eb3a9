// The bodies of <tempa/models/encoder/encoder_config.hpp>.
#pragma once

#include <tempa/models/encoder/encoder_config.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE double EncoderConfig::weights_of_layer() const {
  const auto hidden = static_cast<double>(hidden_size), intermediate = static_cast<double>(intermediate_size);
  return 4 * hidden * (hidden + 1) + 2 * hidden * intermediate + intermediate + 5 * hidden;
}

TEMPA_INLINE double EmbeddingsConfig::weights() const {
  return static_cast<double>(vocab_size + max_position_embeddings + type_vocab_size + 2) *
         static_cast<double>(embedding_size);
}

}  // namespace tempa::inline TEMPA_ABI
