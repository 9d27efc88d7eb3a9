// A table of vectors as a layer.
#pragma once

#include <tempa/nn/module.hpp>

#include <optional>

namespace tempa::inline TEMPA_ABI {

/// Options of `Embedding`.
struct EmbeddingOptions {
  /// Row that starts at zero and gets no gradient.
  std::optional<Index> padding_idx = std::nullopt;
  /// Standard deviation of the initial values.
  double initializer_range = 1.0;
};

/// Rows of a table (V,C) by ids (…) to (…,C).
/// @source torch.nn.Embedding
template <Floating T>
struct Embedding : ModuleMembers<Embedding<T>, T> {
  Variable<T> weight;  // (V,C)
  std::optional<Index> padding_idx;

  Embedding() = default;
  /// @throws ConfigError for a size that is not positive or a padding row outside the table.
  Embedding(Index rows, Index size, EmbeddingOptions options = {});

  Variable<T> operator()(const Tensor<std::int32_t>& ids) const;

  void visit(auto&& f) { f("weight", weight); }
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/nn/impl/embedding.ipp>
#endif
