// The bodies of <tempa/io/torch/detail/pickle.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/io/files/detail/printable.hpp>
#include <tempa/io/torch/detail/pickle.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE PickleValue PickleValue::operator[](std::size_t i) const {
  return {*pickle_, pickle_->tuple_items_[static_cast<std::size_t>(node().bits) + i]};
}

TEMPA_INLINE std::string PickleValue::description() const {
  switch (kind()) {
    case PickleKind::kNone:
      return "None";
    case PickleKind::kBool:
      return integer() != 0 ? "True" : "False";
    case PickleKind::kInteger:
      return concat("the integer ", integer());
    case PickleKind::kReal:
      return concat("the number ", real());
    case PickleKind::kString:
      return concat("the string ", printable(text()));
    case PickleKind::kTuple:
      return concat("a tuple of ", size());
    case PickleKind::kList:
      return concat("a list of ", size());
    case PickleKind::kDict:
    case PickleKind::kOrderedDict:
      return concat("a dict of ", size());
    case PickleKind::kGlobal:
      return concat("the name ", to_string(global()));
    case PickleKind::kReduce:
      return concat("a ", to_string(global()));
    case PickleKind::kPersistent:
      return "a storage";
  }
  return "unknown";
}

TEMPA_INLINE PickleValue Pickle::root() const { return {*this, root_}; }

TEMPA_INLINE PickleValue Pickle::value(Id id) const { return {*this, id}; }

}  // namespace tempa::inline TEMPA_ABI
