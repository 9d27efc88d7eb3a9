// The bodies of <tempa/plot/detail/scene.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/plot/detail/scene.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>

#include <cmath>
#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE Scene::Scene(double width, double height) : width_(width), height_(height) {
  constexpr double kMaxSide = 20000;
  if (!(width > 0 && width <= kMaxSide && height > 0 && height <= kMaxSide))
    throw ValueError(
        concat("[Picture] sides must be positive and at most ", kMaxSide, " but are ", width, " and ", height));
}

TEMPA_INLINE void Scene::add(Line line) {
  for (const Point& point : line.points) check(point.x, point.y);
  elements_.emplace_back(std::move(line));
}

TEMPA_INLINE void Scene::add(Rectangle rectangle) {
  check(rectangle.x, rectangle.y);
  check(rectangle.width, rectangle.height);
  elements_.emplace_back(rectangle);
}

TEMPA_INLINE void Scene::add(Circle circle) {
  check(circle.center.x, circle.center.y);
  elements_.emplace_back(circle);
}

TEMPA_INLINE void Scene::add(Text text) {
  check(text.position.x, text.position.y);
  require_valid_utf8("Picture", text.text);
  elements_.emplace_back(std::move(text));
}

TEMPA_INLINE void Scene::add(const Scene& scene, double right, double down) {
  for (Element element : scene.elements_) {
    std::visit([&](auto& part) { move(part, right, down); }, element);
    elements_.push_back(std::move(element));
  }
}

TEMPA_INLINE void Scene::check(double x, double y) {
  if (!std::isfinite(x) || !std::isfinite(y))
    throw ValueError(concat("[Picture] coordinates must be finite but are ", x, " and ", y));
}

TEMPA_INLINE void Scene::move(Line& line, double right, double down) {
  for (Point& point : line.points) move(point, right, down);
}

TEMPA_INLINE void Scene::move(Rectangle& rectangle, double right, double down) {
  rectangle.x += right;
  rectangle.y += down;
}

}  // namespace tempa::inline TEMPA_ABI
