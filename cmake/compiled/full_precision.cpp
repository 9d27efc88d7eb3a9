// tempa::compiled, the part of float and double: see tempa/core/detail/compiled.hpp.
#define TEMPA_INSTANTIATE_FLOAT template
#define TEMPA_INSTANTIATE_DOUBLE template
#include <tempa/tempa.hpp>
