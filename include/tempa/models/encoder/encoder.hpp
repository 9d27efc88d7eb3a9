// The stack of transformer layers, post-norm as in the original BERT.
#pragma once

#include <tempa/core/compiled.hpp>
#include <tempa/models/encoder/attention.hpp>
#include <tempa/nn/activation.hpp>
#include <tempa/ops/feed_forward.hpp>
#include <tempa/ops/gather.hpp>
#include <tempa/ops/positions.hpp>

#include <vector>

namespace tempa::inline TEMPA_ABI {

/// activation(x W^T + b), C to F.
/// @source transformers BertIntermediate
template <Floating T>
struct BertIntermediate : ModuleMembers<BertIntermediate<T>, T> {
  Linear<T> dense;  // (F,C)
  Activation activation = Activation::kGelu;

  BertIntermediate() = default;
  explicit BertIntermediate(const BertConfig& config)
      : dense(config.hidden_size, config.intermediate_size, {.initializer_range = config.initializer_range}),
        activation(parse_activation("hidden_act", config.hidden_act)) {}

  Variable<T> operator()(const Variable<T>& x) const { return activate(activation, dense(x)); }

  void visit(auto&& f) { f("dense", dense); }
};

/// One layer: attention, then the feed-forward network, each with residual and LayerNorm behind it.
/// @source Devlin et al. 2018; transformers BertLayer
template <Floating T>
struct BertLayer : ModuleMembers<BertLayer<T>, T> {
  BertAttention<T> attention;
  BertIntermediate<T> intermediate;
  BertResidualOutput<T> output;

  BertLayer() = default;
  explicit BertLayer(const BertConfig& config)
      : attention(config), intermediate(config), output(config.intermediate_size, config) {}

  /// @param asking (Nq,C) rows to compute: x itself, or a part of it. @param x (N,C). @return (Nq,C)
  Variable<T> operator()(const Variable<T>& asking, const Variable<T>& x, const SequenceBounds& bounds) const {
    const auto context = attention(asking, x, bounds);
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

/// Which rows of the last layer somebody will read.
enum class OutputRows {
  kAll,         ///< every token: (N,C)
  kFirstToken,  ///< the first token of each sequence, [CLS]: (B,C); the last layer computes only these
};

/// L layers.
/// @source transformers BertEncoder
template <Floating T>
struct BertEncoder : ModuleMembers<BertEncoder<T>, T> {
  std::vector<BertLayer<T>> layers;

  BertEncoder() = default;
  explicit BertEncoder(const BertConfig& config) {
    for (Index i = 0; i < config.num_hidden_layers; ++i) layers.emplace_back(config);
  }

  /// @param x (N,C). @param cu_seqlens (B+1). @param max_seqlen the longest sequence, in tokens; 0 is unknown.
  /// @param has_tail whether cu_seqlens may end before N. @return (N,C), or (B,C) for `kFirstToken`.
  Variable<T> operator()(Variable<T> x, const Tensor<std::int32_t>& cu_seqlens, Index max_seqlen, OutputRows rows,
                         bool has_tail = false) const {
    const SequenceBounds all{cu_seqlens, cu_seqlens, max_seqlen, max_seqlen, has_tail};
    for (std::size_t i = 0; i < layers.size(); ++i) {
      if (rows == OutputRows::kFirstToken && i + 1 == layers.size()) {
        const auto one_each = arange(cu_seqlens.numel(), x.device());  // (B+1)
        x = layers[i](first_tokens(x, cu_seqlens), x, {one_each, cu_seqlens, 1, max_seqlen, has_tail});
      } else {
        x = layers[i](x, x, all);
      }
    }
    return rows == OutputRows::kFirstToken && layers.empty() ? first_tokens(x, cu_seqlens) : x;
  }

  /// The first row of each sequence. @param x (N,C). @return (B,C)
  static Variable<T> first_tokens(const Variable<T>& x, const Tensor<std::int32_t>& cu_seqlens) {
    return index_select(x, 0, cu_seqlens.rows(0, cu_seqlens.numel() - 1));
  }

  void visit(auto&& f) { f("layer", layers); }
};

TEMPA_COMPILED_MODULE(BertIntermediate);
TEMPA_COMPILED_MODULE(BertLayer);
TEMPA_COMPILED_MODULE(BertEncoder);

}  // namespace tempa::inline TEMPA_ABI
