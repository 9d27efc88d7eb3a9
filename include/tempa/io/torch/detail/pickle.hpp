// The contents of a pickle as plain data: no Python object is made, and nothing that it names is called.
#pragma once

#include <tempa/io/torch/detail/pickle_globals.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <string_view>

namespace tempa::inline TEMPA_ABI {

enum class PickleKind : std::uint8_t {
  kNone,
  kBool,
  kInteger,
  kReal,
  kString,
  kTuple,
  kList,
  kDict,
  kOrderedDict,
  kGlobal,
  kReduce,      ///< a global and the tuple it would be called with
  kPersistent,  ///< a tuple that names something outside of the pickle
};

class PickleValue;

/// All values of a pickle. They refer to each other by number and not by pointer, so that a value may be nested a
/// million deep, or contain itself, and nothing that walks or frees them recurses. Strings are views into the file.
class Pickle {
 public:
  using Id = std::uint32_t;

  /// The value that STOP left. Valid as long as this object and the file's bytes.
  PickleValue root() const;
  /// The offset in the file of the byte after STOP.
  std::size_t end() const { return end_; }
  /// Number of values, shared ones counted once.
  std::size_t size() const { return nodes_.size(); }
  PickleValue value(Id id) const;

 private:
  friend class PickleValue;
  friend class PickleReader;
  static constexpr std::uint32_t kNothing = std::numeric_limits<std::uint32_t>::max();

  /// 16 bytes, because the shortest opcode that makes one is a single byte of the file.
  struct Node {
    PickleKind kind = PickleKind::kNone;
    PickleGlobal global = {};  // of kGlobal and kReduce
    std::uint32_t count = 0;   // characters, items of a tuple, links of a list or dict
    std::uint64_t bits = 0;    // the number; where a string or tuple begins; kReduce, kPersistent: Id of the tuple;
                               // a list or dict: the first link in the upper half, the last in the lower
  };
  /// An item of a list, or a key or value of a dict, in order.
  struct Link {
    Id item;
    std::uint32_t next;
  };

  explicit Pickle(std::string_view file) : file_(file) {}

  std::string_view file_;
  std::deque<Node> nodes_;  // grows without moving, so that no more memory is requested than used
  std::deque<Link> links_;
  std::deque<Id> tuple_items_;
  Id root_ = 0;
  std::size_t end_ = 0;
};

/// One value of a pickle: a handle as cheap as a pointer. Each accessor is for values of the kind that it names.
class PickleValue {
 public:
  PickleValue(const Pickle& pickle, Pickle::Id id) : pickle_(&pickle), id_(id) {}

  Pickle::Id id() const { return id_; }
  PickleKind kind() const { return node().kind; }
  bool is(PickleKind other) const { return kind() == other; }
  bool is_dict() const { return is(PickleKind::kDict) || is(PickleKind::kOrderedDict); }
  /// Whether it is `global` and not the result of applying it.
  bool is(PickleGlobal global) const { return is(PickleKind::kGlobal) && node().global == global; }
  /// Whether it is REDUCE of `global`.
  bool is_reduce_of(PickleGlobal global) const { return is(PickleKind::kReduce) && node().global == global; }

  /// kBool and kInteger.
  std::int64_t integer() const { return static_cast<std::int64_t>(node().bits); }
  /// kReal.
  double real() const { return std::bit_cast<double>(node().bits); }
  /// kString.
  std::string_view text() const { return pickle_->file_.substr(static_cast<std::size_t>(node().bits), node().count); }
  /// kGlobal and kReduce.
  PickleGlobal global() const { return node().global; }
  /// kReduce and kPersistent: the tuple.
  PickleValue arguments() const { return {*pickle_, static_cast<Pickle::Id>(node().bits)}; }

  /// kTuple, kList: number of items. kDict, kOrderedDict: of entries.
  std::size_t size() const { return is_dict() ? node().count / 2 : node().count; }
  /// kTuple: item `i` < size().
  PickleValue operator[](std::size_t i) const;
  /// kList: calls `f(item)` for each.
  template <typename F>
  void for_each_item(F&& f) const {
    for (std::uint32_t at = first_link(); at != Pickle::kNothing; at = pickle_->links_[at].next)
      f(PickleValue(*pickle_, pickle_->links_[at].item));
  }
  /// kDict, kOrderedDict: calls `f(key, value)` for each, in the order in which they were set.
  template <typename F>
  void for_each_entry(F&& f) const {
    for (std::uint32_t at = first_link(); at != Pickle::kNothing;) {
      const Pickle::Link key = pickle_->links_[at], value = pickle_->links_[key.next];
      f(PickleValue(*pickle_, key.item), PickleValue(*pickle_, value.item));
      at = value.next;
    }
  }

  /// "the integer 3", "a dict of 2", "torch FloatStorage": as messages name it.
  std::string description() const;

 private:
  const Pickle::Node& node() const { return pickle_->nodes_[id_]; }
  std::uint32_t first_link() const { return static_cast<std::uint32_t>(node().bits >> 32); }

  const Pickle* pickle_;
  Pickle::Id id_;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/io/torch/detail/impl/pickle.ipp>
#endif
