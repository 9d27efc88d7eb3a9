// Rows of a table by their number.
#pragma once

#include <tempa/autograd/tape.hpp>
#include <tempa/cpu/gather.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

namespace tempa::inline TEMPA_ABI {

/// Options of `embedding`.
struct EmbeddingLookupOptions {
  /// Row of the table whose gradient gets nothing.
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
                      const EmbeddingLookupOptions& options = {}) {
  check_rank("embedding", "table", table.shape(), 2);
  check_same_device("embedding", table, ids);
  const Index rows = table.size(0), columns = table.size(1), count = ids.numel();
  const std::optional<Index> padding = options.padding_idx;
  if (padding && (*padding < 0 || *padding >= rows))
    throw ValueError(concat("[embedding] padding_idx must be in [0,", rows, ") but is ", *padding));
  for (Index n = 0; n < count && ids.device().is_cpu(); ++n)
    if (const std::int32_t id = ids.data()[n]; id < 0 || id >= rows)
      throw ValueError(concat("[embedding] ids must be in [0,", rows, ") but element ", n, " is ", id));
  Shape shape = ids.shape();
  shape.push_back(columns);
  Tensor<T> y(shape, table.device());  // (…,C)
  on(table.device(), [&](auto backend) {
    index_select_forward(backend, y.data(), table.value().data(), ids.data(), Index{1}, rows, columns, count);
  });
  return record("embedding", std::move(y), {table}, [=](const Tensor<T>& dy) {
    Tensor<T>& dtable = table.mutable_grad();
    const Tensor<T> kept = padding ? dtable.rows(*padding, *padding + 1).clone() : Tensor<T>();  // (1,C)
    on(table.device(), [&](auto backend) {
      index_select_backward(backend, dtable.data(), dy.data(), ids.data(), Index{1}, rows, columns, count);
    });
    if (padding) dtable.rows(*padding, *padding + 1).copy_from(kept);
  });
}

}  // namespace tempa::inline TEMPA_ABI
