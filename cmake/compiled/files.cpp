// tempa::compiled, the functions that read, write and tokenize: see tempa/core/detail/compiled.hpp.
#if defined(__GNUC__) && !defined(__clang__)
#pragma implementation "io"
#pragma implementation "models"
#pragma implementation "text"
#endif
#include <tempa/tempa.hpp>
