// The bodies of <tempa/metrics/entities.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/metrics/entities.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace tempa::inline TEMPA_ABI {

namespace detail {

inline std::size_t first_code_point_size(std::string_view text) {
  std::size_t size = 1;
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) ++size;
  return size;
}

/// The parts of a tag: its letter and its type.
struct TagParts {
  std::string_view letter;  ///< one code point
  std::string_view type;
};

// conlleval: the type is what follows the first hyphen after the letter, or the whole rest without a hyphen.
inline TagParts lenient_parts(std::string_view tag, bool suffix) {
  std::size_t letter = suffix ? tag.size() : first_code_point_size(tag);
  if (suffix) {
    do {
      --letter;
    } while (letter > 0 && (static_cast<unsigned char>(tag[letter]) & 0xC0U) == 0x80U);
  }
  std::string_view type = suffix ? tag.substr(0, letter) : tag.substr(letter);
  const std::size_t hyphen = suffix ? type.rfind('-') : type.find('-');
  if (hyphen != std::string_view::npos) type = suffix ? type.substr(0, hyphen) : type.substr(hyphen + 1);
  return {suffix ? tag.substr(letter) : tag.substr(0, letter), type.empty() ? "_" : type};
}

// A scheme: the type is the rest of the tag without the hyphens around it.
inline TagParts strict_parts(std::string_view tag, bool suffix) {
  std::string_view type = suffix ? tag.substr(0, tag.size() - 1) : tag.substr(1);
  while (type.starts_with('-')) type.remove_prefix(1);
  while (type.ends_with('-')) type.remove_suffix(1);
  return {suffix ? tag.substr(tag.size() - 1) : tag.substr(0, 1), type.empty() ? "_" : type};
}

/// Finds entities tag by tag, whatever the tags are.
class LenientEntities {
 public:
  explicit LenientEntities(bool suffix) : suffix_(suffix) {}

  void add(std::string_view tag) {
    const TagParts now = lenient_parts(tag, suffix_);
    const bool other_type = now.type != type_;
    const char letter = now.letter.size() == 1 ? now.letter[0] : ' ';  // ' ': a letter without a rule
    const auto is = [](char c, std::string_view letters) { return letters.find(c) != std::string_view::npos; };
    if (is(letter_, "ES") || (is(letter_, "BI") && is(letter, "BSO")) || (!is(letter_, "O.") && other_type))
      found_.push_back({type_, begin_, position_});
    if (is(letter, "BS") || (is(letter_, "ESO") && is(letter, "EI")) || (!is(letter, "O.") && other_type))
      begin_ = position_;
    letter_ = letter;
    type_ = now.type;
    ++position_;
  }
  std::vector<Entity> take() { return std::move(found_); }

 private:
  bool suffix_;
  char letter_ = 'O';
  std::string type_;
  Index begin_ = 0, position_ = 0;
  std::vector<Entity> found_;
};

enum Letter : unsigned { kI = 1, kO = 2, kB = 4, kE = 8, kS = 16, kU = 32, kL = 64, kAnyLetter = 127 };

inline constexpr std::string_view kLetters = "IOBESUL";  // in the order of the bits

/// A pair of neighboring tags to which a rule applies.
struct TagPair {
  enum class Types { kAny, kSame, kDifferent };
  unsigned before = 0, now = 0;  ///< letters
  Types types = Types::kAny;
};

struct StrictTag {
  unsigned letter = kO;
  std::string_view type = "_";
};

struct SchemeRules {
  std::string_view name;
  unsigned letters = 0;
  std::array<TagPair, 3> start{};  ///< the second tag begins an entity
  TagPair inside{};                ///< the second tag continues the first one's entity
  std::array<TagPair, 4> end{};    ///< the first tag ends an entity
};

inline const SchemeRules& rules_of(TaggingScheme scheme) {
  constexpr auto kSame = TagPair::Types::kSame, kDifferent = TagPair::Types::kDifferent;
  static constexpr std::array<SchemeRules, 6> kRules{
      {{"IOB1",
        kI | kO | kB,
        {{{kO | kB, kI}, {kI, kI, kDifferent}, {kI | kB, kB, kSame}}},
        {kB | kI, kI, kSame},
        {{{kI, kO | kB}, {kB, kO}, {kI | kB, kI, kDifferent}, {kB, kB, kSame}}}},
       {"IOB2",
        kI | kO | kB,
        {{{kAnyLetter, kB}}},
        {kB | kI, kI, kSame},
        {{{kI | kB, kO | kB}, {kI | kB, kI, kDifferent}}}},
       {"IOE1",
        kI | kO | kE,
        {{{kO | kE, kI}, {kI, kI, kDifferent}, {kE, kE, kSame}}},
        {kI, kI | kE, kSame},
        {{{kI, kI | kE, kDifferent}, {kI, kO}, {kE, kI | kE, kSame}}}},
       {"IOE2",
        kI | kO | kE,
        {{{kO | kE, kI | kE}, {kI, kI | kE, kDifferent}}},
        {kI, kI | kE, kSame},
        {{{kE, kAnyLetter}}}},
       {"IOBES",
        kI | kO | kB | kE | kS,
        {{{kAnyLetter, kB | kS}}},
        {kB | kI, kI | kE, kSame},
        {{{kS | kE, kAnyLetter}}}},
       {"BILOU",
        kB | kI | kL | kO | kU,
        {{{kAnyLetter, kB | kU}}},
        {kB | kI, kI | kL, kSame},
        {{{kU | kL, kAnyLetter}}}}}};
  return kRules[static_cast<std::size_t>(scheme) - 1];
}

inline bool matches(const TagPair& rule, const StrictTag& before, const StrictTag& now) {
  return (rule.before & before.letter) != 0 && (rule.now & now.letter) != 0 &&
         (rule.types == TagPair::Types::kAny || (before.type == now.type) == (rule.types == TagPair::Types::kSame));
}

// @param offset position of the sentence's first word.
inline void add_strict_entities(std::span<const StrictTag> tags, const SchemeRules& rules, Index offset,
                                std::vector<Entity>& found) {
  const StrictTag outside;
  const auto at = [&](std::size_t i) { return i < tags.size() ? tags[i] : outside; };
  const auto any = [](const auto& pairs, const StrictTag& before, const StrictTag& now) {
    return std::any_of(pairs.begin(), pairs.end(), [&](const TagPair& rule) { return matches(rule, before, now); });
  };
  for (std::size_t begin = 0; begin < tags.size();) {
    std::size_t end = begin + 1;
    if (any(rules.start, begin == 0 ? outside : tags[begin - 1], tags[begin])) {
      while (end < tags.size() && matches(rules.inside, tags[end - 1], tags[end])) ++end;
      if (any(rules.end, tags[end - 1], at(end)))
        found.push_back(
            {std::string(tags[begin].type), offset + static_cast<Index>(begin), offset + static_cast<Index>(end)});
    }
    begin = end;
  }
}

}  // namespace detail

TEMPA_INLINE bool are_entity_tags(std::span<const std::string> tags) {
  bool any = false;
  for (const std::string& tag : tags) {
    if (tag == "O") continue;
    if (tag.size() < 3 || tag[1] != '-' || std::string_view("BIESUL").find(tag[0]) == std::string_view::npos)
      return false;
    any = true;
  }
  return any;
}

TEMPA_INLINE std::vector<Entity> find_entities(std::span<const std::vector<std::string>> sentences,
                                               const EntityOptions& options) {
  const auto fail = [](std::size_t sentence, std::size_t word, const std::string& what) {
    throw ValueError(concat("[find_entities] ", what, " (sentence ", sentence, ", word ", word, ")"));
  };
  for (std::size_t s = 0; s < sentences.size(); ++s)
    for (std::size_t w = 0; w < sentences[s].size(); ++w)
      if (sentences[s][w].empty()) fail(s, w, "expected a tag but it is empty");
  if (options.scheme == TaggingScheme::kConlleval) {
    detail::LenientEntities entities(options.suffix);
    for (const auto& tags : sentences) {
      for (const std::string& tag : tags) entities.add(tag);
      entities.add("O");
    }
    entities.add("O");
    return entities.take();
  }
  const detail::SchemeRules& rules = detail::rules_of(options.scheme);
  std::vector<Entity> found;
  Index offset = 0;
  for (std::size_t s = 0; s < sentences.size(); ++s) {
    std::vector<detail::StrictTag> tags;
    for (std::size_t w = 0; w < sentences[s].size(); ++w) {
      const detail::TagParts parts = detail::strict_parts(sentences[s][w], options.suffix);
      const std::size_t bit = detail::kLetters.find(parts.letter);
      const unsigned letter = bit == std::string_view::npos ? 0U : 1U << bit;
      if ((letter & rules.letters) == 0)
        fail(s, w, concat("expected a tag of ", rules.name, " but got ", sentences[s][w]));
      tags.push_back({letter, parts.type});
    }
    detail::add_strict_entities(tags, rules, offset, found);
    offset += static_cast<Index>(tags.size()) + 1;
  }
  return found;
}

}  // namespace tempa::inline TEMPA_ABI
