// The bodies of <tempa/ops/embedding.hpp>.
#pragma once

#include <tempa/autograd/tape.hpp>
#include <tempa/core/detail/instantiate.hpp>
#include <tempa/ops/detail/embedding_gradient.hpp>
#include <tempa/ops/embedding.hpp>
#include <tempa/tensor/profile_scope.hpp>

#include <utility>

namespace tempa::inline TEMPA_ABI {

template <Floating T>
Variable<T> embedding(const Variable<T>& table, const Tensor<std::int32_t>& ids,
                      const EmbeddingLookupOptions& options) {
  const ProfileScope scope("embedding", ProfileCategory::kForward);
  detail::check_embedding("embedding", table, ids, options.padding_idx);
  const Index rows = table.size(0), columns = table.size(1), count = ids.numel();
  Shape shape = ids.shape();
  shape.push_back(columns);
  Tensor<T> y(shape, table.device());  // (…,C)
  count_bytes(y, y);                   // as many rows are read
  on(table.device(), [&](auto backend) {
    index_select_forward(backend, y.data(), table.value().data(), ids.data(), Index{1}, rows, columns, count);
  });
  const std::optional<Index> padding = options.padding_idx;
  return record("embedding", std::move(y), {table}, [=](const Tensor<T>& dy) {
    count_bytes(dy, dy, dy);  // as many rows are read and written
    detail::add_embedding_gradient(table, ids, dy, padding);
  });
}

TEMPA_INSTANTIATE_FUNCTION(embedding);

}  // namespace tempa::inline TEMPA_ABI
