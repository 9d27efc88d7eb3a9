// A transformer layer, post-norm as in the original BERT.
#pragma once

#include <tempa/models/encoder/attention.hpp>
#include <tempa/nn/activation.hpp>

namespace tempa::inline TEMPA_ABI {

/// activation(x W^T + b), C to F.
/// @source transformers BertIntermediate
template <Floating T>
struct Intermediate : ModuleMembers<Intermediate<T>, T> {
  Linear<T> dense;  // (F,C)
  Activation activation = Activation::kGelu;

  Intermediate() = default;
  explicit Intermediate(const EncoderConfig& config);

  Variable<T> operator()(const Variable<T>& x) const { return activate(activation, dense(x)); }

  void visit(auto&& f) { f("dense", dense); }
};

/// One layer: attention, then the feed-forward network, each followed by residual and LayerNorm. A family whose
/// checkpoints call the parts by other names than BERT's holds such a layer and shows its parts in a `visit` of its
/// own.
/// @source Devlin et al. 2018; transformers BertLayer
template <Floating T>
struct EncoderLayer : ModuleMembers<EncoderLayer<T>, T> {
  AttentionBlock<T> attention;
  Intermediate<T> intermediate;
  ResidualOutput<T> output;

  EncoderLayer() = default;
  explicit EncoderLayer(const EncoderConfig& config);

  /// @param queries (Nq,C) rows to compute: x itself, or a part of it. @param x (N,C). @return (Nq,C)
  Variable<T> operator()(const Variable<T>& queries, const Variable<T>& x, const SequenceBounds& bounds) const;

  void visit(auto&& f) {
    f("attention", attention);
    f("intermediate", intermediate);
    f("output", output);
  }
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/models/encoder/impl/layer.ipp>
#endif
