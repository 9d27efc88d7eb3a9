// The bodies of the library, once, for a program whose other files see declarations alone.
#include <tempa/implementation.hpp>
