// The version, and the tag that prevents linking two differently built tempas into one program.
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

/// Defined under AddressSanitizer: GCC defines a macro for it, Clang has a feature test.
#if defined(__SANITIZE_ADDRESS__)
#define TEMPA_ADDRESS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TEMPA_ADDRESS_SANITIZER
#endif
#endif
