// What a picture is made of: lines, rectangles, circles and text, in the order they are drawn.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/dtype.hpp>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// A drawing area of `width` times `height` units (96 to an inch); x goes right, y goes down.
class Scene {
 public:
  struct Color {
    std::uint8_t red = 0, green = 0, blue = 0;
    friend bool operator==(const Color&, const Color&) = default;
  };
  struct Point {
    double x = 0, y = 0;
  };
  /// Which end of a text stands at its position.
  enum class Anchor { kStart, kMiddle, kEnd };

  /// A connected line with round ends.
  struct Line {
    std::vector<Point> points;
    Color color{};
    double width = 1;
    std::vector<double> dashes{};  ///< lengths of stroke and gap in turn; none: no gaps
  };
  struct Rectangle {
    double x = 0, y = 0, width = 0, height = 0;
    Color fill{};
  };
  struct Circle {
    Point center{};
    double radius = 1;
    Color fill{};
  };
  /// One line of UTF-8.
  struct Text {
    Point position{};  ///< on the base line
    std::string text{};
    double size = 10;  ///< of the font
    Color color{};
    Anchor anchor = Anchor::kStart;
    bool bold = false;
    double rotation = 0;  ///< degrees, clockwise, around the position
  };
  using Element = std::variant<Line, Rectangle, Circle, Text>;

  /// An empty white area. @throws ValueError unless both sides are within (0, 20000].
  Scene(double width, double height);

  /// @throws ValueError for a coordinate that is NaN or infinite, or a text that is not valid UTF-8.
  void add(Line line);
  void add(Rectangle rectangle);
  void add(Circle circle);
  void add(Text text);
  /// All elements of another scene, moved.
  void add(const Scene& scene, double right, double down);

  double width() const { return width_; }
  double height() const { return height_; }
  const std::vector<Element>& elements() const { return elements_; }

 private:
  static void check(double x, double y);
  static void move(Point& point, double right, double down) { point = {point.x + right, point.y + down}; }
  static void move(Line& line, double right, double down);
  static void move(Rectangle& rectangle, double right, double down);
  static void move(Circle& circle, double right, double down) { move(circle.center, right, down); }
  static void move(Text& text, double right, double down) { move(text.position, right, down); }

  double width_, height_;
  std::vector<Element> elements_;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/plot/detail/impl/scene.ipp>
#endif
