// The CUDA kernels of an own formula.
#include "ops/signed_square.hpp"

#include <kernels/elementwise.cuh>

TEMPA_UNARY_KERNELS(double, SignedSquare);
