// What the rules of optimizers have in common, for the CPU and the GPU.
//
// A rule, such as `AdamFormula`, is written once, for one element; the loops of cpu/optimizer.hpp and the kernels of
// kernels/optimizer.cuh are made of it. It is a struct with
// - `Group`: what it reads of a group's options, in double;
// - `Scalars<A>`: the numbers of a step, and `scalars<A>(group, step, is_first, grad_factor)`, which computes them in
//   double and rounds once. step counts from 1; is_first: no gradient is in the moments yet; grad_factor: on the
//   gradient, 1 unless it is scaled or clipped;
// - `kMoments`: how many arrays it always remembers, and `kOptionalMoments`, 1 where an option switches on one more,
//   else 0;
// - `remember(scalars, p, grad, moments...)`, which takes the gradient into the moments that it always has, and returns
//   an x that the step follows;
// - `remember_also(scalars, x, moment)`, which takes x into the optional one, and returns another x;
// - `apply(scalars, p, x, moments...)`, which returns the new weight. Where `kTakesRoot` says so it gets the root of
//   x: processors take the roots of a whole array at once, compilers do not.
#pragma once

#include <tempa/core/dtype.hpp>

#include <array>

namespace tempa::inline TEMPA_ABI {

/// The most arrays that a rule remembers.
inline constexpr int kMostMoments = 3;

/// The arrays that a rule remembers of one parameter, (n) each; nullptr for those that are not in use.
template <Real A>
using Moments = std::array<A*, kMostMoments>;

}  // namespace tempa::inline TEMPA_ABI
