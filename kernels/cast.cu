// Conversions between element types. A thread owns as many elements as fit into 16 bytes of the wider type.
#include <tempa/device/cuda/cast.hpp>
#include <tempa/device/cuda/memory.hpp>

#include "kernels/device/map.cuh"

#include <algorithm>

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

/// `element_cast` with the device's own conversions.
template <typename To, typename From>
__device__ inline To cast_element(From value) {
  if constexpr (std::same_as<To, From>) {
    return value;
  } else if constexpr (Floating<From> && !Real<From>) {
    return cast_element<To>(to_accumulator(value));
  } else if constexpr (Floating<To> && !Real<To>) {
    return from_accumulator<To>(static_cast<float>(value));
  } else {
    return static_cast<To>(value);
  }
}

template <typename To, typename From>
struct Cast {
  static constexpr int kVector = std::min(kVectorSize<To>, kVectorSize<From>);
  To* y;
  const From* x;

  bool aligned() const { return are_aligned<kVector>(y) && are_aligned<kVector>(x); }
  template <int k>
  __device__ void run(Index i) const {
    const Vector<From, k> in = load_vector<k>(x + i);
    Vector<To, k> out;
#pragma unroll
    for (int j = 0; j < k; ++j) out[j] = cast_element<To>(in[j]);
    store_vector<k>(y + i, out);
  }
};

}  // namespace

template <Element To, Element From>
void cast(Backend backend, To* y, const From* x, Index n) {
  if constexpr (std::same_as<To, From>) {
    copy_on_device(backend, y, x, static_cast<std::size_t>(n) * sizeof(To));
  } else {
    map(backend, Cast<To, From>{y, x}, n);
  }
}

template <Floating To, Floating From>
void convert(Backend backend, To* y, const From* x, Index n) {
  cast(backend, y, x, n);
}

template <Floating To, Floating From>
void convert_rows(Backend backend, To* y, Index y_stride, const From* x, Index x_stride, Index rows, Index width) {
  map(backend, MapRows<Cast<To, From>, To, From>{y, x, y_stride, x_stride, width}, rows * width);
}

#define TEMPA_CAST(To, From) template void cast<To, From>(Backend, To*, const From*, Index)
#define TEMPA_CASTS_TO(To)      \
  TEMPA_CAST(To, float);        \
  TEMPA_CAST(To, double);       \
  TEMPA_CAST(To, float16);      \
  TEMPA_CAST(To, bfloat16);     \
  TEMPA_CAST(To, std::int32_t); \
  TEMPA_CAST(To, std::int64_t); \
  TEMPA_CAST(To, std::uint8_t)

TEMPA_CASTS_TO(float);
TEMPA_CASTS_TO(double);
TEMPA_CASTS_TO(float16);
TEMPA_CASTS_TO(bfloat16);
TEMPA_CASTS_TO(std::int32_t);
TEMPA_CASTS_TO(std::int64_t);
TEMPA_CASTS_TO(std::uint8_t);

#define TEMPA_CONVERT(To, From)                                      \
  template void convert<To, From>(Backend, To*, const From*, Index); \
  template void convert_rows<To, From>(Backend, To*, Index, const From*, Index, Index, Index)
#define TEMPA_CONVERTS_TO(To) \
  TEMPA_CONVERT(To, float);   \
  TEMPA_CONVERT(To, double);  \
  TEMPA_CONVERT(To, float16); \
  TEMPA_CONVERT(To, bfloat16)

TEMPA_CONVERTS_TO(float);
TEMPA_CONVERTS_TO(double);
TEMPA_CONVERTS_TO(float16);
TEMPA_CONVERTS_TO(bfloat16);

}  // namespace tempa::inline TEMPA_ABI::cuda
