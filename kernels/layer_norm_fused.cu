// Layer normalization of a residual sum with dropout, and of the sum of three embeddings (layer_norm.cuh with another
// source of the rows). Bytes moved: residual sum forward x, residual, z, y; backward dy, z, dx, dresidual; embeddings
// forward the rows of the tables, z, y. For rows that only the long kernels take, the sum is a separate pass.
#include <tempa/cuda/dropout.hpp>
#include <tempa/cuda/layer_norm.hpp>
#include <tempa/cuda/layer_norm_fused.hpp>

#include "kernels/device/dropout.cuh"
#include "kernels/device/map.cuh"
#include "kernels/layer_norm.cuh"
#include "kernels/runtime/fault.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

template <typename T, int k>
__device__ inline Vector<T, k> sum_of(const Vector<T, k>& a, const Vector<T, k>& b) {
  Vector<T, k> sum;
#pragma unroll
  for (int j = 0; j < k; ++j) sum[j] = from_accumulator<T>(to_accumulator(a[j]) + to_accumulator(b[j]));
  return sum;
}

template <typename T>
struct DroppedSum {
  T* z;
  const T* x;
  const T* residual;
  DropoutRule<Accumulator<T>> rule;

  template <int k>
  bool aligned() const {
    return are_aligned<k>(z, x, residual);
  }
  template <int k>
  __device__ Vector<T, k> load(Index at, Index /*row*/, int /*column*/) const {
    const Vector<T, k> sum = sum_of(rule.apply(load_vector<k>(x + at), at), load_vector<k>(residual + at));
    store_vector<k>(z + at, sum);
    return sum;
  }
};

template <typename T>
struct DroppedGradient {
  T* dx;
  T* dresidual;
  DropoutRule<Accumulator<T>> rule;

  template <int k>
  bool aligned() const {
    return are_aligned<k>(dx, dresidual);
  }
  __device__ bool wanted() const { return true; }
  template <int k>
  __device__ void store(Index at, const Vector<T, k>& gradient) const {
    store_vector<k>(dresidual + at, gradient);
    store_vector<k>(dx + at, rule.apply(gradient, at));
  }
};

template <typename T>
struct EmbeddingSum {
  T* z;
  EmbeddingRows<T> word, type, position;
  Index cols;
  FaultSite site;

  template <int k>
  bool aligned() const {
    return are_aligned<k>(z, word.table, type.table, position.table);
  }
  template <int k>
  __device__ Vector<T, k> row_of(const EmbeddingRows<T>& embedding, Index row, int column) const {
    const Index id = embedding.ids[row];
    if (!check_index(site, id, embedding.count, row)) return {};
    return load_vector<k>(embedding.table + id * cols + column);
  }
  template <int k>
  __device__ Vector<T, k> load(Index at, Index row, int column) const {
    const Vector<T, k> sum =
        sum_of(sum_of(row_of<k>(word, row, column), row_of<k>(type, row, column)), row_of<k>(position, row, column));
    store_vector<k>(z + at, sum);
    return sum;
  }
};

/// Only the sum of a source, for rows of any length.
template <typename Source>
struct Load {
  static constexpr int kVector = 1;
  Source source;
  Index cols;

  bool aligned() const { return true; }
  template <int k>
  __device__ void run(Index i) const {
    const Index row = i / cols;
    source.template load<k>(i, row, static_cast<int>(i - row * cols));
  }
};

template <typename T, typename Source>
void forward(LaunchSite site, T* y, T* z, Accumulator<T>* mean, Accumulator<T>* rstd, const Source& source,
             const T* gamma, const T* beta, Index rows, Index cols, Accumulator<T> eps) {
  if (layer_norm::forward(site, y, mean, rstd, source, gamma, beta, rows, cols, eps)) return;
  map(site, Load<Source>{source, cols}, rows * cols);
  layer_norm_forward(site.backend, y, mean, rstd, z, gamma, beta, rows, cols, eps);
}

}  // namespace

template <Floating T>
void dropout_add_layer_norm_forward(Backend backend, T* y, T* z, Accumulator<T>* mean, Accumulator<T>* rstd, const T* x,
                                    const T* residual, const T* gamma, const T* beta, Index rows, Index cols,
                                    Accumulator<T> eps, double drop_prob, RandomStream stream) {
  forward(backend, y, z, mean, rstd, DroppedSum<T>{z, x, residual, {drop_prob, stream}}, gamma, beta, rows, cols, eps);
}

template <Floating T>
void dropout_add_layer_norm_backward(Backend backend, T* dx, T* dresidual, T* dgamma, T* dbeta, const T* dy, const T* z,
                                     const T* gamma, const Accumulator<T>* mean, const Accumulator<T>* rstd, Index rows,
                                     Index cols, double drop_prob, RandomStream stream) {
  const DroppedGradient<T> gradient{dx, dresidual, {drop_prob, stream}};
  if (layer_norm::backward(backend, gradient, dgamma, dbeta, dy, z, gamma, mean, rstd, rows, cols)) return;
  layer_norm_backward(backend, dresidual, dgamma, dbeta, dy, z, gamma, mean, rstd, rows, cols);
  dropout_apply(backend, dx, static_cast<const T*>(dresidual), rows * cols, drop_prob, stream);
}

template <Floating T>
void embeddings_layer_norm_forward(Backend backend, T* y, T* z, Accumulator<T>* mean, Accumulator<T>* rstd,
                                   const EmbeddingRows<T>& word, const EmbeddingRows<T>& type,
                                   const EmbeddingRows<T>& position, const T* gamma, const T* beta, Index rows,
                                   Index cols, Accumulator<T> eps) {
  const EmbeddingSum<T> source{z, word, type, position, cols, fault_site(backend, "embeddings_layer_norm_forward")};
  forward(backend, y, z, mean, rstd, source, gamma, beta, rows, cols, eps);
}

#define TEMPA_LAYER_NORM_FUSED(T)                                                                                      \
  template void dropout_add_layer_norm_forward<T>(Backend, T*, T*, Accumulator<T>*, Accumulator<T>*, const T*,         \
                                                  const T*, const T*, const T*, Index, Index, Accumulator<T>, double,  \
                                                  RandomStream);                                                       \
  template void dropout_add_layer_norm_backward<T>(Backend, T*, T*, T*, T*, const T*, const T*, const T*,              \
                                                   const Accumulator<T>*, const Accumulator<T>*, Index, Index, double, \
                                                   RandomStream);                                                      \
  template void embeddings_layer_norm_forward<T>(                                                                      \
      Backend, T*, T*, Accumulator<T>*, Accumulator<T>*, const EmbeddingRows<T>&, const EmbeddingRows<T>&,             \
      const EmbeddingRows<T>&, const T*, const T*, Index, Index, Accumulator<T>)

TEMPA_LAYER_NORM_FUSED(float);
TEMPA_LAYER_NORM_FUSED(double);
TEMPA_LAYER_NORM_FUSED(float16);
TEMPA_LAYER_NORM_FUSED(bfloat16);

}  // namespace tempa::inline TEMPA_ABI::cuda
