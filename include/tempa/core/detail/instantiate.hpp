// Which templates a program with TEMPA_SEPARATE has ready: an impl/x.ipp names them after their bodies. See
// core/config.hpp.
#pragma once

#include <tempa/core/dtype.hpp>

#if defined(TEMPA_SEPARATE)
/// One specialization: `TEMPA_INSTANTIATE(class RuleOptimizer<SGDRule>)`.
#define TEMPA_INSTANTIATE(...) template __VA_ARGS__
#define TEMPA_INSTANTIATE_ONE(...) template decltype(__VA_ARGS__) __VA_ARGS__
/// `f<T, ...>` for T float and double.
#define TEMPA_INSTANTIATE_REAL_FUNCTION(f, ...)               \
  TEMPA_INSTANTIATE_ONE(f<float __VA_OPT__(, ) __VA_ARGS__>); \
  TEMPA_INSTANTIATE_ONE(f<double __VA_OPT__(, ) __VA_ARGS__>)
/// `f<T, ...>` for each `Floating` T. No other template may have the name.
#define TEMPA_INSTANTIATE_FUNCTION(f, ...)                       \
  TEMPA_INSTANTIATE_REAL_FUNCTION(f __VA_OPT__(, ) __VA_ARGS__); \
  TEMPA_INSTANTIATE_ONE(f<bfloat16 __VA_OPT__(, ) __VA_ARGS__>); \
  TEMPA_INSTANTIATE_ONE(f<float16 __VA_OPT__(, ) __VA_ARGS__>)
/// The overload of `f<T>` whose type is `Type<T>`, an alias template, for each `Floating` T.
#define TEMPA_INSTANTIATE_OVERLOAD(f, Type) \
  template Type<float> f<float>;            \
  template Type<double> f<double>;          \
  template Type<bfloat16> f<bfloat16>;      \
  template Type<float16> f<float16>
/// `C<T>` for each `Floating` T: `TEMPA_INSTANTIATE_CLASS(class Variable)`.
#define TEMPA_INSTANTIATE_CLASS(C) \
  template C<float>;               \
  template C<double>;              \
  template C<bfloat16>;            \
  template C<float16>
#else
#define TEMPA_INSTANTIATE(...) static_assert(true)
#define TEMPA_INSTANTIATE_REAL_FUNCTION(...) static_assert(true)
#define TEMPA_INSTANTIATE_FUNCTION(...) static_assert(true)
#define TEMPA_INSTANTIATE_OVERLOAD(...) static_assert(true)
#define TEMPA_INSTANTIATE_CLASS(...) static_assert(true)
#endif
