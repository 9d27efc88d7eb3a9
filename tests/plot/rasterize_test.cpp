// Pictures as pixels: shapes and texts are drawn where they stand.
#include <tempa/plot/detail/text_layout.hpp>
#include <tempa/plot/picture.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

namespace rasterize_test {

using namespace tempa;

namespace {

/// Share of the area that is not white.
double inked(const Picture& picture) {
  const auto pixels = picture.pixels().to_vector();
  return static_cast<double>(std::count_if(pixels.begin(), pixels.end(), [](std::uint8_t p) { return p < 128; })) /
         static_cast<double>(pixels.size());
}

Picture picture_of(const Scene::Text& text) {
  Picture picture(300, 300);
  picture.add(text);
  return picture;
}

}  // namespace

TEST_CASE("Plot: texts of any script are drawn where they stand", "[plot]") {
  if (!kWritesPng) {
    WARN("skipped: this build has no cairo");
    return;
  }
  using Text = Scene::Text;
  for (const std::string text : {"Größe", "日本語のレビュー", "إيجابي", "हिन्दी"}) {
    CAPTURE(text);
    const double plain = inked(picture_of(Text{.position = {20, 100}, .text = text, .size = 20}));
    CHECK(plain > 0.001);
    CHECK(plain < 0.05);
    CHECK(inked(picture_of(Text{.position = {20, 100}, .text = text, .size = 20, .bold = true})) > plain);
    const auto middle = [&](Scene::Anchor anchor, double rotation) {  // of what is dark
      const Scene::Text turned{
          .position = {150, 150}, .text = text, .size = 15, .anchor = anchor, .rotation = rotation};
      const Tensor<std::uint8_t> pixels = picture_of(turned).pixels({.scale = 1});
      Scene::Point low{300, 300}, high{0, 0};
      for (Index y = 0; y < 300; ++y)
        for (Index x = 0; x < 300; ++x)
          if (pixels.at({y, x, 0}) < 128) {
            const auto px = static_cast<double>(x), py = static_cast<double>(y);
            low = {std::min(low.x, px), std::min(low.y, py)};
            high = {std::max(high.x, px), std::max(high.y, py)};
          }
      return Scene::Point{(low.x + high.x) / 2, (low.y + high.y) / 2};
    };
    CHECK(middle(Scene::Anchor::kStart, 0).x > 160);
    CHECK(std::abs(middle(Scene::Anchor::kMiddle, 0).x - 150) < 4);
    CHECK(middle(Scene::Anchor::kEnd, 0).x < 140);
    CHECK(middle(Scene::Anchor::kMiddle, 0).y < 150);
    CHECK(middle(Scene::Anchor::kStart, 90).y > 160);  // clockwise: down
    CHECK(middle(Scene::Anchor::kStart, -90).y < 140);
  }
}

TEST_CASE("Plot: a text never takes more room than the layout has for it", "[plot]") {
  if (!kWritesPng) {
    WARN("skipped: this build has no cairo");
    return;
  }
  for (const std::string text : {"WWWWWWWW", "Русский текст щщщ", "ɯɯɯɯɯɯɯɯ", "日本語日本語"}) {
    CAPTURE(text);
    const double room = drawn_width(text, 30);
    Picture picture(room + 40, 60);
    picture.add(Scene::Text{.position = {20, 40}, .text = text, .size = 30});
    const Tensor<std::uint8_t> pixels = picture.pixels({.scale = 1});
    Index right = 0;
    for (Index y = 0; y < 60; ++y)
      for (Index x = 0; x < pixels.size(1); ++x)
        if (pixels.at({y, x, 0}) < 128) right = std::max(right, x);
    CHECK(static_cast<double>(right) <= 20 + room + 2);
    CHECK(static_cast<double>(right) > 20 + 0.5 * room);
  }
}

TEST_CASE("Plot: shapes cover the pixels they should", "[plot]") {
  if (!kWritesPng) {
    WARN("skipped: this build has no cairo");
    return;
  }
  Picture picture(10, 10);
  picture.add(Scene::Rectangle{2, 2.5, 3, 2, {0, 0, 0}});
  picture.add(Scene::Line{{{0, 8}, {10, 8}}, {255, 0, 0}, 1});
  const Tensor<std::uint8_t> pixels = picture.pixels({.scale = 1});
  CHECK(std::abs(pixels.at({2, 2, 0}) - 128) <= 1);  // half covered
  CHECK(pixels.at({3, 4, 0}) == 0);
  CHECK(pixels.at({3, 5, 0}) == 255);
  CHECK(std::abs(pixels.at({4, 2, 1}) - 128) <= 1);
  CHECK(pixels.at({8, 5, 0}) == 255);  // a line between pixels is sharp: one row
  CHECK(pixels.at({8, 5, 1}) == 0);
  CHECK(pixels.at({7, 5, 1}) == 255);
  CHECK(pixels.at({9, 5, 1}) == 255);
  CHECK_THROWS_AS(picture.pixels({.scale = 0}), ConfigError);
  CHECK_THROWS_AS(Picture(20000, 20000).pixels({.scale = 20}), ConfigError);
  CHECK_THROWS_AS(Picture(20000, 1).pixels({.scale = 2}), ConfigError);
}

}  // namespace rasterize_test
