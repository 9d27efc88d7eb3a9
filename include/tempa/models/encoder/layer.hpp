// A transformer layer, post-norm as in the original BERT.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/models/encoder/attention.hpp>
#include <tempa/nn/activation.hpp>
#include <tempa/ops/feed_forward.hpp>

namespace tempa::inline TEMPA_ABI {

/// activation(x W^T + b), C to F.
/// @source transformers BertIntermediate
template <Floating T>
struct Intermediate : ModuleMembers<Intermediate<T>, T> {
  Linear<T> dense;  // (F,C)
  Activation activation = Activation::kGelu;

  Intermediate() = default;
  explicit Intermediate(const EncoderConfig& config)
      : dense(config.hidden_size, config.intermediate_size, {.initializer_range = config.initializer_range}),
        activation(config.activation) {}

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
  explicit EncoderLayer(const EncoderConfig& config)
      : attention(config), intermediate(config), output(config.intermediate_size, config) {}

  /// @param queries (Nq,C) rows to compute: x itself, or a part of it. @param x (N,C). @return (Nq,C)
  Variable<T> operator()(const Variable<T>& queries, const Variable<T>& x, const SequenceBounds& bounds) const {
    const auto context = attention(queries, x, bounds);
    const Linear<T>&up = intermediate.dense, &down = output.dense;
    if (intermediate.activation == Activation::kGelu)
      return output.finish(feed_forward(context, up.weight, up.bias, down.weight, down.bias), context);
    return output(intermediate(context), context);
  }

  void visit(auto&& f) {
    f("attention", attention);
    f("intermediate", intermediate);
    f("output", output);
  }
};

TEMPA_COMPILED_MODULE(Intermediate);
TEMPA_COMPILED_MODULE(EncoderLayer);

}  // namespace tempa::inline TEMPA_ABI
