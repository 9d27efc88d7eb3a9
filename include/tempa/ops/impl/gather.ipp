// The bodies of <tempa/ops/gather.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/cpu/gather.hpp>
#include <tempa/ops/detail/sum_to_shape.hpp>
#include <tempa/ops/gather.hpp>
#include <tempa/tensor/profile_scope.hpp>

#include <string_view>
#include <utility>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// @throws ValueError for an index outside of [0, size). On a CUDA device the kernels check them, and the next
/// call that waits for the device throws.
template <std::integral I>
void check_indices(std::string_view op, const Tensor<I>& index, Index axis, const Shape& shape) {
  if (!index.device().is_cpu()) return;
  for (const I i : index.span())
    if (i < 0 || static_cast<Index>(i) >= shape[axis])
      throw ValueError(concat("[", op, "] index ", i, " is outside of axis ", axis, " of shape ", shape));
}

}  // namespace detail

template <Floating T, std::signed_integral I>
Variable<T> index_select(const Variable<T>& x, Index axis, const Tensor<I>& index) {
  const ProfileScope scope("index_select", ProfileCategory::kForward);
  const auto split = detail::split_at("index_select", x.shape(), axis);
  check_rank("index_select", "index", index.shape(), 1);
  check_same_device("index_select", x, index);
  detail::check_indices("index_select", index, axis, x.shape());
  const Index count = index.numel();
  Tensor<T> y(x.shape().with(axis, count), x.device());  // (outer,count,inner)
  on(x.device(), [&](auto backend) {
    index_select_forward(backend, y.data(), x.value().data(), index.data(), split.outer, split.middle, split.inner,
                         count);
  });
  count_bytes(y, y);  // as many rows are read
  return record("index_select", std::move(y), {x}, [=](const Tensor<T>& dy) {
    count_bytes(dy, dy, dy);
    on(dy.device(), [&](auto backend) {
      index_select_backward(backend, x.mutable_grad().data(), dy.data(), index.data(), split.outer, split.middle,
                            split.inner, count);
    });
  });
}

template <Floating T, std::signed_integral I>
Variable<T> gather(const Variable<T>& x, Index axis, const Tensor<I>& index) {
  const ProfileScope scope("gather", ProfileCategory::kForward);
  const auto split = detail::split_at("gather", x.shape(), axis);
  check_rank("gather", "index", index.shape(), x.shape().rank());
  check_shape("gather", "index", index.shape(), x.shape().with(axis, index.size(axis)));
  check_same_device("gather", x, index);
  detail::check_indices("gather", index, axis, x.shape());
  const Index count = index.size(axis);
  Tensor<T> y(index.shape(), x.device());  // (outer,count,inner)
  on(x.device(), [&](auto backend) {
    gather_forward(backend, y.data(), x.value().data(), index.data(), split.outer, split.middle, split.inner, count);
  });
  count_bytes(y, y);
  return record("gather", std::move(y), {x}, [=](const Tensor<T>& dy) {
    count_bytes(dy, dy, dy);
    on(dy.device(), [&](auto backend) {
      gather_backward(backend, x.mutable_grad().data(), dy.data(), index.data(), split.outer, split.middle, split.inner,
                      count);
    });
  });
}

TEMPA_INSTANTIATE_FUNCTION(index_select, std::int32_t);
TEMPA_INSTANTIATE_FUNCTION(index_select, std::int64_t);
TEMPA_INSTANTIATE_FUNCTION(gather, std::int32_t);
TEMPA_INSTANTIATE_FUNCTION(gather, std::int64_t);

}  // namespace tempa::inline TEMPA_ABI
