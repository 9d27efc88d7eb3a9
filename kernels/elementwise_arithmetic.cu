// The kernels of elementwise.cuh for functions of two elements.
#include <tempa/math/arithmetic.hpp>
#include <tempa/math/loss.hpp>

#include "kernels/elementwise.cuh"

#define TEMPA_ARITHMETIC(T)                       \
  TEMPA_BINARY_KERNELS(T, tempa::math::Add);      \
  TEMPA_BINARY_KERNELS(T, tempa::math::Subtract); \
  TEMPA_BINARY_KERNELS(T, tempa::math::Multiply); \
  TEMPA_BINARY_KERNELS(T, tempa::math::Divide);   \
  TEMPA_BINARY_KERNELS(T, tempa::math::Maximum);  \
  TEMPA_BINARY_KERNELS(T, tempa::math::Minimum)

TEMPA_ARITHMETIC(float);
TEMPA_ARITHMETIC(double);
TEMPA_ARITHMETIC(tempa::float16);
TEMPA_ARITHMETIC(tempa::bfloat16);
TEMPA_BINARY_KERNELS(float, tempa::math::BceWithLogits);
TEMPA_BINARY_KERNELS(double, tempa::math::BceWithLogits);
