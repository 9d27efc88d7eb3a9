#include <tempa/metrics/report.hpp>

#include "metrics/metrics_fixture.hpp"
#include "support/catch.hpp"

#include <string>

namespace report_test {

using namespace tempa;
using Classes = std::vector<std::int32_t>;

namespace {

// scikit-learn writes the supports as 1.0 where no prediction is right, as its counts are floats then; tempa writes 1.
std::string with_whole_supports(std::string text) {
  for (std::size_t end = text.find(".0\n"); end != std::string::npos; end = text.find(".0\n", end)) {
    const std::size_t start = text.find_last_of(' ', end) + 1;
    text = text.substr(0, start) + "  " + text.substr(start, end - start) + text.substr(end + 2);
  }
  return text;
}

}  // namespace

TEST_CASE("classification_report is scikit-learn's text", "[metrics][scikit-learn]") {
  const auto cases = metrics_cases("reports");
  REQUIRE(cases.size() == 48);
  for (const auto& c : cases) {
    const auto names =
        c.at("names").is_null() ? std::vector<std::string>{} : c.at("names").get<std::vector<std::string>>();
    const bool none_right = confusion_matrix(classes_of(c.at("y")), classes_of(c.at("p")), c.at("k")).correct() == 0;
    const std::string text = c.at("text"), expected = none_right ? with_whole_supports(text) : text;
    CHECK(classification_report(classes_of(c.at("y")), classes_of(c.at("p")), c.at("k"),
                                {.names = names,
                                 .digits = c.at("digits"),
                                 .zero_division = number_of(c.at("zero_division")),
                                 .classes = c.at("classes").get<std::vector<Index>>()}) == expected);
  }
}

TEST_CASE("classification_report of several labels is scikit-learn's text", "[metrics][scikit-learn]") {
  for (const auto& c : metrics_cases("multi"))
    CHECK(classification_report(indicators_of(c.at("y")), indicators_of(c.at("p")),
                                {.zero_division = number_of(c.at("zero_division")),
                                 .classes = c.at("classes").get<std::vector<Index>>()}) == c.at("text"));
}

TEST_CASE("classification_report can align wide characters for a terminal", "[metrics]") {
  const Classes labels{0, 1}, predictions{0, 1};
  const std::string text =
      classification_report(labels, predictions, 2, {.names = {"とても良い評価", "悪い"}, .terminal_columns = true});
  CHECK(text ==
        "                precision    recall  f1-score   support\n"
        "\n"
        "とても良い評価       1.00      1.00      1.00         1\n"
        "          悪い       1.00      1.00      1.00         1\n"
        "\n"
        "      accuracy                           1.00         2\n"
        "     macro avg       1.00      1.00      1.00         2\n"
        "  weighted avg       1.00      1.00      1.00         2\n");
}

TEST_CASE("confusion_matrix_text is aligned for names of any script", "[metrics]") {
  const ConfusionMatrix matrix = confusion_matrix(Classes{0, 0, 1, 2, 2}, Classes{0, 1, 1, 0, 2}, 3);
  CHECK(confusion_matrix_text(matrix, {"positive", "naïve", "中立"}) ==
        "true \\ predicted  positive  naïve  中立\n"
        "        positive         1      1     0\n"
        "           naïve         0      1     0\n"
        "            中立         1      0     1\n");
  ConfusionMatrix large(2);
  large.add(Classes(1234, 1), Classes(1234, 0));
  CHECK(confusion_matrix_text(large) ==
        "true \\ predicted     0  1\n"
        "               0     0  0\n"
        "               1  1234  0\n");
}

TEST_CASE("text_width counts columns or code points", "[metrics]") {
  struct Case {
    const char* text;
    Index columns, code_points;
  };
  for (const Case& c : {Case{"abc", 3, 3}, Case{"naïve", 5, 5}, Case{"日本", 4, 2}, Case{"e\u0301", 1, 2},
                        Case{"", 0, 0}, Case{"\xFFz", 2, 2}}) {
    CHECK(text_width(c.text) == c.columns);
    CHECK(text_width(c.text, false) == c.code_points);
  }
}

TEST_CASE("Reports: a wrong number of names or digits is a ValueError", "[metrics]") {
  const ConfusionMatrix matrix = confusion_matrix(Classes{0}, Classes{1}, 2);
  CHECK_THROWS_AS(classification_report(matrix, {.names = {"a"}}), ValueError);
  CHECK_THROWS_AS(classification_report(matrix, {.digits = -1}), ValueError);
  CHECK_THROWS_AS(classification_report(matrix, {.digits = 101}), ValueError);
  CHECK_THROWS_AS(classification_report(matrix, {.zero_division = 2.0}), ValueError);
  CHECK_THROWS_AS(classification_report(matrix, {.classes = {2}}), ValueError);
  CHECK_THROWS_AS(confusion_matrix_text(matrix, {"a", "b", "c"}), ValueError);
  CHECK_THROWS_AS(classification_report(Tensor<float>::zeros({1, 2}), Tensor<float>::zeros({1, 2}), {.names = {"a"}}),
                  ValueError);
}

}  // namespace report_test
