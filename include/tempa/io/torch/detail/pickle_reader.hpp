// Reads the pickle of a state dict: a stack machine with a memo and the 31 opcodes of such files. It refuses whatever
// it does not know: a pickle is a program, and one from elsewhere may have been written to harm its reader.
#pragma once

#include <tempa/io/torch/detail/pickle.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Runs one pickle of a file. Memory is bounded by its length: 16 bytes for an opcode that makes a value, 8 for an
/// item, 4 for a place on the stack or in the memo.
class PickleReader {
 public:
  static constexpr std::size_t kMaxBytes = std::size_t{64} << 20;  ///< of one pickle: half a million tensors
  static constexpr std::size_t kMaxValues = 4'000'000;
  static constexpr std::size_t kMaxStack = 1'000'000;
  static constexpr std::size_t kMaxMarks = 256;  ///< open at a time: tuples in tuples in dicts

  /// @param file the whole file, because errors name offsets in it; @param begin, end where the pickle begins, and what
  /// it may not go beyond.
  PickleReader(std::string_view file, std::size_t begin, std::size_t end, const std::string& path);

  Pickle read() &&;

 private:
  using Id = Pickle::Id;

  /// Executes one opcode. @return false after STOP.
  bool step();

  // --- the bytes

  [[noreturn]] void fail(const std::string& message) const;

  /// @throws FormatError when the pickle ends before `count` bytes more.
  std::string_view take(std::uint64_t count);

  std::uint8_t next_byte(std::string_view what);

  /// `count` bytes as an unsigned little-endian number.
  std::uint64_t number(std::size_t count);

  /// The argument of LONG1: its length, then two's complement.
  std::int64_t long_integer();

  /// A line of GLOBAL. Known names are short; of others, 120 bytes are enough for the message.
  std::string_view line();

  // --- values

  PickleValue value(Id id) const { return {pickle_, id}; }

  Id make(const Pickle::Node& node);

  bool push_id(Id id);
  bool push(const Pickle::Node& node) { return push_id(make(node)); }
  bool push_integer(std::int64_t integer);
  bool push_constant(std::optional<Id>& id, PickleKind kind, std::uint64_t bits);
  bool push_string(std::uint64_t length);
  static Pickle::Node container(PickleKind kind);

  /// Replaces what is on the stack from `base` on by a tuple.
  bool push_tuple(std::size_t base);
  bool push_tuple_of(std::size_t count) { return push_tuple(need(count)); }

  // --- the stack

  /// Nothing below this may be popped: it was pushed before the last mark.
  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

  /// Where the upper `count` values begin.
  std::size_t need(std::size_t count) const;
  Id top() const { return stack_[need(1)]; }
  Id pop();
  /// Closes the last mark. @return where the values above it begin.
  std::size_t pop_mark();

  // --- opcodes

  bool get(std::uint64_t index);

  /// A writer numbers its values one by one, so that no number exceeds that of the opcodes until here.
  bool put(std::uint64_t index);

  bool global();

  bool reduce();

  /// Modules keep their versions in an attribute of the dict; nothing else has attributes here.
  bool build();

  /// Appends what is on the stack from `base` on to the list below.
  bool append(std::size_t base);

  /// Sets keys and values on the stack from `base` on in the dict below.
  bool set_items(std::size_t base);

  /// The value under the one at `base`, which must belong to the same mark.
  Id below(std::size_t base) const;

  void link(Id container, Id item);

  const std::string& path_;
  std::string_view file_;
  std::size_t at_, end_;
  std::size_t opcode_at_;
  bool limited_;
  Pickle pickle_;
  std::uint64_t opcodes_ = 0;
  std::vector<Id> stack_;
  std::vector<std::size_t> marks_;
  std::vector<Id> memo_;
  std::optional<Id> none_, true_, false_, empty_tuple_;
};

/// Reads the pickle that begins at `begin` and ends before `end`. Protocol 2 and the opcodes and names of state dicts
/// are read, everything else is refused.
/// @param file the whole file: the result refers to its bytes, errors name offsets in it.
/// @return the values, and where the pickle ended.
/// @throws FormatError "path: byte N: …" naming the opcode or the name that was refused.
/// @source torch/_weights_only_unpickler.py, Unpickler.load
Pickle read_pickle(std::string_view file, std::size_t begin, std::size_t end, const std::string& path);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/io/torch/detail/impl/pickle_reader.ipp>
#endif
