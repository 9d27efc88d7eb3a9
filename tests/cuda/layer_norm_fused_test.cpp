// The fused layer normalisations against the kernels that they stand for: the same bits.
#include <tempa/core/error.hpp>
#include <tempa/cuda/launch.hpp>

#include "cuda/against_cpu.hpp"

#include <utility>

namespace layer_norm_fused_test {

using namespace tempa;
using namespace tempa::test;

namespace {

template <typename T>
std::vector<T> values(Index count, std::uint64_t seed, double low = -2, double high = 2) {
  std::vector<T> result;
  for (const double value : numbers(count, seed, low, high).values) result.push_back(element_cast<T>(value));
  return result;
}

template <typename T>
void check_equal(const DeviceArray<T>& a, const DeviceArray<T>& b) {
  CHECK(same_bits(a.to_vector(), b.to_vector()));
}

struct Size {
  Index rows, cols;
};

/// Rows on each path: of a warp, of a block, the long ones, and without vector loads.
template <typename T>
constexpr Size kSizes[] = {{1, 1}, {9, 33}, {9, 90 * 16 / sizeof(T)}, {3, 200 * 16 / sizeof(T)}, {2, 1025}, {0, 8}};

}  // namespace

TEMPLATE_TEST_CASE("CUDA fused layer norm: dropout, sum and normalisation, both directions", "[cuda]", float, double,
                   float16, bfloat16) {
  using T = TestType;
  using A = Accumulator<T>;
  const auto backend = cuda::current_backend(0);
  const RandomStream stream{7, 11};
  for (const auto& [rows, cols] : kSizes<T>)
    for (const double drop_prob : {0.0, 0.1}) {
      INFO(rows << " x " << cols << ", drop_prob " << drop_prob);
      const Index n = rows * cols;
      const DeviceArray<T> x(values<T>(n, 1)), residual(values<T>(n, 2)), gamma(values<T>(cols, 3)),
          beta(values<T>(cols, 4)), dy(values<T>(n, 5));
      DeviceArray<T> y(n), z(n), dx(n), dresidual(n), dgamma(values<T>(cols, 6)), dbeta(values<T>(cols, 7));
      DeviceArray<T> plain_y(n), plain_z(n), plain_dx(n), plain_dz(n), plain_dgamma(values<T>(cols, 6)),
          plain_dbeta(values<T>(cols, 7));
      DeviceArray<A> mean(rows), rstd(rows), plain_mean(rows), plain_rstd(rows);
      const auto read = [](auto& array) { return std::as_const(array).data(); };
      cuda::dropout_add_layer_norm_forward(backend, y.data(), z.data(), mean.data(), rstd.data(), x.data(),
                                           residual.data(), gamma.data(), beta.data(), rows, cols, A(1e-5), drop_prob,
                                           stream);
      cuda::dropout_add_layer_norm_backward(backend, dx.data(), dresidual.data(), dgamma.data(), dbeta.data(),
                                            dy.data(), read(z), gamma.data(), read(mean), read(rstd), rows, cols,
                                            drop_prob, stream);
      cuda::dropout_apply(backend, plain_z.data(), x.data(), n, drop_prob, stream);
      cuda::accumulate(backend, plain_z.data(), residual.data(), n);
      cuda::layer_norm_forward(backend, plain_y.data(), plain_mean.data(), plain_rstd.data(), read(plain_z),
                               gamma.data(), beta.data(), rows, cols, A(1e-5));
      cuda::layer_norm_backward(backend, plain_dz.data(), plain_dgamma.data(), plain_dbeta.data(), dy.data(),
                                read(plain_z), gamma.data(), read(plain_mean), read(plain_rstd), rows, cols);
      cuda::dropout_apply(backend, plain_dx.data(), read(plain_dz), n, drop_prob, stream);
      check_equal(z, plain_z);
      check_equal(y, plain_y);
      check_equal(mean, plain_mean);
      check_equal(rstd, plain_rstd);
      check_equal(dresidual, plain_dz);
      check_equal(dx, plain_dx);
      check_equal(dgamma, plain_dgamma);
      check_equal(dbeta, plain_dbeta);
    }
}

TEMPLATE_TEST_CASE("CUDA fused layer norm: the sum of three embeddings, and ids out of range", "[cuda]", float, double,
                   float16, bfloat16) {
  using T = TestType;
  using A = Accumulator<T>;
  const auto backend = cuda::current_backend(0);
  for (const auto& [rows, cols] : kSizes<T>) {
    INFO(rows << " x " << cols);
    const Index n = rows * cols;
    std::vector<std::int32_t> ids, types, positions;
    for (std::int32_t i = 0; i < rows; ++i) {
      ids.push_back(i * 7 % 5);
      types.push_back(i % 2);
      positions.push_back(i % 3);
    }
    const DeviceArray<std::int32_t> device_ids(ids), device_types(types), device_positions(positions);
    const DeviceArray<T> word(values<T>(5 * cols, 1)), type(values<T>(2 * cols, 2)), position(values<T>(3 * cols, 3)),
        gamma(values<T>(cols, 4)), beta(values<T>(cols, 5));
    DeviceArray<T> y(n), z(n), plain_y(n), plain_z(n), part(n);
    DeviceArray<A> mean(rows), rstd(rows);
    cuda::embeddings_layer_norm_forward<T>(backend, y.data(), z.data(), mean.data(), rstd.data(),
                                           {word.data(), device_ids.data(), 5}, {type.data(), device_types.data(), 2},
                                           {position.data(), device_positions.data(), 3}, gamma.data(), beta.data(),
                                           rows, cols, A(1e-5));
    cuda::index_select_forward(backend, plain_z.data(), word.data(), device_ids.data(), 1, 5, cols, rows);
    cuda::index_select_forward(backend, part.data(), type.data(), device_types.data(), 1, 2, cols, rows);
    cuda::accumulate(backend, plain_z.data(), std::as_const(part).data(), n);
    cuda::index_select_forward(backend, part.data(), position.data(), device_positions.data(), 1, 3, cols, rows);
    cuda::accumulate(backend, plain_z.data(), std::as_const(part).data(), n);
    cuda::layer_norm_forward(backend, plain_y.data(), mean.data(), rstd.data(), std::as_const(plain_z).data(),
                             gamma.data(), beta.data(), rows, cols, A(1e-5));
    check_equal(z, plain_z);
    check_equal(y, plain_y);
    if (rows == 0) continue;
    cuda::embeddings_layer_norm_forward<T>(backend, y.data(), z.data(), mean.data(), rstd.data(),
                                           {word.data(), device_ids.data(), 5}, {type.data(), device_types.data(), 2},
                                           {position.data(), device_positions.data(), 0}, gamma.data(), beta.data(),
                                           rows, cols, A(1e-5));
    CHECK_THROWS_AS(cuda::synchronize(backend), ValueError);
  }
}

}  // namespace layer_norm_fused_test
