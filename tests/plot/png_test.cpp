// PNG files: every pixel comes back.
#include <tempa/core/random.hpp>
#include <tempa/plot/detail/png.hpp>

#include "support/catch.hpp"
#include "support/png_decoder.hpp"
#include "support/thrown.hpp"

#include <string>

namespace png_test {

using namespace tempa;

TEST_CASE("PNG: pixels of all kinds and sizes come back", "[plot]") {
  if (!kWritesPng) {
    WARN("skipped: this build has no cairo");
    return;
  }
  Generator generator(1);
  for (const Shape& shape :
       {Shape{1, 1, 1}, Shape{1, 1, 4}, Shape{3, 5, 3}, Shape{7, 1, 4}, Shape{200, 150, 3}, Shape{2, 70000, 1}}) {
    for (const bool flat : {false, true}) {
      CAPTURE(shape.to_string(), flat);
      Tensor<std::uint8_t> pixels(shape);
      for (std::uint8_t& value : pixels.span()) value = static_cast<std::uint8_t>(flat ? 200 : generator.below(256));
      const DecodedPng png = decode_png(encode_png(pixels));
      CHECK(png.height == static_cast<std::size_t>(shape[0]));
      CHECK(png.width == static_cast<std::size_t>(shape[1]));
      CHECK(png.channels == static_cast<std::size_t>(shape[2]));
      CHECK(png.pixels == pixels.to_vector());
    }
  }
  CHECK_THROWS_AS(encode_png(Tensor<std::uint8_t>::zeros({1, 1'000'001, 1})), ConfigError);
}

TEST_CASE("PNG: other shapes are refused, and all pixels where there is no libpng", "[plot]") {
  for (const Shape& shape : {Shape{2, 2}, Shape{2, 2, 2}, Shape{0, 2, 3}, Shape{1, 2, 2, 3}})
    CHECK(thrown<ShapeError>([&] {
            encode_png(Tensor<std::uint8_t>::zeros(shape));
          }).find("[encode_png] pixels must have shape") == 0);
  if (!kWritesPng)
    CHECK(thrown<ConfigError>([] {
            encode_png(Tensor<std::uint8_t>::zeros({1, 1, 3}));
          }).find("TEMPA_WITH_CAIRO is not defined") != std::string::npos);
}

}  // namespace png_test
