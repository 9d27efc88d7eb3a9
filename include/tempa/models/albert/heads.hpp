// ALBERT with heads.
#pragma once

#include <tempa/models/albert/model.hpp>
#include <tempa/models/heads/label_columns_classification.hpp>
#include <tempa/models/heads/masked_lm.hpp>
#include <tempa/models/heads/sequence_classification.hpp>
#include <tempa/models/heads/token_classification.hpp>

namespace tempa::inline TEMPA_ABI {

/// What a head stands on: `model.albert`.
template <Floating T>
struct WithAlbert {
  using Model = AlbertModel<T>;
  static constexpr MaskedLMNames kMaskedLM{.dense = "predictions.dense",
                                           .layer_norm = "predictions.LayerNorm",
                                           .bias = "predictions.bias",
                                           .decoder = "predictions.decoder"};

  AlbertModel<T> albert;
  AlbertModel<T>& base() { return albert; }
  const AlbertModel<T>& base() const { return albert; }
};

/// @source transformers AlbertForSequenceClassification
template <Floating T>
using AlbertForSequenceClassification = SequenceClassification<WithAlbert<T>>;
/// @source transformers AlbertForTokenClassification
template <Floating T>
using AlbertForTokenClassification = TokenClassification<WithAlbert<T>>;
/// @source transformers AlbertForMaskedLM
template <Floating T>
using AlbertForMaskedLM = MaskedLM<WithAlbert<T>>;
/// Several label columns of one text each, on ALBERT.
template <Floating T>
using AlbertForLabelColumnsClassification = LabelColumnsClassification<WithAlbert<T>>;

}  // namespace tempa::inline TEMPA_ABI
