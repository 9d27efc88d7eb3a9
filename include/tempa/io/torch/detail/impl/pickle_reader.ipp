// The bodies of <tempa/io/torch/detail/pickle_reader.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/io/files/detail/printable.hpp>
#include <tempa/io/torch/detail/pickle_opcodes.hpp>
#include <tempa/io/torch/detail/pickle_reader.hpp>

#include <algorithm>
#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE PickleReader::PickleReader(std::string_view file, std::size_t begin, std::size_t end,
                                        const std::string& path)
    : path_(path),
      file_(file),
      at_(begin),
      end_(end),
      opcode_at_(begin),
      limited_(end - begin > kMaxBytes),
      pickle_(file) {
  if (limited_) end_ = begin + kMaxBytes;
}

TEMPA_INLINE Pickle PickleReader::read() && {
  if (next_byte("PROTO") != static_cast<std::uint8_t>(PickleOpcode::kProto))
    fail("expected a pickle, which begins with PROTO");
  if (const unsigned protocol = next_byte("its protocol"); protocol != 2)
    fail(concat("expected pickle protocol 2 but got ", protocol));
  while (step()) ++opcodes_;
  pickle_.end_ = at_;
  return std::move(pickle_);
}

TEMPA_INLINE bool PickleReader::step() {
  opcode_at_ = at_;
  const std::uint8_t byte = next_byte("an opcode");
  switch (static_cast<PickleOpcode>(byte)) {
    case PickleOpcode::kMark:
      if (marks_.size() == kMaxMarks) fail(concat("expected at most ", kMaxMarks, " open marks"));
      marks_.push_back(stack_.size());
      return true;
    case PickleOpcode::kStop:
      pickle_.root_ = pop();
      if (!stack_.empty() || !marks_.empty())
        fail(concat("expected STOP to leave one value but ", stack_.size(), " more and ", marks_.size(),
                    " open marks are there"));
      return false;
    case PickleOpcode::kNone:
      return push_constant(none_, PickleKind::kNone, 0);
    case PickleOpcode::kNewTrue:
      return push_constant(true_, PickleKind::kBool, 1);
    case PickleOpcode::kNewFalse:
      return push_constant(false_, PickleKind::kBool, 0);
    case PickleOpcode::kEmptyTuple:
      return push_constant(empty_tuple_, PickleKind::kTuple, 0);
    case PickleOpcode::kBinInt:
      return push_integer(static_cast<std::int32_t>(static_cast<std::uint32_t>(number(4))));
    case PickleOpcode::kBinInt1:
      return push_integer(static_cast<std::int64_t>(number(1)));
    case PickleOpcode::kBinInt2:
      return push_integer(static_cast<std::int64_t>(number(2)));
    case PickleOpcode::kLong1:
      return push_integer(long_integer());
    case PickleOpcode::kBinFloat: {
      std::uint64_t bits = 0;  // the only big-endian number
      for (const char c : take(8)) bits = bits << 8 | static_cast<unsigned char>(c);
      return push({PickleKind::kReal, {}, 0, bits});
    }
    case PickleOpcode::kBinUnicode:
      return push_string(number(4));
    case PickleOpcode::kShortBinString:
      return push_string(number(1));
    case PickleOpcode::kTuple:
      return push_tuple(pop_mark());
    case PickleOpcode::kTuple1:
      return push_tuple_of(1);
    case PickleOpcode::kTuple2:
      return push_tuple_of(2);
    case PickleOpcode::kTuple3:
      return push_tuple_of(3);
    case PickleOpcode::kEmptyList:
      return push(container(PickleKind::kList));
    case PickleOpcode::kEmptyDict:
      return push(container(PickleKind::kDict));
    case PickleOpcode::kAppend:
      return append(need(1));
    case PickleOpcode::kAppends:
      return append(pop_mark());
    case PickleOpcode::kSetItem:
      return set_items(need(2));
    case PickleOpcode::kSetItems:
      return set_items(pop_mark());
    case PickleOpcode::kBinGet:
      return get(number(1));
    case PickleOpcode::kLongBinGet:
      return get(number(4));
    case PickleOpcode::kBinPut:
      return put(number(1));
    case PickleOpcode::kLongBinPut:
      return put(number(4));
    case PickleOpcode::kGlobal:
      return global();
    case PickleOpcode::kReduce:
      return reduce();
    case PickleOpcode::kBuild:
      return build();
    case PickleOpcode::kBinPersId: {
      const Id id = pop();
      if (value(id).kind() != PickleKind::kTuple)
        fail(concat("expected BINPERSID of a tuple but got ", value(id).description()));
      return push({PickleKind::kPersistent, {}, 0, id});
    }
    case PickleOpcode::kProto:
      break;  // only at the beginning
  }
  const std::string_view name = pickle_opcode_name(byte);
  fail(concat("expected an opcode of a state dict but got ", name.empty() ? "the unknown opcode" : name, " (",
              static_cast<unsigned>(byte), ")"));
}

TEMPA_INLINE void PickleReader::fail(const std::string& message) const {
  throw FormatError(path_, 0, concat("byte ", opcode_at_, ": ", message));
}

TEMPA_INLINE std::string_view PickleReader::take(std::uint64_t count) {
  if (count > end_ - at_) {
    if (limited_) fail(concat("expected STOP within the first ", kMaxBytes, " bytes of the pickle"));
    fail(concat("expected ", count, " bytes more but the pickle has only ", end_ - at_));
  }
  const std::string_view bytes = file_.substr(at_, static_cast<std::size_t>(count));
  at_ += bytes.size();
  return bytes;
}

TEMPA_INLINE std::uint8_t PickleReader::next_byte(std::string_view what) {
  if (at_ == end_ && !limited_) fail(concat("expected ", what, " but the pickle ends"));
  return static_cast<std::uint8_t>(take(1)[0]);
}

TEMPA_INLINE std::uint64_t PickleReader::number(std::size_t count) {
  std::uint64_t result = 0;
  const std::string_view bytes = take(count);
  for (std::size_t i = count; i-- > 0;) result = result << 8 | static_cast<unsigned char>(bytes[i]);
  return result;
}

TEMPA_INLINE std::int64_t PickleReader::long_integer() {
  const auto count = static_cast<std::size_t>(number(1));
  if (count > sizeof(std::int64_t)) fail(concat("expected an integer of at most 8 bytes but got one of ", count));
  const std::uint64_t bits = number(count);
  if (count == 0) return 0;
  const unsigned unused = static_cast<unsigned>(64 - 8 * count);
  return static_cast<std::int64_t>(bits << unused) >> unused;  // the highest bit of the last byte is the sign
}

TEMPA_INLINE std::string_view PickleReader::line() {
  const std::size_t length = file_.substr(at_, std::min<std::size_t>(end_ - at_, 121)).find('\n');
  if (length == std::string_view::npos)
    fail(concat("expected a name and the end of its line but got ", printable(file_.substr(at_, end_ - at_))));
  const std::string_view text = take(length + 1);
  return text.substr(0, length);
}

TEMPA_INLINE auto PickleReader::make(const Pickle::Node& node) -> Id {
  if (pickle_.nodes_.size() == kMaxValues) fail(concat("expected at most ", kMaxValues, " values"));
  pickle_.nodes_.push_back(node);
  return static_cast<Id>(pickle_.nodes_.size() - 1);
}

TEMPA_INLINE bool PickleReader::push_id(Id id) {
  if (stack_.size() == kMaxStack) fail(concat("expected at most ", kMaxStack, " values on the stack"));
  stack_.push_back(id);
  return true;
}

TEMPA_INLINE bool PickleReader::push_integer(std::int64_t integer) {
  return push({PickleKind::kInteger, {}, 0, static_cast<std::uint64_t>(integer)});
}

TEMPA_INLINE bool PickleReader::push_constant(std::optional<Id>& id, PickleKind kind, std::uint64_t bits) {
  if (!id) id = make({kind, {}, 0, bits});
  return push_id(*id);
}

TEMPA_INLINE bool PickleReader::push_string(std::uint64_t length) {
  const std::size_t begin = at_;
  take(length);
  return push({PickleKind::kString, {}, static_cast<std::uint32_t>(length), begin});
}

TEMPA_INLINE Pickle::Node PickleReader::container(PickleKind kind) {
  return {kind, {}, 0, std::uint64_t{Pickle::kNothing} << 32 | Pickle::kNothing};
}

TEMPA_INLINE bool PickleReader::push_tuple(std::size_t base) {
  const std::size_t first = pickle_.tuple_items_.size(), count = stack_.size() - base;
  for (std::size_t i = base; i < stack_.size(); ++i) pickle_.tuple_items_.push_back(stack_[i]);
  stack_.resize(base);
  return push({PickleKind::kTuple, {}, static_cast<std::uint32_t>(count), first});
}

TEMPA_INLINE std::size_t PickleReader::need(std::size_t count) const {
  if (stack_.size() - floor() < count)
    fail(concat("expected ", count, " values on the stack but has ", stack_.size() - floor()));
  return stack_.size() - count;
}

TEMPA_INLINE auto PickleReader::pop() -> Id {
  const Id id = top();
  stack_.pop_back();
  return id;
}

TEMPA_INLINE std::size_t PickleReader::pop_mark() {
  if (marks_.empty()) fail("expected a mark on the stack but has none");
  const std::size_t base = marks_.back();
  marks_.pop_back();
  return base;
}

TEMPA_INLINE bool PickleReader::get(std::uint64_t index) {
  if (index >= memo_.size() || memo_[static_cast<std::size_t>(index)] == Pickle::kNothing)
    fail(concat("expected a value of the memo but ", index, " was never put there"));
  return push_id(memo_[static_cast<std::size_t>(index)]);
}

TEMPA_INLINE bool PickleReader::put(std::uint64_t index) {
  if (index > opcodes_)
    fail(concat("expected a place in the memo of at most ", opcodes_, ", the opcodes until here, but got ", index));
  if (index >= memo_.size()) memo_.resize(static_cast<std::size_t>(index) + 1, Pickle::kNothing);
  memo_[static_cast<std::size_t>(index)] = top();
  return true;
}

TEMPA_INLINE bool PickleReader::global() {
  const std::string_view module = line(), name = line();
  const auto known = pickle_global(module, name);
  if (!known)
    fail(concat("expected a name that a state dict needs but got GLOBAL ", printable(concat(module, ' ', name)),
                "; what else a pickle may call is not read: save model.state_dict() alone"));
  return push({PickleKind::kGlobal, *known, 0, 0});
}

TEMPA_INLINE bool PickleReader::reduce() {
  const Id arguments = pop(), callee = pop();
  const PickleValue called = value(callee);
  if (!called.is(PickleKind::kGlobal) || !is_reducible(called.global()))
    fail(concat("expected REDUCE of a function of a state dict but got ", called.description()));
  if (!value(arguments).is(PickleKind::kTuple))
    fail(concat("expected REDUCE with a tuple but got ", value(arguments).description()));
  if (called.global() != PickleGlobal::kOrderedDict) return push({PickleKind::kReduce, called.global(), 0, arguments});
  if (value(arguments).size() != 0)
    fail(concat("expected OrderedDict() without arguments but got ", value(arguments).size()));
  return push(container(PickleKind::kOrderedDict));
}

TEMPA_INLINE bool PickleReader::build() {
  const PickleValue state = value(pop()), target = value(top());
  if (!target.is(PickleKind::kOrderedDict))
    fail(concat("expected BUILD of an OrderedDict but got ", target.description()));
  if (!state.is(PickleKind::kDict) || state.size() != 1)
    fail(concat("expected BUILD with the dict of '_metadata' alone but got ", state.description()));
  state.for_each_entry([&](PickleValue key, PickleValue metadata) {
    if (!key.is(PickleKind::kString) || key.text() != "_metadata")
      fail(concat("expected BUILD with '_metadata' but got ", key.description()));
    if (!metadata.is_dict()) fail(concat("expected a dict as _metadata but got ", metadata.description()));
  });
  return true;
}

TEMPA_INLINE bool PickleReader::append(std::size_t base) {
  const Id list = below(base);
  if (!value(list).is(PickleKind::kList))
    fail(concat("expected a list to append to but got ", value(list).description()));
  for (std::size_t i = base; i < stack_.size(); ++i) link(list, stack_[i]);
  stack_.resize(base);
  return true;
}

TEMPA_INLINE bool PickleReader::set_items(std::size_t base) {
  const Id dict = below(base);
  if (!value(dict).is_dict()) fail(concat("expected a dict to set items of but got ", value(dict).description()));
  if ((stack_.size() - base) % 2 != 0)
    fail(concat("expected keys and values but got ", stack_.size() - base, " in all"));
  for (std::size_t i = base; i < stack_.size(); ++i) {
    const PickleValue key = value(stack_[i]);
    if ((i - base) % 2 == 0 && !key.is(PickleKind::kString) && !key.is(PickleKind::kInteger))
      fail(concat("expected a string or an integer as key but got ", key.description()));
    link(dict, stack_[i]);
  }
  stack_.resize(base);
  return true;
}

TEMPA_INLINE auto PickleReader::below(std::size_t base) const -> Id {
  if (base <= floor()) fail("expected a container on the stack but has none");
  return stack_[base - 1];
}

TEMPA_INLINE void PickleReader::link(Id container, Id item) {
  auto& links = pickle_.links_;
  const auto added = static_cast<std::uint32_t>(links.size());
  links.push_back({item, Pickle::kNothing});
  Pickle::Node& node = pickle_.nodes_[container];
  if (node.count++ == 0) {
    node.bits = std::uint64_t{added} << 32 | added;
    return;
  }
  links[static_cast<std::uint32_t>(node.bits)].next = added;
  node.bits = (node.bits >> 32 << 32) | added;
}

TEMPA_INLINE Pickle read_pickle(std::string_view file, std::size_t begin, std::size_t end, const std::string& path) {
  return PickleReader(file, begin, end, path).read();
}

}  // namespace tempa::inline TEMPA_ABI
