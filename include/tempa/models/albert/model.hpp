// ALBERT without a head: the embeddings are narrower than the layers, and the layers share their weights.
#pragma once

#include <tempa/io/torch/detail/pickle.hpp>
#include <tempa/models/albert/config.hpp>
#include <tempa/models/encoder/embeddings.hpp>
#include <tempa/models/encoder/encoder_model.hpp>

#include <cstddef>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// A layer under ALBERT's names. Nothing is dropped after its feed-forward network.
/// @source transformers AlbertLayer
template <Floating T>
struct AlbertLayer : ModuleMembers<AlbertLayer<T>, T> {
  EncoderLayer<T> layer;

  AlbertLayer() = default;
  explicit AlbertLayer(const EncoderConfig& config);

  /// @see EncoderLayer
  Variable<T> operator()(const Variable<T>& queries, const Variable<T>& x, const SequenceBounds& bounds) const;

  void visit(auto&& f) {
    auto& self = layer.attention.self_attention;
    f("full_layer_layer_norm", layer.output.layer_norm);
    f("attention.query", self.query);
    f("attention.key", self.key);
    f("attention.value", self.value);
    f("attention.mode", self.mode);
    f("attention.dense", layer.attention.output.dense);
    f("attention.LayerNorm", layer.attention.output.layer_norm);
    f("attention.output_dropout", layer.attention.output.dropout);
    f("ffn", layer.intermediate.dense);
    f("ffn_output", layer.output.dense);
  }
};

/// Layers that are run one after the other.
/// @source transformers AlbertLayerGroup
template <Floating T>
struct AlbertLayerGroup : ModuleMembers<AlbertLayerGroup<T>, T> {
  std::vector<AlbertLayer<T>> layers;

  AlbertLayerGroup() = default;
  AlbertLayerGroup(Index count, const EncoderConfig& config);

  void visit(auto&& f) { f("albert_layers", layers); }
};

/// A linear map from the embeddings to the layers, then L times a group of layers: the first ones of the L are the
/// first group, and so on.
/// @source Lan et al. 2019; transformers AlbertTransformer
template <Floating T>
struct AlbertEncoder : ModuleMembers<AlbertEncoder<T>, T> {
  Linear<T> mapping;  // (C,E)
  std::vector<AlbertLayerGroup<T>> groups;
  Index num_hidden_layers = 0, inner_group_num = 1;

  AlbertEncoder() = default;
  explicit AlbertEncoder(const AlbertConfig& config);

  /// @param x (N,E). @return (N,C), or (B,C) for `kFirstToken`.
  Variable<T> operator()(const Variable<T>& x, const PackedSequences& sequences, OutputRows rows) const;

  void visit(auto&& f) {
    f("embedding_hidden_mapping_in", mapping);
    f("albert_layer_groups", groups);
  }

 private:
  // In the floating-point numbers of transformers, which where L / G is no whole number decide by their rounding.
  std::size_t group_of(Index layer) const;
};

/// Embeddings, encoder and pooler.
/// @source Lan et al. 2019; transformers AlbertModel
template <Floating T>
struct AlbertModel : EncoderModelMembers<AlbertModel<T>, T> {
  static constexpr std::string_view kName = "AlbertModel";

  AlbertConfig config;
  EncoderEmbeddings<T> embeddings;  // of width E
  AlbertEncoder<T> encoder;
  Pooler<T> pooler;

  AlbertModel() = default;
  /// Random weights, drawn from `default_generator()`. @throws ConfigError for an impossible configuration.
  explicit AlbertModel(const AlbertConfig& configuration);

  void visit_body(auto&& f) {
    f("embeddings", embeddings);
    f("encoder", encoder);
  }
  void visit(auto&& f) {
    visit_body(f);
    f("pooler", pooler.dense);
  }
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/models/albert/impl/model.ipp>
#endif
