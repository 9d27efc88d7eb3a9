// Products of vectors, matrices and batches of matrices.
#pragma once

#include <tempa/autograd/tape.hpp>
#include <tempa/core/detail/compiled.hpp>
#include <tempa/cpu/gemm/matmul.hpp>

#include <utility>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// Sizes of a product by the rules of torch.matmul.
struct MatmulPlan {
  Shape result;
  Index m = 1, n = 1, k = 1;
  Index batch = 1, a_batch = 1, b_batch = 1;
  LoopNest<2> nest;  // over the batch, in matrices
};

inline MatmulPlan plan_matmul(const Shape& a, const Shape& b) {
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

/// c = a b: the dot product of vectors, the product of matrices, and of batches of matrices whose leading dimensions
/// broadcast. A vector a is a row, a vector b a column, and the result does not keep that dimension.
/// @param a (…,m,k) or (k). @param b (…,k,n) or (k).
/// @return c (…,m,n)
/// @saves nothing of its own: backward reads a and b.
/// @throws ShapeError, DeviceError.
/// @source torch.matmul
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

TEMPA_COMPILED_FUNCTION(matmul);

}  // namespace tempa::inline TEMPA_ABI
