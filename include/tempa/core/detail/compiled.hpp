// What the target tempa::compiled contains, so that the files of a program that links it need not compile it again.
//
// The macros follow templates. Without the target they expand to nothing. In a program that links it they are promises
// (`extern template`), and each file in cmake/compiled/ keeps a part of the promises.
#pragma once

#if defined(TEMPA_COMPILED)
#if !defined(TEMPA_INSTANTIATE_FLOAT)
#define TEMPA_INSTANTIATE_FLOAT extern template
#endif
#if !defined(TEMPA_INSTANTIATE_DOUBLE)
#define TEMPA_INSTANTIATE_DOUBLE extern template
#endif
#if !defined(TEMPA_INSTANTIATE_BFLOAT16)
#define TEMPA_INSTANTIATE_BFLOAT16 extern template
#endif
#if !defined(TEMPA_INSTANTIATE_FLOAT16)
#define TEMPA_INSTANTIATE_FLOAT16 extern template
#endif
#if !defined(TEMPA_INSTANTIATE_OTHER)
#define TEMPA_INSTANTIATE_OTHER extern template
#endif

#define TEMPA_INSTANTIATE_FUNCTION(instantiate, ...) instantiate decltype(__VA_ARGS__) __VA_ARGS__

/// `f<T, …>` for T float and double.
#define TEMPA_COMPILED_REAL_FUNCTION(f, ...)                                                \
  TEMPA_INSTANTIATE_FUNCTION(TEMPA_INSTANTIATE_FLOAT, f<float __VA_OPT__(, ) __VA_ARGS__>); \
  TEMPA_INSTANTIATE_FUNCTION(TEMPA_INSTANTIATE_DOUBLE, f<double __VA_OPT__(, ) __VA_ARGS__>)
/// `f<T, …>` for each `Floating` T. The name must be that of one template: overloads need `TEMPA_COMPILED_OVERLOAD`.
#define TEMPA_COMPILED_FUNCTION(f, ...)                                                           \
  TEMPA_COMPILED_REAL_FUNCTION(f __VA_OPT__(, ) __VA_ARGS__);                                     \
  TEMPA_INSTANTIATE_FUNCTION(TEMPA_INSTANTIATE_BFLOAT16, f<bfloat16 __VA_OPT__(, ) __VA_ARGS__>); \
  TEMPA_INSTANTIATE_FUNCTION(TEMPA_INSTANTIATE_FLOAT16, f<float16 __VA_OPT__(, ) __VA_ARGS__>)
/// The overload of `f<T>` whose type is `Type<T>`, an alias template, for each `Floating` T.
#define TEMPA_COMPILED_OVERLOAD(f, Type)                 \
  TEMPA_INSTANTIATE_FLOAT Type<float> f<float>;          \
  TEMPA_INSTANTIATE_DOUBLE Type<double> f<double>;       \
  TEMPA_INSTANTIATE_BFLOAT16 Type<bfloat16> f<bfloat16>; \
  TEMPA_INSTANTIATE_FLOAT16 Type<float16> f<float16>
/// `C<T>` for each `Floating` T: `TEMPA_COMPILED_CLASS(class Variable)`.
#define TEMPA_COMPILED_CLASS(C)           \
  TEMPA_INSTANTIATE_FLOAT C<float>;       \
  TEMPA_INSTANTIATE_DOUBLE C<double>;     \
  TEMPA_INSTANTIATE_BFLOAT16 C<bfloat16>; \
  TEMPA_INSTANTIATE_FLOAT16 C<float16>
/// Before a file's namespace, for its functions that are not templates. Only GCC can leave those to another file and
/// still inline them; Clang compiles them in each file that calls them. @param part the file's folder, as a string.
/// Such a file has no `= default`, which GCC would not compile anywhere.
#if defined(__GNUC__) && !defined(__clang__)
#define TEMPA_PRAGMA(...) _Pragma(#__VA_ARGS__)
#define TEMPA_COMPILED_FILE(part) TEMPA_PRAGMA(interface part) static_assert(true)
#else
#define TEMPA_COMPILED_FILE(part) static_assert(true)
#endif
/// One specialization that has no `Floating` parameter: `TEMPA_COMPILED_ONCE(class RuleOptimizer<SGDRule>)`.
#define TEMPA_COMPILED_ONCE(...) TEMPA_INSTANTIATE_OTHER __VA_ARGS__
#else
#define TEMPA_COMPILED_REAL_FUNCTION(...) static_assert(true)
#define TEMPA_COMPILED_FUNCTION(...) static_assert(true)
#define TEMPA_COMPILED_OVERLOAD(...) static_assert(true)
#define TEMPA_COMPILED_CLASS(...) static_assert(true)
#define TEMPA_COMPILED_FILE(...) static_assert(true)
#define TEMPA_COMPILED_ONCE(...) static_assert(true)
#endif
