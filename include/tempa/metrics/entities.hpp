// Finds the entities in a sequence of tags (B-PER, I-PER, O, ...), by conlleval's lenient rules or strictly by a
// scheme.
#pragma once

#include <tempa/core/shape.hpp>

#include <compare>
#include <span>
#include <string>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// How tags mark entities.
enum class TaggingScheme {
  kConlleval,  ///< any mixture of B, I, E, S and O: whatever can be an entity is one, as conlleval.pl counts
  kIob1,       ///< I inside; B only where an entity follows another of its type
  kIob2,       ///< B first, I after it (also called BIO)
  kIoe1,       ///< I inside; E only where an entity of its type follows
  kIoe2,       ///< I inside, E last
  kIobes,      ///< B first, I inside, E last, S alone
  kBilou       ///< B first, I inside, L last, U alone
};

/// An entity: the words [begin,end) of some type.
struct Entity {
  std::string type;  ///< "PER"; "_" where the tag is only a prefix
  Index begin = 0;   ///< first word
  Index end = 0;     ///< one after the last word
  friend auto operator<=>(const Entity&, const Entity&) = default;
};

/// How tags are read as entities.
struct EntityOptions {
  TaggingScheme scheme = TaggingScheme::kConlleval;
  bool suffix = false;  ///< tags end with their letter, "PER-B"
};

/// Whether all tags are "O" or a letter of a scheme, a hyphen and a type, with at least one entity: else they are those
/// of another problem, such as parts of speech.
bool are_entity_tags(std::span<const std::string> tags);

/// The entities of some sentences. Positions are counted through all sentences, with one position between two of them;
/// those of a single sentence are its words.
/// @param sentences tags of each word. @return in the order in which they end.
/// @throws ValueError for an empty tag, and with a strict scheme for a tag that does not begin with one of its letters;
///   sentence and word are named.
/// @source seqeval 1.2.2 `get_entities` (kConlleval) and `scheme.Entities` (strict mode)
std::vector<Entity> find_entities(std::span<const std::vector<std::string>> sentences,
                                  const EntityOptions& options = {});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/metrics/impl/entities.ipp>
#endif
