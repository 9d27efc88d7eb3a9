// Self-attention with its output projection, residual and normalization.
#pragma once

#include <tempa/models/encoder/encoder_config.hpp>
#include <tempa/nn/dropout.hpp>
#include <tempa/nn/layer_norm.hpp>
#include <tempa/nn/linear.hpp>
#include <tempa/ops/attention.hpp>
#include <tempa/ops/layer_norm.hpp>

namespace tempa::inline TEMPA_ABI {

/// Where the sequences of a packed activation lie, for the rows that are computed and the rows that they attend to.
struct SequenceBounds {
  Tensor<std::int32_t> queries;  ///< (B+1)
  Tensor<std::int32_t> keys;     ///< (B+1)
  Index max_queries = 0;         ///< longest sequence; 0 is unknown
  Index max_keys = 0;            ///< longest sequence; 0 is unknown
  bool has_tail = false;         ///< whether there may be rows after the last sequence
};

/// LayerNorm(Dropout(x W^T + b) + residual), the end of both halves of a layer.
/// @source transformers BertSelfOutput, BertOutput
template <Floating T>
struct ResidualOutput : ModuleMembers<ResidualOutput<T>, T> {
  Linear<T> dense;
  LayerNorm<T> layer_norm;
  Dropout dropout;

  ResidualOutput() = default;
  ResidualOutput(Index in, const EncoderConfig& config);

  /// @param x (N,in). @param residual (N,C). @return (N,C)
  Variable<T> operator()(const Variable<T>& x, const Variable<T>& residual) const { return finish(dense(x), residual); }
  /// The same without the linear layer. @param y (N,C). @param residual (N,C). @return (N,C)
  Variable<T> finish(const Variable<T>& y, const Variable<T>& residual) const;

  void visit(auto&& f) {
    f("dense", dense);
    f("LayerNorm", layer_norm);
    f("dropout", dropout);
  }
};

/// softmax(q k^T / sqrt(D)) v in H heads, with dropout on the probabilities.
/// @source transformers BertSelfAttention
template <Floating T>
struct SelfAttention : ModuleMembers<SelfAttention<T>, T> {
  Linear<T> query, key, value;  // each (C,C)
  Index heads = 1;
  double drop_prob = 0.0;
  TrainingMode mode{};

  SelfAttention() = default;
  explicit SelfAttention(const EncoderConfig& config);

  /// @param queries (Nq,C) rows whose context is wanted: x itself, or a part of it.
  /// @param x (N,C) rows that they attend to. @return (Nq,C)
  Variable<T> operator()(const Variable<T>& queries, const Variable<T>& x, const SequenceBounds& bounds) const;

  void visit(auto&& f) {
    f("query", query);
    f("key", key);
    f("value", value);
    f("mode", mode);
  }
};

/// Self-attention, its projection, residual and normalization.
/// @source transformers BertAttention
template <Floating T>
struct AttentionBlock : ModuleMembers<AttentionBlock<T>, T> {
  SelfAttention<T> self_attention;
  ResidualOutput<T> output;

  AttentionBlock() = default;
  explicit AttentionBlock(const EncoderConfig& config) : self_attention(config), output(config.hidden_size, config) {}

  Variable<T> operator()(const Variable<T>& queries, const Variable<T>& x, const SequenceBounds& bounds) const;

  void visit(auto&& f) {
    f("self", self_attention);
    f("output", output);
  }
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/models/encoder/impl/attention.ipp>
#endif
