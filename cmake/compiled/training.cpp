// tempa::compiled, the functions around a training, and what is of no element type: see tempa/core/detail/compiled.hpp.
#if defined(__GNUC__) && !defined(__clang__)
#pragma implementation "autograd"
#pragma implementation "core"
#pragma implementation "data"
#pragma implementation "metrics"
#pragma implementation "nn"
#pragma implementation "optim"
#pragma implementation "train"
#endif
#define TEMPA_INSTANTIATE_OTHER template
#include <tempa/tempa.hpp>
