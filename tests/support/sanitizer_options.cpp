// The default options of the sanitizers of a test program; ASAN_OPTIONS and UBSAN_OPTIONS of the environment add to
// them.
#include <tempa/core/config.hpp>

#ifdef TEMPA_ADDRESS_SANITIZER

/// An allocation that is too large fails as it does without sanitizers, so that OutOfMemoryError can be tested.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1:strict_string_checks=1"; }

/// fontconfig keeps its configuration until the program ends, and libomp its threads.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libfontconfig\nleak:libomp"; }

extern "C" const char* __ubsan_default_options();
extern "C" const char* __ubsan_default_options() { return "print_stacktrace=1"; }

#endif

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
/// libomp is not compiled for ThreadSanitizer; it describes its barriers itself (Archer).
extern "C" const char* __tsan_default_options();
extern "C" const char* __tsan_default_options() { return "ignore_noninstrumented_modules=1"; }
#endif
#endif
