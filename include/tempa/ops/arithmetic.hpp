// Arithmetic with NumPy's broadcasting: two variables, or a variable and a number.
#pragma once

#include <tempa/math/arithmetic.hpp>
#include <tempa/math/elementary.hpp>
#include <tempa/ops/elementwise.hpp>

namespace tempa::inline TEMPA_ABI {

/// y = f(a, b) elementwise after broadcasting, with the formula's own derivatives.
/// @param op the operation's name, a literal. @param a, b shapes that broadcast. @param formula see
/// `math::BinaryFormula`.
/// @return y, the common shape. @saves nothing of its own: backward reads a and b.
/// @throws ShapeError, DeviceError.
template <Floating T, math::BinaryFormula<Accumulator<T>> Formula>
Variable<T> elementwise(const char* op, const Variable<T>& a, const Variable<T>& b, Formula formula);

/// y = a + b. @param a, b shapes that broadcast. @return y, the common shape. @throws ShapeError, DeviceError.
/// @source torch.add
template <Floating T>
Variable<T> add(const Variable<T>& a, const Variable<T>& b) {
  return elementwise("add", a, b, math::Add{});
}
/// y = x + c for every element. @source torch.add
template <Floating T>
Variable<T> add(const Variable<T>& x, double c) {
  return elementwise("add", x, math::AddConstant<Accumulator<T>>{static_cast<Accumulator<T>>(c)});
}

/// y = a - b. @param a, b shapes that broadcast. @return y, the common shape. @throws ShapeError, DeviceError.
/// @source torch.sub
template <Floating T>
Variable<T> sub(const Variable<T>& a, const Variable<T>& b) {
  return elementwise("sub", a, b, math::Subtract{});
}
/// y = x - c for every element. @source torch.sub
template <Floating T>
Variable<T> sub(const Variable<T>& x, double c) {
  return elementwise("sub", x, math::AddConstant<Accumulator<T>>{static_cast<Accumulator<T>>(-c)});
}
/// y = c - x for every element. @source torch.rsub
template <Floating T>
Variable<T> sub(double c, const Variable<T>& x) {
  return elementwise("sub", x, math::SubtractFromConstant<Accumulator<T>>{static_cast<Accumulator<T>>(c)});
}

/// y = a b elementwise. @param a, b shapes that broadcast. @return y, the common shape. @throws ShapeError,
/// DeviceError.
/// @source torch.mul
template <Floating T>
Variable<T> mul(const Variable<T>& a, const Variable<T>& b) {
  return elementwise("mul", a, b, math::Multiply{});
}
/// y = c x for every element. @source torch.mul
template <Floating T>
Variable<T> mul(const Variable<T>& x, double c) {
  return elementwise("mul", x, math::MultiplyByConstant<Accumulator<T>>{static_cast<Accumulator<T>>(c)});
}

/// y = a / b elementwise. @param a, b shapes that broadcast. @return y, the common shape. @throws ShapeError,
/// DeviceError.
/// @source torch.div
template <Floating T>
Variable<T> div(const Variable<T>& a, const Variable<T>& b) {
  return elementwise("div", a, b, math::Divide{});
}
/// y = x / c for every element. @source torch.div
template <Floating T>
Variable<T> div(const Variable<T>& x, double c) {
  return elementwise("div", x, math::DivideByConstant<Accumulator<T>>{static_cast<Accumulator<T>>(c)});
}
/// y = c / x for every element. @source torch.reciprocal, times c
template <Floating T>
Variable<T> div(double c, const Variable<T>& x) {
  return elementwise("div", x, math::DivideConstant<Accumulator<T>>{static_cast<Accumulator<T>>(c)});
}

/// y = max(a, b) elementwise, NaN where one is; equal elements share the gradient in halves.
/// @param a, b shapes that broadcast. @return y, the common shape. @throws ShapeError, DeviceError.
/// @source torch.maximum
template <Floating T>
Variable<T> maximum(const Variable<T>& a, const Variable<T>& b);

/// y = min(a, b) elementwise, NaN where one is; equal elements share the gradient in halves.
/// @param a, b shapes that broadcast. @return y, the common shape. @throws ShapeError, DeviceError.
/// @source torch.minimum
template <Floating T>
Variable<T> minimum(const Variable<T>& a, const Variable<T>& b);

/// The operators of `add`, `sub`, `mul`, `div` and negation.
template <Floating T>
Variable<T> operator+(const Variable<T>& a, const Variable<T>& b) {
  return add(a, b);
}
/// With the number c for each element.
template <Floating T>
Variable<T> operator+(const Variable<T>& x, double c) {
  return add(x, c);
}
/// With the number c for each element.
template <Floating T>
Variable<T> operator+(double c, const Variable<T>& x) {
  return add(x, c);
}
/// Element by element, after broadcasting.
template <Floating T>
Variable<T> operator-(const Variable<T>& a, const Variable<T>& b) {
  return sub(a, b);
}
/// With the number c for each element.
template <Floating T>
Variable<T> operator-(const Variable<T>& x, double c) {
  return sub(x, c);
}
/// With the number c for each element.
template <Floating T>
Variable<T> operator-(double c, const Variable<T>& x) {
  return sub(c, x);
}
/// The negative of each element.
template <Floating T>
Variable<T> operator-(const Variable<T>& x) {
  return mul(x, -1.0);
}
/// Element by element, after broadcasting.
template <Floating T>
Variable<T> operator*(const Variable<T>& a, const Variable<T>& b) {
  return mul(a, b);
}
/// With the number c for each element.
template <Floating T>
Variable<T> operator*(const Variable<T>& x, double c) {
  return mul(x, c);
}
/// With the number c for each element.
template <Floating T>
Variable<T> operator*(double c, const Variable<T>& x) {
  return mul(x, c);
}
/// Element by element, after broadcasting.
template <Floating T>
Variable<T> operator/(const Variable<T>& a, const Variable<T>& b) {
  return div(a, b);
}
/// With the number c for each element.
template <Floating T>
Variable<T> operator/(const Variable<T>& x, double c) {
  return div(x, c);
}
/// With the number c for each element.
template <Floating T>
Variable<T> operator/(double c, const Variable<T>& x) {
  return div(c, x);
}

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/ops/impl/arithmetic.ipp>
#endif
