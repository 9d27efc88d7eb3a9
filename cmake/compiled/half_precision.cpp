// tempa::compiled, the part of bfloat16 and float16: see tempa/core/detail/compiled.hpp.
#define TEMPA_INSTANTIATE_BFLOAT16 template
#define TEMPA_INSTANTIATE_FLOAT16 template
#include <tempa/tempa.hpp>
