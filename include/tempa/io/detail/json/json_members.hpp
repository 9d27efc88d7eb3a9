// The members of a JSON object as text, for files in which some fields must stay as they are to the last digit.
#pragma once

#include <tempa/io/detail/json/json.hpp>

#include <string>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// A field of an object and the text of its value.
struct JsonMember {
  std::string key;
  std::string value;  ///< as in the file: numbers with all their digits, inner objects with their line breaks
};

/// The members of the object that `file` is, in the order of the file. @throws FormatError when it is no object.
std::vector<JsonMember> json_members(const JsonFile& file);

/// An object of these members, each on a separate line, in this order, in the form of Hugging Face's files.
std::string json_object_text(const std::vector<JsonMember>& members);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/io/detail/json/impl/json_members.ipp>
#endif
