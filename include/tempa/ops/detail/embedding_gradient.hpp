// What lookups of rows check, and the gradient of their table.
#pragma once

#include <tempa/autograd/dispatch.hpp>
#include <tempa/autograd/variable.hpp>
#include <tempa/cpu/gather.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace tempa::inline TEMPA_ABI::detail {

/// @throws ShapeError, DeviceError, ValueError as `embedding`.
template <Floating T>
void check_embedding(std::string_view op, const Variable<T>& table, const Tensor<std::int32_t>& ids,
                     const std::optional<Index>& padding) {
  check_rank(op, "table", table.shape(), 2);
  check_same_device(op, table, ids);
  const Index rows = table.size(0);
  if (padding && (*padding < 0 || *padding >= rows))
    throw ValueError(concat("[", op, "] padding_idx must be in [0,", rows, ") but is ", *padding));
  for (Index n = 0; n < ids.numel() && ids.device().is_cpu(); ++n)
    if (const std::int32_t id = ids.data()[n]; id < 0 || id >= rows)
      throw ValueError(concat("[", op, "] ids must be in [0,", rows, ") but element ", n, " is ", id));
}

/// dtable_(ids_n) += dy_n, except for the row `padding`. @param dy (ids.numel(),C).
template <Floating T>
void add_embedding_gradient(const Variable<T>& table, const Tensor<std::int32_t>& ids, const Tensor<T>& dy,
                            const std::optional<Index>& padding) {
  if (!table.requires_grad()) return;
  Tensor<T>& dtable = table.mutable_grad();
  const Tensor<T> kept = padding ? dtable.rows(*padding, *padding + 1).clone() : Tensor<T>();  // (1,C)
  on(table.device(), [&](auto backend) {
    index_select_backward(backend, dtable.data(), dy.data(), ids.data(), Index{1}, table.size(0), table.size(1),
                          ids.numel());
  });
  if (padding) dtable.rows(*padding, *padding + 1).copy_from(kept);
}

}  // namespace tempa::inline TEMPA_ABI::detail
