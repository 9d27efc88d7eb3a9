// The bodies of <tempa/plot/detail/svg.hpp>.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/error.hpp>
#include <tempa/plot/detail/svg.hpp>
#include <tempa/plot/detail/text_layout.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>

#include <charconv>
#include <cstddef>

namespace tempa::inline TEMPA_ABI {

namespace detail {

TEMPA_INLINE std::string fixed_number(double value, int decimals) {
  char text[400];
  return {text, std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, decimals).ptr};
}

/// The same without zeros at the end: "12", "12.5".
inline std::string plain_number(double value, int decimals = 2) {
  std::string result = fixed_number(value, decimals);
  if (result.find('.') != std::string::npos) {
    while (result.back() == '0') result.pop_back();
    if (result.back() == '.') result.pop_back();
  }
  return result == "-0" ? "0" : result;
}

TEMPA_INLINE std::string xml_text(std::string_view text) {
  std::string out;
  for (const char32_t c : to_utf32(text)) {
    if (c == U'&') {
      out += "&amp;";
    } else if (c == U'<') {
      out += "&lt;";
    } else if (c == U'>') {
      out += "&gt;";
    } else if (c == U'"') {
      out += "&quot;";
    } else {
      const bool allowed = (c >= 0x20 && c != 0xFFFE && c != 0xFFFF) || c == U'\t' || c == U'\n';
      append_utf8(out, allowed ? c : U' ');
    }
  }
  return out;
}

/// Writes a scene's elements.
class SvgWriter {
 public:
  std::string str;

  void operator()(const Scene::Line& line) {
    if (line.points.empty()) return;
    str += line.points.size() == 2 ? "<line" : "<polyline";
    if (line.points.size() == 2) {
      attribute("x1", line.points[0].x);
      attribute("y1", line.points[0].y);
      attribute("x2", line.points[1].x);
      attribute("y2", line.points[1].y);
    } else {
      str += " points=\"";
      for (std::size_t i = 0; i < line.points.size(); ++i)
        str += (i == 0 ? "" : " ") + plain_number(line.points[i].x) + "," + plain_number(line.points[i].y);
      str += "\" fill=\"none\"";
    }
    color("stroke", line.color);
    attribute("stroke-width", line.width);
    str += " stroke-linecap=\"round\" stroke-linejoin=\"round\"";
    if (!line.dashes.empty()) {
      str += " stroke-dasharray=\"";
      for (std::size_t i = 0; i < line.dashes.size(); ++i) str += (i == 0 ? "" : " ") + plain_number(line.dashes[i]);
      str += '"';
    }
    str += "/>\n";
  }
  void operator()(const Scene::Rectangle& rectangle) {
    str += "<rect";
    attribute("x", rectangle.x);
    attribute("y", rectangle.y);
    attribute("width", rectangle.width);
    attribute("height", rectangle.height);
    color("fill", rectangle.fill);
    str += "/>\n";
  }
  void operator()(const Scene::Circle& circle) {
    str += "<circle";
    attribute("cx", circle.center.x);
    attribute("cy", circle.center.y);
    attribute("r", circle.radius);
    color("fill", circle.fill);
    str += "/>\n";
  }
  void operator()(const Scene::Text& text) {
    const bool reversed = is_right_to_left(text.text);  // then a text's start is its right end
    str += "<text";
    if (text.rotation == 0) {
      attribute("x", text.position.x);
      attribute("y", text.position.y);
    } else {
      str += " transform=\"translate(" + plain_number(text.position.x) + " " + plain_number(text.position.y) +
             ") rotate(" + plain_number(text.rotation) + ")\"";
    }
    attribute("font-size", text.size);
    if (text.bold) str += " font-weight=\"bold\"";
    if (reversed) str += " direction=\"rtl\"";
    if (text.anchor == Scene::Anchor::kMiddle) {
      str += " text-anchor=\"middle\"";
    } else if ((text.anchor == Scene::Anchor::kEnd) != reversed) {
      str += " text-anchor=\"end\"";
    }
    color("fill", text.color);
    str += '>' + xml_text(text.text) + "</text>\n";
  }

 private:
  void attribute(std::string_view name, double value) { str += concat(' ', name, "=\"", plain_number(value), '"'); }
  void color(std::string_view name, Scene::Color value) {
    constexpr std::string_view kHex = "0123456789abcdef";
    str += concat(' ', name, "=\"#");
    for (const std::uint8_t part : {value.red, value.green, value.blue}) {
      str += kHex[part >> 4];
      str += kHex[part & 15u];
    }
    str += '"';
  }
};

}  // namespace detail

TEMPA_INLINE std::string scene_to_svg(const Scene& scene, std::string_view title) {
  const std::string width = detail::plain_number(scene.width()), height = detail::plain_number(scene.height());
  detail::SvgWriter writer;
  writer.str =
      concat("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", width,
             "\" height=\"", height, "\" viewBox=\"0 0 ", width, " ", height, "\" role=\"img\"",
             " font-family=\"Arial, Helvetica, 'Liberation Sans', 'DejaVu Sans', 'Noto Sans', sans-serif\">\n");
  if (!title.empty()) writer.str += concat("<title>", detail::xml_text(title), "</title>\n");
  writer.str += concat("<rect width=\"", width, "\" height=\"", height, "\" fill=\"#ffffff\"/>\n");
  for (const Scene::Element& element : scene.elements()) std::visit(writer, element);
  return writer.str + "</svg>\n";
}

}  // namespace tempa::inline TEMPA_ABI
