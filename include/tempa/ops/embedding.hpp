// Looks up rows of a table by their number.
#pragma once

#include <tempa/autograd/variable.hpp>

#include <cstdint>
#include <optional>

namespace tempa::inline TEMPA_ABI {

/// Options of `embedding`.
struct EmbeddingLookupOptions {
  /// Row of the table that gets no gradient.
  std::optional<Index> padding_idx = std::nullopt;
};

/// y_n = table_(ids_n).
/// @param table (V,C). @param ids any shape, in [0,V); may repeat.
/// @return y, the shape of ids and C
/// @saves nothing of its own: backward reads the ids, and adds each row of dy to the table's gradient in their order.
/// @throws ShapeError, DeviceError; ValueError for an id outside of the table (found on a CUDA device, it is thrown by
/// the next call that waits for the device) or a padding_idx outside of it.
/// @source torch.nn.functional.embedding
template <Floating T>
Variable<T> embedding(const Variable<T>& table, const Tensor<std::int32_t>& ids,
                      const EmbeddingLookupOptions& options = {});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/ops/impl/embedding.ipp>
#endif
