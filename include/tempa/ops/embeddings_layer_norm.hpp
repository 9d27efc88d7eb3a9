// The embeddings of a transformer (three lookups, their sum, LayerNorm, dropout) as one operation.
#pragma once

#include <tempa/autograd/variable.hpp>
#include <tempa/core/detail/processors.hpp>
#include <tempa/core/random.hpp>

namespace tempa::inline TEMPA_ABI {

/// A table of embeddings, the row of it that each token takes, and the row that gets no gradient.
template <Floating T>
struct EmbeddingLookup {
  Variable<T> table;         ///< (V,C)
  Tensor<std::int32_t> ids;  ///< (N)
  std::optional<Index> padding_idx = std::nullopt;
};

/// Options of `embeddings_layer_norm`.
struct EmbeddingsLayerNormOptions {
  double eps = 1e-12;    ///< added to the variance
  double drop_prob = 0;  ///< probability of dropping an element of the result, in [0,1]
  /// Where the mask's numbers come from; nullptr is `default_generator()`. Not touched when `drop_prob` is 0.
  Generator* generator = nullptr;
};

/// y = dropout(layer_norm(word_n + type_n + position_n)), with the same bits as the separate operations.
/// @param word, type, position tables and ids, all of one number of tokens N. @param gamma, beta (C).
/// @return y (N,C)
/// @saves the sum, mean and rstd; the mask is computed again.
/// @throws as `embedding`, `layer_norm` and `dropout`.
/// @source transformers BertEmbeddings
template <Floating T>
Variable<T> embeddings_layer_norm(const EmbeddingLookup<T>& word, const EmbeddingLookup<T>& type,
                                  const EmbeddingLookup<T>& position, const Variable<T>& gamma, const Variable<T>& beta,
                                  const EmbeddingsLayerNormOptions& options = {});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/ops/impl/embeddings_layer_norm.ipp>
#endif
