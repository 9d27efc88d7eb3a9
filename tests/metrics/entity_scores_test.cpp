#include <tempa/metrics/entity_scores.hpp>

#include "metrics/metrics_fixture.hpp"
#include "support/catch.hpp"
#include "support/thrown.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace entity_scores_test {

using namespace tempa;
using Tags = std::vector<std::vector<std::string>>;

namespace {

/// Sentences of words with a tab between two.
Tags tags_of(const nlohmann::json& sentences) {
  Tags result;
  for (const std::string text : sentences) {
    result.emplace_back();
    for (std::size_t begin = 0; begin <= text.size();) {
      const std::size_t end = std::min(text.find('\t', begin), text.size());
      result.back().push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  return result;
}

TaggingScheme scheme_of(const nlohmann::json& name) {
  constexpr std::array<std::pair<std::string_view, TaggingScheme>, 6> kSchemes{{{"IOB1", TaggingScheme::kIob1},
                                                                                {"IOB2", TaggingScheme::kIob2},
                                                                                {"IOE1", TaggingScheme::kIoe1},
                                                                                {"IOE2", TaggingScheme::kIoe2},
                                                                                {"IOBES", TaggingScheme::kIobes},
                                                                                {"BILOU", TaggingScheme::kBilou}}};
  if (name.is_null()) return TaggingScheme::kConlleval;
  for (const auto& [text, scheme] : kSchemes)
    if (name.get<std::string>() == text) return scheme;
  throw ValueError("no such scheme: " + name.get<std::string>());
}

void check_scores(const nlohmann::json& expected, const Scores& scores) {
  CHECK(same_number(scores.precision, number_of(expected.at(0))));
  CHECK(same_number(scores.recall, number_of(expected.at(1))));
  CHECK(same_number(scores.f1, number_of(expected.at(2))));
  CHECK(scores.support == expected.at(3).get<Index>());
}

const Tags kTags{{"O", "O", "O", "B-MISC", "I-MISC", "I-MISC", "O"}, {"B-PER", "I-PER", "O"}};
const Tags kPredictions{{"O", "O", "B-MISC", "I-MISC", "I-MISC", "I-MISC", "O"}, {"B-PER", "I-PER", "O"}};

}  // namespace

TEST_CASE("entity_scores and entity_report equal seqeval's to the last bit and character", "[metrics][seqeval]") {
  const auto cases = metrics_file("seqeval.json");
  REQUIRE(cases.size() >= 12);
  for (const auto& c : cases) {
    CAPTURE(c.dump());
    const EntityScores scores = entity_scores(
        tags_of(c.at("tags")), tags_of(c.at("predictions")),
        {.scheme = scheme_of(c.at("scheme")), .suffix = c.at("suffix"), .zero_division = c.at("zero_division")});
    CHECK(scores.types == c.at("types").get<std::vector<std::string>>());
    REQUIRE(scores.per_type.size() == c.at("per_type").size());
    for (std::size_t i = 0; i < scores.per_type.size(); ++i) check_scores(c.at("per_type").at(i), scores.per_type[i]);
    check_scores(c.at("micro"), scores.micro);
    check_scores(c.at("macro"), scores.macro);
    check_scores(c.at("weighted"), scores.weighted);
    CHECK(scores.accuracy == c.at("accuracy").get<double>());
    if (!c.at("report").is_null()) CHECK(entity_report(scores, c.at("digits")) == c.at("report").get<std::string>());
  }
}

TEST_CASE("find_entities: a lone I begins an entity for conlleval and none by IOB2", "[metrics]") {
  const Tags tags{{"I-PER", "I-PER", "O", "I-LOC", "B-LOC", "I-ORG"}};
  const auto lenient = find_entities(tags);
  CHECK(lenient == std::vector<Entity>{{"PER", 0, 2}, {"LOC", 3, 4}, {"LOC", 4, 5}, {"ORG", 5, 6}});
  CHECK(find_entities(tags, {.scheme = TaggingScheme::kIob2}) == std::vector<Entity>{{"LOC", 4, 5}});
}

TEST_CASE("find_entities counts positions on from sentence to sentence", "[metrics]") {
  for (const auto scheme : {TaggingScheme::kConlleval, TaggingScheme::kIob2})
    CHECK(find_entities(kTags, {.scheme = scheme}) == std::vector<Entity>{{"MISC", 3, 6}, {"PER", 8, 10}});
}

TEST_CASE("entity_scores without any entity are 0, and have a report", "[metrics]") {
  const Tags none{{"O", "O"}};
  const EntityScores scores = entity_scores(none, none);
  CHECK(scores.accuracy == 1.0);
  CHECK(scores.micro.f1 == 0.0);
  CHECK(std::isnan(scores.macro.f1));
  CHECK(entity_report(scores) ==
        "              precision    recall  f1-score   support\n\n\n"
        "   micro avg       0.00      0.00      0.00         0\n"
        "   macro avg        nan       nan       nan         0\n"
        "weighted avg       0.00      0.00      0.00         0\n");
}

TEST_CASE("entity_scores: impossible input is a typed error that says where", "[metrics]") {
  CHECK(thrown<ShapeError>([&] { entity_scores(kTags, Tags{{"O"}}); }) ==
        "[entity_scores] predictions must have the size of tags, 2 sentences, but has 1");
  CHECK(thrown<ShapeError>([&] {
          entity_scores(kTags, Tags{kTags[0], {"O"}});
        }) == "[entity_scores] predictions of sentence 1 must be for 3 words but are for 1");
  CHECK(thrown<ValueError>([&] { entity_scores(Tags{{}}, Tags{{}}); }) ==
        "[entity_scores] expected at least one word but got none");
  CHECK(thrown<ValueError>([&] { entity_scores(kTags, kPredictions, {.zero_division = 0.5}); }) ==
        "[entity_scores] zero_division must be 0 or 1 but is 0.5");
  CHECK(thrown<ValueError>([&] {
          find_entities(Tags{{"O"}, {"O", ""}});
        }) == "[find_entities] expected a tag but it is empty (sentence 1, word 1)");
  CHECK(thrown<ValueError>([&] {
          find_entities(Tags{{"O", "E-PER"}}, {.scheme = TaggingScheme::kIob2});
        }) == "[find_entities] expected a tag of IOB2 but got E-PER (sentence 0, word 1)");
  CHECK(thrown<ValueError>([&] { find_entities(Tags{{"NOUN"}}, {.scheme = TaggingScheme::kBilou}); }) ==
        "[find_entities] expected a tag of BILOU but got NOUN (sentence 0, word 0)");
  CHECK(thrown<ValueError>([&] { entity_report(entity_scores(kTags, kPredictions), 101); }) ==
        "[entity_report] digits must be from 0 to 100 but is 101");
}

}  // namespace entity_scores_test
