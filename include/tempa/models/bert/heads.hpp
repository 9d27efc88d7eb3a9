// BERT with heads.
#pragma once

#include <tempa/models/bert/model.hpp>
#include <tempa/models/heads/label_columns_classification.hpp>
#include <tempa/models/heads/masked_lm.hpp>
#include <tempa/models/heads/sequence_classification.hpp>
#include <tempa/models/heads/token_classification.hpp>

namespace tempa::inline TEMPA_ABI {

/// What a head stands on: `model.bert`.
template <Floating T>
struct WithBert {
  using Model = BertModel<T>;
  static constexpr MaskedLMNames kMaskedLM{.dense = "cls.predictions.transform.dense",
                                           .layer_norm = "cls.predictions.transform.LayerNorm",
                                           .bias = "cls.predictions.bias",
                                           .decoder = "cls.predictions.decoder"};

  BertModel<T> bert;
  BertModel<T>& base() { return bert; }
  const BertModel<T>& base() const { return bert; }
};

/// @source transformers BertForSequenceClassification
template <Floating T>
using BertForSequenceClassification = SequenceClassification<WithBert<T>>;
/// @source transformers BertForTokenClassification
template <Floating T>
using BertForTokenClassification = TokenClassification<WithBert<T>>;
/// @source transformers BertForMaskedLM
template <Floating T>
using BertForMaskedLM = MaskedLM<WithBert<T>>;
/// @source IndoNLU BertForMultiLabelClassification
template <Floating T>
using BertForLabelColumnsClassification = LabelColumnsClassification<WithBert<T>>;

}  // namespace tempa::inline TEMPA_ABI
