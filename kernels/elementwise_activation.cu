// The kernels of elementwise.cuh for the activation functions.
#include <tempa/math/activation.hpp>
#include <tempa/math/gelu.hpp>

#include "kernels/elementwise.cuh"

#define TEMPA_ACTIVATIONS(T)                                             \
  TEMPA_UNARY_KERNELS(T, tempa::math::Relu);                             \
  TEMPA_UNARY_KERNELS(T, tempa::math::LeakyRelu<tempa::Accumulator<T>>); \
  TEMPA_UNARY_KERNELS(T, tempa::math::Tanh);                             \
  TEMPA_UNARY_KERNELS(T, tempa::math::Sigmoid);                          \
  TEMPA_UNARY_KERNELS(T, tempa::math::Silu);                             \
  TEMPA_UNARY_KERNELS(T, tempa::math::Softplus);                         \
  TEMPA_UNARY_KERNELS(T, tempa::math::Gelu);                             \
  TEMPA_UNARY_KERNELS(T, tempa::math::GeluTanh)

TEMPA_ACTIVATIONS(float);
TEMPA_ACTIVATIONS(double);
TEMPA_ACTIVATIONS(tempa::float16);
TEMPA_ACTIVATIONS(tempa::bfloat16);
