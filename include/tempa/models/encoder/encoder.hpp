// The stack of transformer layers.
#pragma once

#include <tempa/models/encoder/layer.hpp>
#include <tempa/ops/positions.hpp>

#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Which rows of the last layer somebody will read.
enum class OutputRows {
  kAll,         ///< every token: (N,C)
  kFirstToken,  ///< the first token of each sequence, [CLS]: (B,C); the last layer computes only these
};

/// Where the sequences of a batch lie in a packed activation.
struct PackedSequences {
  Tensor<std::int32_t> cu_seqlens;  ///< (B+1)
  Index max_seqlen = 0;             ///< the longest sequence, in tokens; 0 is unknown
  bool has_tail = false;            ///< whether cu_seqlens may end before N
};

/// The first row of each sequence. @param x (N,C). @param cu_seqlens (B+1). @return (B,C)
template <Floating T>
Variable<T> first_tokens(const Variable<T>& x, const Tensor<std::int32_t>& cu_seqlens);

/// `count` layers, one after the other.
/// @param x (N,C). @param layer_at takes a number from 0 and returns the layer, which may be the same for several.
/// @return (N,C), or (B,C) for `kFirstToken`.
template <Floating T, typename LayerAt>
Variable<T> run_layers(Variable<T> x, const PackedSequences& sequences, OutputRows rows, Index count,
                       const LayerAt& layer_at) {
  const auto& [bounds, longest, has_tail] = sequences;
  const SequenceBounds all{bounds, bounds, longest, longest, has_tail};
  for (Index i = 0; i < count; ++i) {
    if (rows == OutputRows::kFirstToken && i + 1 == count) {
      const auto one_each = arange(bounds.numel(), x.device());  // (B+1)
      x = layer_at(i)(first_tokens(x, bounds), x, {one_each, bounds, 1, longest, has_tail});
    } else {
      x = layer_at(i)(x, x, all);
    }
  }
  return rows == OutputRows::kFirstToken && count == 0 ? first_tokens(x, bounds) : x;
}

/// L layers, each with weights of its own.
/// @source transformers BertEncoder
template <Floating T>
struct Encoder : ModuleMembers<Encoder<T>, T> {
  std::vector<EncoderLayer<T>> layers;

  Encoder() = default;
  explicit Encoder(const EncoderConfig& config);

  /// @param x (N,C). @return (N,C), or (B,C) for `kFirstToken`.
  Variable<T> operator()(Variable<T> x, const PackedSequences& sequences, OutputRows rows) const;

  void visit(auto&& f) { f("layer", layers); }
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/models/encoder/impl/encoder.ipp>
#endif
