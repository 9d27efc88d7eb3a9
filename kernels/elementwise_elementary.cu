// The kernels of elementwise.cuh for elementary functions and arithmetic with a constant.
#include <tempa/math/elementary.hpp>

#include "kernels/elementwise.cuh"

#define TEMPA_ELEMENTARY(T)                                                         \
  TEMPA_UNARY_KERNELS(T, tempa::math::Exp);                                         \
  TEMPA_UNARY_KERNELS(T, tempa::math::Log);                                         \
  TEMPA_UNARY_KERNELS(T, tempa::math::Erf);                                         \
  TEMPA_UNARY_KERNELS(T, tempa::math::Sqrt);                                        \
  TEMPA_UNARY_KERNELS(T, tempa::math::Square);                                      \
  TEMPA_UNARY_KERNELS(T, tempa::math::Abs);                                         \
  TEMPA_UNARY_KERNELS(T, tempa::math::AddConstant<tempa::Accumulator<T>>);          \
  TEMPA_UNARY_KERNELS(T, tempa::math::SubtractFromConstant<tempa::Accumulator<T>>); \
  TEMPA_UNARY_KERNELS(T, tempa::math::MultiplyByConstant<tempa::Accumulator<T>>);   \
  TEMPA_UNARY_KERNELS(T, tempa::math::DivideByConstant<tempa::Accumulator<T>>);     \
  TEMPA_UNARY_KERNELS(T, tempa::math::DivideConstant<tempa::Accumulator<T>>)

TEMPA_ELEMENTARY(float);
TEMPA_ELEMENTARY(double);
TEMPA_ELEMENTARY(tempa::float16);
TEMPA_ELEMENTARY(tempa::bfloat16);
