// The version, the tag that prevents linking two differently built tempas into one program, and where bodies compile.
#pragma once

#define TEMPA_VERSION_MAJOR 0
#define TEMPA_VERSION_MINOR 1
#define TEMPA_VERSION_PATCH 0

/// Inline namespace of everything in tempa. A translation unit built with CUDA and one built without it, or two
/// versions, get different symbols, so that mixing them is a link error and not memory corruption.
#if defined(TEMPA_WITH_CUDA)
#define TEMPA_ABI v0_1_cuda
#else
#define TEMPA_ABI v0_1_cpu
#endif

/// A header `x.hpp` declares, and `impl/x.ipp` beside it has the bodies. By default the header includes them, and the
/// library needs no build. With TEMPA_SEPARATE, defined for all files of a program, it does not: then one of its files
/// includes <tempa/implementation.hpp>, or the program links tempa::compiled, and all others compile quickly.
#if defined(TEMPA_SEPARATE)
#define TEMPA_INLINE
#else
#define TEMPA_INLINE inline
#endif

/// Defined under AddressSanitizer: GCC defines a macro for it, Clang has a feature test.
#if defined(__SANITIZE_ADDRESS__)
#define TEMPA_ADDRESS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TEMPA_ADDRESS_SANITIZER
#endif
#endif
