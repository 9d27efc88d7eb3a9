// Pictures: well-formed files, and no label that another covers or that the edge cuts.
#include <tempa/core/random.hpp>
#include <tempa/io/files/file.hpp>
#include <tempa/ops/reduction.hpp>
#include <tempa/plot/class_distribution_plot.hpp>
#include <tempa/plot/confusion_matrix_plot.hpp>
#include <tempa/plot/detail/axis.hpp>
#include <tempa/plot/detail/svg.hpp>
#include <tempa/plot/detail/text_layout.hpp>
#include <tempa/plot/predictions_plot.hpp>
#include <tempa/train/detail/epoch_record.hpp>
#include <tempa/train/score_keeper.hpp>
#include <tempa/train/training_plots.hpp>

#include "support/catch.hpp"
#include "support/png_decoder.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"
#include "support/xml_check.hpp"

#include <algorithm>
#include <array>
#include <clocale>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

namespace plot_test {

using namespace tempa;

namespace {

using Corners = std::array<Scene::Point, 4>;

/// The room that the layout reserves for a text, from below g to the height of capitals.
Corners corners_of(const Scene::Text& text) {
  const double width = drawn_width(text.text, text.size, text.bold), angle = text.rotation * std::numbers::pi / 180;
  const double begin = text.anchor == Scene::Anchor::kStart ? 0
                       : text.anchor == Scene::Anchor::kEnd ? -width
                                                            : -width / 2;
  Corners corners;
  std::size_t i = 0;
  const double low = 0.2 * text.size, high = -0.72 * text.size;
  for (const auto& [x, y] : {std::pair(begin, low), {begin + width, low}, {begin + width, high}, {begin, high}})
    corners[i++] = {text.position.x + x * std::cos(angle) - y * std::sin(angle),
                    text.position.y + x * std::sin(angle) + y * std::cos(angle)};
  return corners;
}

/// Whether two convex quadrangles have a common inside: no side of either separates them.
bool overlap(const Corners& a, const Corners& b) {
  for (const Corners* shape : {&a, &b})
    for (std::size_t i = 0; i < 4; ++i) {
      const Scene::Point from = (*shape)[i], to = (*shape)[(i + 1) % 4], normal{to.y - from.y, from.x - to.x};
      const auto range = [&](const Corners& corners) {
        std::array<double, 4> at{};
        std::transform(corners.begin(), corners.end(), at.begin(),
                       [&](Scene::Point p) { return p.x * normal.x + p.y * normal.y; });
        return std::pair(*std::min_element(at.begin(), at.end()), *std::max_element(at.begin(), at.end()));
      };
      const auto [a_low, a_high] = range(a);
      const auto [b_low, b_high] = range(b);
      if (a_high <= b_low || b_high <= a_low) return false;
    }
  return true;
}

/// Checks both files of a picture, and that its labels neither overlap nor leave it.
void check_picture(const Picture& picture, bool decode = false) {
  std::vector<const Scene::Text*> texts;
  std::vector<std::string> expected, found;
  for (const Scene::Element& element : picture.elements())
    if (const auto* text = std::get_if<Scene::Text>(&element); text != nullptr && !text->text.empty()) {
      texts.push_back(text);
      expected.push_back(detail::xml_text(text->text));
    }
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Corners corners = corners_of(*texts[i]);
    CAPTURE(texts[i]->text);
    const bool inside = std::all_of(corners.begin(), corners.end(), [&](Scene::Point corner) {
      return corner.x >= 0 && corner.x <= picture.width() && corner.y >= 0 && corner.y <= picture.height();
    });
    CHECK(inside);
    std::string covered;
    for (std::size_t j = 0; j < i; ++j)
      if (overlap(corners, corners_of(*texts[j]))) covered += texts[j]->text + "; ";
    CHECK(covered.empty());
  }
  CHECK(xml_fault(picture.svg(), &found).empty());
  CHECK(found == expected);
  if (!decode || !kWritesPng) return;
  const DecodedPng png = decode_png(picture.png({.scale = 1}));
  CHECK(png.width == static_cast<std::size_t>(std::ceil(picture.width())));
  CHECK(png.height == static_cast<std::size_t>(std::ceil(picture.height())));
  CHECK(std::count(png.pixels.begin(), png.pixels.end(), 255) < static_cast<std::ptrdiff_t>(png.pixels.size()));
}

/// Names that are hard on a layout.
std::vector<std::string> class_names(std::size_t count, int kind) {
  static const std::string kNames[][4] = {
      {"a", "b", "c", "d"},
      {"positive", "neutral", "negative", "not relevant"},
      {"pelayanan pelanggan dan pengiriman barang", "harga", "kualitas produk", "lainnya"},
      {"肯定的なレビューとても長いラベル", "否定的", "どちらでもない", "その他（不明）"},
      {"إيجابي", "سلبي جدا", "محايد", "لا ينطبق على هذه الحالة"},
      {"B-ORGANIZATION-WITH-A-VERY-LONG-NAME-WITHOUT-SPACES", "I-ORG", "O", "<&\"'>"}};
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back(kNames[kind][i % 4] + (i < 4 ? "" : " " + std::to_string(i)));
  return names;
}

ConfusionMatrix random_matrix(Index classes, Index examples, std::uint64_t seed) {
  Generator generator(seed);
  std::vector<std::int32_t> labels, predictions;
  for (Index i = 0; i < examples; ++i) {
    labels.push_back(static_cast<std::int32_t>(generator.below(classes)));
    predictions.push_back(generator.uniform() < 0.8 ? labels.back()
                                                    : static_cast<std::int32_t>(generator.below(classes)));
  }
  return confusion_matrix(labels, predictions, classes);
}

std::vector<EpochRecord> random_history(Index epochs) {
  Generator generator(1);
  std::vector<EpochRecord> history;
  for (Index epoch = 1; epoch <= epochs; ++epoch) {
    const auto metrics = [&](double shift) {
      const double t = static_cast<double>(epoch) / static_cast<double>(epochs);
      return single_label_metrics(random_matrix(3, 30, static_cast<std::uint64_t>(epoch)),
                                  1.2 - t + shift + 0.05 * generator.normal());
    };
    history.push_back({.epoch = epoch, .train = metrics(0), .valid = metrics(0.2), .lr = 1e-5});
  }
  return history;
}

}  // namespace

TEST_CASE("Plot: learning curves from no epoch to many", "[plot]") {
  for (const Index epochs : {0, 1, 2, 3, 7, 10, 29, 30, 31, 100, 500}) {
    CAPTURE(epochs);
    check_picture(plot_learning_curves(random_history(epochs), {.title = "Learning curves"}), epochs < 4);
  }
}

TEST_CASE("Plot: lines with constant, missing, huge and tiny values", "[plot]") {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN(), kInfinity = std::numeric_limits<double>::infinity();
  for (const auto& y : std::vector<std::vector<double>>{{0.5, 0.5, 0.5},
                                                        {0, 0, 0},
                                                        {kNan, 1, kInfinity},
                                                        {kNan, kNan, -kInfinity},
                                                        {1e-12, 3e-12, 2e-12},
                                                        {1e300, -1e300, 0},
                                                        {5e-324, 0, 0},
                                                        {123456789, 123456790, 123456789},
                                                        {-1, -2, -3}}) {
    CAPTURE(y);
    const Series series{"a series", {1, 2, 3}, y};
    const std::vector<Series> both{series, {"another", {1, 2, 3}, {0.1, kNan, 0.2}}};
    check_picture(
        plot_lines(std::span(&series, 1), {.title = "Größe", .x_label = "Epoch", .y_label = "Loss", .integer_x = true}),
        true);
    check_picture(plot_lines(both, {.x_label = "Step",
                                    .y_label = "A label that is much too long for the height of this picture",
                                    .y_from_zero = true}));
  }
  CHECK(plot_lines({}).svg().find("no finite values") != std::string::npos);
  const Series gap{"", {1, 2, 3, 4, 5}, {1, 2, kNan, 4, 5}};
  const std::string svg = plot_lines(std::span(&gap, 1)).svg();
  std::size_t lines = 0;  // two runs of two points
  for (std::size_t at = svg.find("stroke-width=\"1.6\""); at != std::string::npos;
       at = svg.find("stroke-width=\"1.6\"", at + 1))
    ++lines;
  CHECK(lines == 2);
  const Series uneven{"x", {1, 2}, {1}};
  CHECK(thrown<ShapeError>([&] { plot_lines(std::span(&uneven, 1)); }) ==
        "[plot_lines] series 'x' must have as many x as y but has 2 and 1");
}

TEST_CASE("Plot: many long names of series", "[plot]") {
  for (const std::size_t count : {1u, 2u, 5u, 9u, 30u}) {
    std::vector<Series> series;
    for (std::size_t i = 0; i < count; ++i)
      series.push_back({class_names(i + 1, 2).back(), {0, 1}, {0, static_cast<double>(i)}});
    check_picture(
        plot_lines(series, {.title = "A title that is so long that it has to be broken into more than one line",
                            .x_label = "x",
                            .y_label = "y"}));
  }
}

TEST_CASE("Plot: a million steps of a learning rate make a small file that keeps the peaks", "[plot]") {
  std::vector<double> rates(1'000'000, 1e-5);
  rates[123'456] = 2e-5;
  const Picture picture = plot_learning_rate(rates);
  check_picture(picture);
  CHECK(picture.svg().size() < 100'000);
  CHECK(picture.svg().find("×10⁻⁵") != std::string::npos);
  double top = picture.height();
  for (const Scene::Element& element : picture.elements())
    if (const auto* line = std::get_if<Scene::Line>(&element); line != nullptr && line->width == 1.6)
      for (const Scene::Point& point : line->points) top = std::min(top, point.y);
  CHECK(top < 0.25 * picture.height());
}

TEST_CASE("Plot: confusion matrices of 1 to 20 classes with short, long and non-Latin names", "[plot]") {
  for (const std::size_t classes : {1u, 2u, 3u, 5u, 8u, 13u, 20u}) {
    const ConfusionMatrix matrix = random_matrix(static_cast<Index>(classes), 100'000, 3);
    for (int kind = 0; kind < 6; ++kind)
      for (const Normalize normalize : {Normalize::kNone, Normalize::kTrue, Normalize::kPred, Normalize::kAll}) {
        CAPTURE(classes, kind, static_cast<int>(normalize));
        check_picture(plot_confusion_matrix(matrix, class_names(classes, kind),
                                            {.title = class_names(1, kind).front(), .normalize = normalize}),
                      classes < 4 && normalize == Normalize::kNone);
      }
  }
}

TEST_CASE("Plot: a confusion matrix says what it counts", "[plot]") {
  ConfusionMatrix matrix(3);
  matrix.add(std::vector<std::int32_t>{0, 0, 0, 1}, std::vector<std::int32_t>{0, 0, 1, 1});
  const auto cells = [&](Normalize normalize) {
    std::vector<std::string> texts;
    xml_fault(plot_confusion_matrix(matrix, {}, {.normalize = normalize}).svg(), &texts);
    return std::vector<std::string>(texts.begin(), texts.begin() + 9);
  };
  using Cells = std::vector<std::string>;
  CHECK(cells(Normalize::kNone) == Cells{"2", "1", "0", "0", "1", "0", "0", "0", "0"});
  CHECK(cells(Normalize::kTrue) == Cells{"0.67", "0.33", "0.00", "0.00", "1.00", "0.00", "–", "–", "–"});
  CHECK(cells(Normalize::kPred) == Cells{"1.00", "0.50", "–", "0.00", "0.50", "–", "0.00", "0.00", "–"});
  CHECK(cells(Normalize::kAll) == Cells{"0.50", "0.25", "0.00", "0.00", "0.25", "0.00", "0.00", "0.00", "0.00"});
  check_picture(plot_confusion_matrix(ConfusionMatrix(2), {}, {.normalize = Normalize::kAll}));
  CHECK(thrown<ShapeError>([&] {
          plot_confusion_matrix(matrix, {"a", "b"});
        }) == "[plot_confusion_matrix] expected a name for each of 3 classes but got 2");
  CHECK_THROWS_AS(plot_confusion_matrix(matrix, {"a", "b", "\xff"}), ValueError);
}

TEST_CASE("Plot: class distributions", "[plot]") {
  for (const std::size_t classes : {1u, 2u, 3u, 20u})
    for (const std::size_t parts : {1u, 3u})
      for (int kind = 0; kind < 6; ++kind)
        for (const Index scale : {Index{0}, Index{1}, Index{5'000'000}}) {
          CAPTURE(classes, parts, kind, scale);
          std::vector<ClassDistribution> counts;
          for (std::size_t i = 0; i < parts; ++i) {
            counts.push_back({i == 0 ? "train" : i == 1 ? "valid" : "test", {}});
            for (std::size_t k = 0; k < classes; ++k)
              counts.back().counts.push_back(scale * static_cast<Index>((k * 7 + i) % 11));
          }
          check_picture(plot_class_distribution(counts, class_names(classes, kind), {.title = "Classes"}),
                        classes == 2);
        }
  CHECK(count_classes(std::vector<std::int32_t>{0, 2, 2}, 4) == std::vector<Index>{1, 0, 2, 0});
  CHECK(thrown<ValueError>([] {
          count_classes(std::vector<std::int32_t>{0, 3}, 3);
        }) == "[count_classes] expected classes from 0 to 2 but label 1 is 3");
  CHECK_THROWS_AS(plot_class_distribution({}), ValueError);
  CHECK_THROWS_AS(plot_class_distribution({{"a", {1, 2}}, {"b", {1}}}), ShapeError);
  CHECK_THROWS_AS(plot_class_distribution({{"a", {1, -2}}}), ValueError);
}

TEST_CASE("Plot: predictions vs. actuals", "[plot]") {
  std::vector<PredictedExample> examples;
  for (int kind = 0; kind < 6; ++kind) {
    const auto names = class_names(4, kind);
    std::string text;
    for (int i = 0; i < 5 * kind; ++i) text += names[static_cast<std::size_t>(i) % 4] + (kind == 3 ? "" : " ");
    examples.push_back({text, names[0], names[kind % 2 == 0 ? 0 : 1], kind == 5 ? std::nan("") : 0.17 * kind});
  }
  check_picture(plot_predictions(examples), true);
  check_picture(plot_predictions({{"a\nb\tc\x01", "p", "p", 2.0}}, {.width = 400}));
  CHECK_THROWS_AS(plot_predictions(std::vector<PredictedExample>{}), ValueError);
  const std::vector<double> actual{1, 2, std::nan(""), 4}, predicted{1.5, 2.5, 3, 3.5};
  check_picture(plot_predictions(actual, predicted), true);
  check_picture(plot_predictions(std::vector<double>{}, std::vector<double>{}));
  CHECK_THROWS_AS(plot_predictions(actual, std::vector<double>{1}), ShapeError);
}

TEST_CASE("Plot: axes have round ticks within their range", "[plot]") {
  const auto labels = [](double low, double high, AxisOptions options = {}) {
    return make_axis(low, high, options).labels;
  };
  using Labels = std::vector<std::string>;
  CHECK(labels(0, 1) == Labels{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"});
  CHECK(labels(0, 1, {.max_ticks = 4}) == Labels{"0.0", "0.5", "1.0"});
  CHECK(labels(0, 1, {.margin = 0}) == Labels{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"});
  CHECK(labels(1, 5, {.integer = true}) == Labels{"1", "2", "3", "4", "5"});
  CHECK(labels(1, 1, {.integer = true}) == Labels{"1"});
  CHECK(labels(-10, 10) == Labels{"−10", "−5", "0", "5", "10"});
  CHECK(make_axis(0, 2e-5).exponent == -5);
  CHECK(make_axis(0, 3, {.from_zero = true}).low == 0);
  CHECK(make_axis(-3, -1, {.from_zero = true}).high == 0);
  Generator generator(3);
  for (int i = 0; i < 5000; ++i) {
    const double low = generator.normal() * std::pow(10, generator.below(40) - 20),
                 high = low + std::abs(generator.normal()) * std::pow(10, generator.below(40) - 20);
    const Axis axis = make_axis(low, high,
                                {.max_ticks = static_cast<int>(1 + generator.below(9)),
                                 .integer = generator.below(4) == 0,
                                 .from_zero = generator.below(2) == 0});
    CHECK(axis.low <= low);
    CHECK(axis.high >= high);
    CHECK(axis.low < axis.high);
    CHECK(axis.ticks.size() <= 12);
    CHECK(axis.ticks.size() == axis.labels.size());
    CHECK(std::is_sorted(axis.ticks.begin(), axis.ticks.end()));
  }
  CHECK_THROWS_AS(make_axis(1, 0), ValueError);
  CHECK_THROWS_AS(make_axis(0, std::nan("")), ValueError);
}

TEST_CASE("Plot: long texts are broken at spaces and between wide letters, and cut last", "[plot]") {
  const auto lines = [](const char* text, double width, std::size_t count) { return fit_text(text, 10, width, count); };
  using Lines = std::vector<std::string>;
  CHECK(lines("one two three", 1000, 3) == Lines{"one two three"});
  CHECK(lines("one two three", 45, 3) == Lines{"one two", "three"});
  CHECK(lines("one two three", 45, 1).front().ends_with("…"));
  CHECK(lines("日本語日本語", 35, 3) == Lines{"日本語", "日本語"});
  CHECK(lines("  a \n b  ", 100, 1) == Lines{"a b"});
  CHECK(lines("", 10, 2) == Lines{""});
  CHECK(lines("e\u0301e\u0301e\u0301e\u0301", 14, 9) == Lines{"e\u0301e\u0301", "e\u0301e\u0301"});  // no accent alone
  for (const double width : {1.0, 20.0, 50.0})
    for (const std::string& line : lines("averyveryverylongword 日本 and more", width, 4))
      CHECK((drawn_width(line, 10) <= std::max(width, 23.0)));  // at least a letter and "…"
  CHECK_THROWS_AS(fit_text("\xff", 10, 10, 1), ValueError);
}

TEST_CASE("Plot: what is no picture is refused", "[plot]") {
  Picture picture(10, 10);
  CHECK_THROWS_AS(Picture(0, 1), ValueError);
  CHECK_THROWS_AS(picture.add(Scene::Circle{{std::nan(""), 0}}), ValueError);
  CHECK_THROWS_AS(picture.add(Scene::Text{.text = "\xff"}), ValueError);
}

TEST_CASE("Plot: files do not depend on the program's locale, and errors name the path", "[plot]") {
  Picture picture(10.5, 10);
  picture.add(Scene::Circle{{1.25, 1e-9}, 2.5});
  const std::string before = picture.svg();
  CHECK(before.find("cx=\"1.25\" cy=\"0\" r=\"2.5\"") != std::string::npos);
  for (const char* name : {"de_DE.UTF-8", "id_ID.UTF-8"})
    if (std::setlocale(LC_ALL, name) != nullptr) CHECK(picture.svg() == before);
  std::setlocale(LC_ALL, "C");
  const TemporaryFolder folder;
  picture.save_svg(folder.path() / "a.svg");
  CHECK(read_text_file((folder.path() / "a.svg").string()) == before);
  CHECK(thrown<IoError>([&] {
          picture.save_svg(folder.path() / "no/a.svg");
        }).find((folder.path() / "no/a.svg").string()) == 0);
  if (!kWritesPng) return;
  picture.save_png(folder.path() / "a.png");
  CHECK(decode_png(read_text_file((folder.path() / "a.png").string())).width == 21);
}

}  // namespace plot_test
