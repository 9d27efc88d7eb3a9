// What the encoders of all families have in common: how they are called, and what they return.
#pragma once

#include <tempa/data/batch.hpp>
#include <tempa/models/encoder/encoder.hpp>
#include <tempa/models/pretrained/pretrained.hpp>
#include <tempa/nn/linear.hpp>

namespace tempa::inline TEMPA_ABI {

/// tanh(x W^T + b) of the first token.
/// @source transformers BertPooler
template <Floating T>
struct Pooler : ModuleMembers<Pooler<T>, T> {
  Linear<T> dense;  // (C,C)

  Pooler() = default;
  explicit Pooler(const EncoderConfig& config);

  /// @param first (B,C) the first token of each sequence. @return (B,C)
  Variable<T> operator()(const Variable<T>& first) const;

  void visit(auto&& f) { f("dense", dense); }
};

/// What an encoder computes.
template <Floating T>
struct EncoderModelOutput {
  Variable<T> last_hidden_state;  ///< (N,C) of all tokens, or (B,C) of the first ones
  Variable<T> pooler_output;      ///< (B,C)
};

/// Gives an encoder its calls. Sequences are packed: no operation ever sees padding.
/// @tparam Self has `embeddings(batch)`, (N,C); `encoder(x, sequences, rows)`, see `Encoder`; `pooler(first)`, (B,C).
template <typename Self, Floating T>
struct EncoderModelMembers : ModuleMembers<Self, T>, PretrainedMembers<Self> {
  using value_type = T;

  /// What the encoder makes of a batch; the pooler has no part in it.
  /// @return (N,C) of all tokens, or (B,C) of the first ones for `kFirstToken`.
  /// @throws ValueError for an id or a length beyond the tables; ShapeError for a batch that does not fit together.
  Variable<T> last_hidden_state(const Batch& batch, OutputRows rows = OutputRows::kAll) const {
    check_shape(Self::kName, "token_type_ids", batch.token_type_ids.shape(), batch.ids.shape());
    return self().encoder(self().embeddings(batch), {batch.cu_seqlens, batch.max_seqlen, batch.has_tail}, rows);
  }

  /// @param rows `kFirstToken` when only the pooler's output is wanted: exact, and cheaper.
  /// @throws as `last_hidden_state`.
  EncoderModelOutput<T> operator()(const Batch& batch, OutputRows rows = OutputRows::kAll) const {
    const auto hidden = last_hidden_state(batch, rows);
    const auto first = rows == OutputRows::kFirstToken ? hidden : first_tokens(hidden, batch.cu_seqlens);
    return {hidden, self().pooler(first)};
  }

  /// The same for padded ids and mask (B,T); padding is removed first. Sequence b's tokens follow each other in
  /// `last_hidden_state`, without the padded positions.
  EncoderModelOutput<T> operator()(const Tensor<std::int32_t>& ids, const Tensor<std::int32_t>& attention_mask,
                                   const Tensor<std::int32_t>& token_type_ids = {}) const {
    return (*this)(pack_padded(ids, attention_mask, token_type_ids));
  }

 private:
  const Self& self() const { return static_cast<const Self&>(*this); }
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/models/encoder/impl/encoder_model.ipp>
#endif
