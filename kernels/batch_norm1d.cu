// Normalization of channels over the batch. A block owns a channel, or, where a channel's elements are not contiguous
// (L = 1), 32 channels, one for each lane, whose rows its warps share; sums are kept in double, as on the CPU, in an
// order that the sizes decide. Bytes moved: x twice for the statistics (the second time from the cache, mostly), once
// for the result.
#include <tempa/cuda/batch_norm1d.hpp>

#include "kernels/device/columns.cuh"
#include "kernels/device/map.cuh"

#include <cmath>

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

struct ChannelSize {
  Index batch, channels, length;

  Index blocks() const { return length == 1 ? ceil_div<Index>(channels, kWarpSize) : channels; }
  double count() const { return static_cast<double>(batch * length); }
};

/// The calling thread's channel, and its part of the channel's elements.
class Channel {
 public:
  __device__ explicit Channel(const ChannelSize& size)
      : size_(size),
        across_(size.length == 1),
        index_(across_ ? static_cast<Index>(blockIdx.x) * kWarpSize + lane_in_warp() : static_cast<Index>(blockIdx.x)) {
  }

  __device__ bool here() const { return index_ < size_.channels; }
  __device__ Index index() const { return index_; }
  /// Whether the thread writes the channel's results.
  __device__ bool is_first() const { return here() && (across_ ? warp_in_block() == 0 : thread_in_block() == 0); }

  /// Calls `f(i)` for the offsets i of the thread's elements.
  template <typename F>
  __device__ void for_each(F f) const {
    if (!here()) return;
    if (across_) {
      for (Index b = warp_in_block(); b < size_.batch; b += kColumnWarps) f(b * size_.channels + index_);
      return;
    }
    for (Index k = thread_in_block(); k < size_.batch * size_.length; k += kColumnBlock) {
      const Index b = k / size_.length;
      f((b * size_.channels + index_) * size_.length + (k - b * size_.length));
    }
  }

  /// The sum over all elements of the channel, from the sums of the threads; all threads of the block must call it.
  __device__ double sum(double mine) const {
    const auto scratch = shared_array<double>(0, kColumnBlock);
    if (!across_) return block_sum(mine, scratch);
    scratch[thread_in_block()] = mine;
    __syncthreads();
    double total = 0;
    for (int w = 0; w < kColumnWarps; ++w) total += scratch[w * kWarpSize + lane_in_warp()];
    __syncthreads();
    return total;
  }

 private:
  ChannelSize size_;
  bool across_;
  Index index_;
};

constexpr std::size_t kScratchBytes = sizeof(double) * kColumnBlock;

template <typename T>
__device__ inline double in_double(T x) {
  return static_cast<double>(to_accumulator(x));
}

template <typename T>
__global__ void __launch_bounds__(kColumnBlock)
    statistics_kernel(Accumulator<T>* mean, Accumulator<T>* variance, const T* x, ChannelSize size, double count) {
  const Channel channel(size);
  double sum = 0, squares = 0;
  channel.for_each([&](Index i) { sum += in_double(x[i]); });
  const double m = channel.sum(sum) / count;
  channel.for_each([&](Index i) {
    const double d = in_double(x[i]) - m;
    squares += d * d;
  });
  squares = channel.sum(squares);
  if (!channel.is_first()) return;
  mean[channel.index()] = static_cast<Accumulator<T>>(m);
  variance[channel.index()] = static_cast<Accumulator<T>>(squares / count);
}

template <typename T>
__global__ void __launch_bounds__(kColumnBlock)
    forward_kernel(T* y, const T* x, const Accumulator<T>* mean, const Accumulator<T>* variance, const T* gamma,
                   const T* beta, ChannelSize size, double eps) {
  using A = Accumulator<T>;
  const Channel channel(size);
  if (!channel.here()) return;
  const Index c = channel.index();
  const auto rstd = static_cast<A>(1 / std::sqrt(static_cast<double>(variance[c]) + eps));
  const A m = mean[c], scale = gamma != nullptr ? to_accumulator(gamma[c]) : A(1);
  const A shift = beta != nullptr ? to_accumulator(beta[c]) : A(0);
  channel.for_each([&](Index i) { y[i] = from_accumulator<T>((to_accumulator(x[i]) - m) * rstd * scale + shift); });
}

template <typename T>
__global__ void __launch_bounds__(kColumnBlock)
    backward_kernel(T* dx, T* dgamma, T* dbeta, const T* dy, const T* x, const Accumulator<T>* mean,
                    const Accumulator<T>* variance, const T* gamma, ChannelSize size, double count, double eps,
                    bool own_statistics) {
  using A = Accumulator<T>;
  const Channel channel(size);
  const Index c = channel.index();
  double rstd = 0, m = 0, sum = 0, dot = 0;
  if (channel.here()) {
    rstd = 1 / std::sqrt(static_cast<double>(variance[c]) + eps);
    m = static_cast<double>(mean[c]);
  }
  channel.for_each([&](Index i) {
    sum += in_double(dy[i]);
    dot += in_double(dy[i]) * (in_double(x[i]) - m) * rstd;
  });
  sum = channel.sum(sum);
  dot = channel.sum(dot);
  if (channel.is_first() && dgamma != nullptr)
    dgamma[c] = from_accumulator<T>(to_accumulator(dgamma[c]) + static_cast<A>(dot));
  if (channel.is_first() && dbeta != nullptr)
    dbeta[c] = from_accumulator<T>(to_accumulator(dbeta[c]) + static_cast<A>(sum));
  if (dx == nullptr || !channel.here()) return;
  const double scale = rstd * (gamma != nullptr ? in_double(gamma[c]) : 1.0);
  const double mean_dy = own_statistics ? sum / count : 0, mean_dot = own_statistics ? dot / count : 0;
  channel.for_each([&](Index i) {
    const double xhat = (in_double(x[i]) - m) * rstd;
    dx[i] = from_accumulator<T>(static_cast<A>(scale * (in_double(dy[i]) - mean_dy - xhat * mean_dot)));
  });
}

template <typename T>
struct Track {
  static constexpr int kVector = 1;
  T* running_mean;
  T* running_var;
  const T* mean;
  const T* variance;
  T keep, move, unbiased;

  bool aligned() const { return true; }
  template <int k>
  __device__ void run(Index c) const {
    running_mean[c] = keep * running_mean[c] + move * mean[c];
    running_var[c] = keep * running_var[c] + unbiased * variance[c];
  }
};

}  // namespace

template <Floating T>
void batch_norm_statistics(Backend backend, Accumulator<T>* mean, Accumulator<T>* variance, const T* x, Index batch,
                           Index channels, Index length) {
  const ChannelSize size{batch, channels, length};
  launch<statistics_kernel<T>, kScratchBytes>(blocks_for(size.blocks(), 1), kColumnBlock, backend, mean, variance, x,
                                              size, size.count());
}

template <Real T>
void batch_norm_track(Backend backend, T* running_mean, T* running_var, const T* mean, const T* variance,
                      Index channels, Index count, double factor) {
  const auto n = static_cast<double>(count);
  map(backend,
      Track<T>{running_mean, running_var, mean, variance, static_cast<T>(1 - factor), static_cast<T>(factor),
               static_cast<T>(factor * n / (n - 1))},
      channels);
}

template <Floating T>
void batch_norm_forward(Backend backend, T* y, const T* x, const Accumulator<T>* mean, const Accumulator<T>* variance,
                        const T* gamma, const T* beta, Index batch, Index channels, Index length, double eps) {
  const ChannelSize size{batch, channels, length};
  launch<forward_kernel<T>, 0>(blocks_for(size.blocks(), 1), kColumnBlock, backend, y, x, mean, variance, gamma, beta,
                               size, eps);
}

template <Floating T>
void batch_norm_backward(Backend backend, T* dx, T* dgamma, T* dbeta, const T* dy, const T* x,
                         const Accumulator<T>* mean, const Accumulator<T>* variance, const T* gamma, Index batch,
                         Index channels, Index length, double eps, bool own_statistics) {
  const ChannelSize size{batch, channels, length};
  launch<backward_kernel<T>, kScratchBytes>(blocks_for(size.blocks(), 1), kColumnBlock, backend, dx, dgamma, dbeta, dy,
                                            x, mean, variance, gamma, size, size.count(), eps, own_statistics);
}

#define TEMPA_BATCH_NORM(T)                                                                                          \
  template void batch_norm_statistics<T>(Backend, Accumulator<T>*, Accumulator<T>*, const T*, Index, Index, Index);  \
  template void batch_norm_forward<T>(Backend, T*, const T*, const Accumulator<T>*, const Accumulator<T>*, const T*, \
                                      const T*, Index, Index, Index, double);                                        \
  template void batch_norm_backward<T>(Backend, T*, T*, T*, const T*, const T*, const Accumulator<T>*,               \
                                       const Accumulator<T>*, const T*, Index, Index, Index, double, bool)

TEMPA_BATCH_NORM(float);
TEMPA_BATCH_NORM(double);
TEMPA_BATCH_NORM(float16);
TEMPA_BATCH_NORM(bfloat16);

template void batch_norm_track<float>(Backend, float*, float*, const float*, const float*, Index, Index, double);
template void batch_norm_track<double>(Backend, double*, double*, const double*, const double*, Index, Index, double);

}  // namespace tempa::inline TEMPA_ABI::cuda
