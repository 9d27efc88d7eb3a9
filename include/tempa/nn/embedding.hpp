// A table of vectors as a layer.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/nn/init.hpp>
#include <tempa/nn/module.hpp>
#include <tempa/ops/embedding.hpp>

#include <algorithm>
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
  Embedding(Index rows, Index size, EmbeddingOptions options = {}) : padding_idx(options.padding_idx) {
    if (rows < 1 || size < 1)
      throw ConfigError(concat("[Embedding] sizes must be positive but are ", rows, " rows of ", size));
    if (padding_idx && (*padding_idx < 0 || *padding_idx >= rows))
      throw ConfigError(concat("[Embedding] padding_idx must be in [0,", rows, ") but is ", *padding_idx));
    weight = make_parameter<T>({rows, size}, [options](Tensor<Accumulator<T>>& table) {
      for (auto& element : table.span())
        element = static_cast<Accumulator<T>>(options.initializer_range * default_generator().normal());
      if (options.padding_idx) table.rows(*options.padding_idx, *options.padding_idx + 1).fill(0);
    });
  }

  Variable<T> operator()(const Tensor<std::int32_t>& ids) const {
    return embedding(weight, ids, {.padding_idx = padding_idx});
  }

  void visit(auto&& f) { f("weight", weight); }
};

TEMPA_COMPILED_MODULE(Embedding);

}  // namespace tempa::inline TEMPA_ABI
