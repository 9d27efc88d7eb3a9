// BERT without a head.
#pragma once

#include <tempa/core/compiled.hpp>
#include <tempa/models/bert/embeddings.hpp>
#include <tempa/models/encoder/encoder.hpp>
#include <tempa/models/pretrained/pretrained.hpp>

#include <filesystem>
#include <string_view>

namespace tempa::inline TEMPA_ABI {

/// tanh(x W^T + b) of the first token.
/// @source transformers BertPooler
template <Floating T>
struct BertPooler : ModuleMembers<BertPooler<T>, T> {
  Linear<T> dense;  // (C,C)

  BertPooler() = default;
  explicit BertPooler(const BertConfig& config)
      : dense(config.hidden_size, config.hidden_size, {.initializer_range = config.initializer_range}) {}

  /// @param first (B,C) the first token of each sequence. @return (B,C)
  Variable<T> operator()(const Variable<T>& first) const { return tanh(dense(first)); }

  void visit(auto&& f) { f("dense", dense); }
};

/// What `BertModel` computes.
template <Floating T>
struct BertModelOutput {
  Variable<T> last_hidden_state;  ///< (N,C) of all tokens, or (B,C) of the first ones
  Variable<T> pooler_output;      ///< (B,C)
};

/// Embeddings, encoder and pooler. Sequences are packed: no operation ever sees padding.
/// @source Devlin et al. 2018; transformers BertModel
template <Floating T>
struct BertModel : ModuleMembers<BertModel<T>, T>, PretrainedMembers<BertModel<T>> {
  static constexpr std::string_view kName = "BertModel";

  BertConfig config;
  BertEmbeddings<T> embeddings;
  BertEncoder<T> encoder;
  BertPooler<T> pooler;

  BertModel() = default;
  /// Random weights, drawn from `default_generator()`. @throws ConfigError for an impossible configuration.
  explicit BertModel(const BertConfig& configuration)
      : config(configuration.validated()), embeddings(config), encoder(config), pooler(config) {}

  /// What the encoder makes of a batch; the pooler has no part in it.
  /// @return (N,C) of all tokens, or (B,C) of the first ones for `kFirstToken`.
  /// @throws ValueError for an id or a length beyond the tables; ShapeError for a batch that does not fit together.
  Variable<T> last_hidden_state(const Batch& batch, OutputRows rows = OutputRows::kAll) const {
    check_shape("BertModel", "token_type_ids", batch.token_type_ids.shape(), batch.ids.shape());
    return encoder(embeddings(batch), batch.cu_seqlens, batch.max_seqlen, rows, batch.has_tail);
  }

  /// @param rows `kFirstToken` when only the pooler's output is wanted: exact, and cheaper.
  /// @throws as `last_hidden_state`.
  BertModelOutput<T> operator()(const Batch& batch, OutputRows rows = OutputRows::kAll) const {
    const auto hidden = last_hidden_state(batch, rows);
    const auto first = rows == OutputRows::kFirstToken ? hidden : encoder.first_tokens(hidden, batch.cu_seqlens);
    return {hidden, pooler(first)};
  }

  /// The same for padded ids and mask (B,T); padding is taken out at the door. Sequence b's tokens follow each other in
  /// `last_hidden_state`, without the padded positions.
  BertModelOutput<T> operator()(const Tensor<std::int32_t>& ids, const Tensor<std::int32_t>& attention_mask,
                                const Tensor<std::int32_t>& token_type_ids = {}) const {
    return (*this)(pack_padded(ids, attention_mask, token_type_ids));
  }

  void visit(auto&& f) {
    f("embeddings", embeddings);
    f("encoder", encoder);
    f("pooler", pooler);
  }
};

TEMPA_COMPILED_MODULE(BertPooler);
TEMPA_COMPILED_PRETRAINED(BertModel);

}  // namespace tempa::inline TEMPA_ABI
