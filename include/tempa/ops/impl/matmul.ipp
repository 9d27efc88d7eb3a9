// The bodies of <tempa/ops/matmul.hpp>.
#pragma once

#include <tempa/autograd/tape.hpp>
#include <tempa/core/detail/instantiate.hpp>
#include <tempa/cpu/gemm/matmul.hpp>
#include <tempa/ops/matmul.hpp>
#include <tempa/tensor/profile_scope.hpp>

#include <utility>

namespace tempa::inline TEMPA_ABI {

namespace detail {

TEMPA_INLINE MatmulPlan plan_matmul(const Shape& a, const Shape& b) {
  if (a.rank() == 0 || b.rank() == 0)
    throw ShapeError(concat("[matmul] expected at least one dimension but the shapes are ", a, " and ", b));
  MatmulPlan plan;
  plan.k = a[-1];
  if (b[b.rank() == 1 ? 0 : -2] != plan.k)
    throw ShapeError(concat("[matmul] b must have ", plan.k, " rows for a ", a, " but has shape ", b));
  plan.m = a.rank() == 1 ? 1 : a[-2];
  plan.n = b.rank() == 1 ? 1 : b[-1];
  Shape a_batch, b_batch;
  for (Index i = 0; i + 2 < a.rank(); ++i) a_batch.push_back(a[i]);
  for (Index i = 0; i + 2 < b.rank(); ++i) b_batch.push_back(b[i]);
  plan.result = broadcast_shape("matmul", a_batch, b_batch);
  plan.a_batch = a_batch.numel();
  plan.b_batch = b_batch.numel();
  plan.batch = plan.result.numel();
  if (plan.b_batch == 1) {  // one b for all: the matrices of a are the rows of one
    plan.m *= plan.a_batch;
    plan.batch = plan.a_batch = 1;
  } else {
    plan.nest = broadcast_nest(plan.result, a_batch, b_batch);
  }
  if (a.rank() > 1) plan.result.push_back(a[-2]);
  if (b.rank() > 1) plan.result.push_back(b[-1]);
  return plan;
}

}  // namespace detail

template <Floating T>
Variable<T> matmul(const Variable<T>& a, const Variable<T>& b) {
  const ProfileScope scope("matmul", ProfileCategory::kForward);
  const auto plan = detail::plan_matmul(a.shape(), b.shape());
  check_same_device("matmul", a, b);
  Tensor<T> c(plan.result, a.device());  // (batch,m,n)
  count_product<T>(plan.m, plan.n, plan.k, plan.batch);
  on(a.device(), [&](auto backend) {
    matmul_forward(backend, c.data(), a.value().data(), b.value().data(), plan.nest, plan.batch, plan.m, plan.n,
                   plan.k);
  });
  return record("matmul", std::move(c), {a, b}, [=](const Tensor<T>& dc) {
    count_product<T>(plan.m, plan.n, plan.k, plan.batch * (Index{a.requires_grad()} + Index{b.requires_grad()}));
    Tensor<T> da, db;
    if (a.requires_grad()) da = Tensor<T>(a.shape(), a.device());
    if (b.requires_grad()) db = Tensor<T>(b.shape(), b.device());
    on(a.device(), [&](auto backend) {
      matmul_backward(backend, da.data(), db.data(), dc.data(), a.value().data(), b.value().data(), plan.nest,
                      plan.batch, plan.a_batch, plan.b_batch, plan.m, plan.n, plan.k);
    });
    if (a.requires_grad()) a.accumulate_grad(std::move(da));
    if (b.requires_grad()) b.accumulate_grad(std::move(db));
  });
}

TEMPA_INSTANTIATE_FUNCTION(matmul);

}  // namespace tempa::inline TEMPA_ABI
