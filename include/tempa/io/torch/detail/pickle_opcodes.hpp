// The opcodes of Python's pickles: those that a state dict needs, and the names of all for messages.
#pragma once

#include <tempa/core/config.hpp>

#include <cstdint>
#include <string_view>

namespace tempa::inline TEMPA_ABI {

/// The opcodes that are read. @source torch/_weights_only_unpickler.py, without NEWOBJ and EMPTY_SET
enum class PickleOpcode : std::uint8_t {
  kMark = '(',
  kStop = '.',
  kBinFloat = 'G',
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kNone = 'N',
  kBinPersId = 'Q',
  kReduce = 'R',
  kShortBinString = 'U',
  kBinUnicode = 'X',
  kEmptyList = ']',
  kAppend = 'a',
  kBuild = 'b',
  kGlobal = 'c',
  kAppends = 'e',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kSetItem = 's',
  kTuple = 't',
  kSetItems = 'u',
  kEmptyDict = '}',
  kEmptyTuple = ')',
  kProto = 0x80,
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kLong1 = 0x8a,
};

namespace detail {

struct PickleOpcodeName {
  std::uint8_t byte;
  std::string_view name;
};

// clang-format off
inline constexpr PickleOpcodeName kPickleOpcodeNames[] = {
    {'(', "MARK"}, {')', "EMPTY_TUPLE"}, {'.', "STOP"}, {'0', "POP"}, {'1', "POP_MARK"}, {'2', "DUP"}, {'B', "BINBYTES"},
    {'C', "SHORT_BINBYTES"}, {'F', "FLOAT"}, {'G', "BINFLOAT"}, {'I', "INT"}, {'J', "BININT"}, {'K', "BININT1"},
    {'L', "LONG"}, {'M', "BININT2"}, {'N', "NONE"}, {'P', "PERSID"}, {'Q', "BINPERSID"}, {'R', "REDUCE"},
    {'S', "STRING"}, {'T', "BINSTRING"}, {'U', "SHORT_BINSTRING"}, {'V', "UNICODE"}, {'X', "BINUNICODE"},
    {']', "EMPTY_LIST"}, {'a', "APPEND"}, {'b', "BUILD"}, {'c', "GLOBAL"}, {'d', "DICT"}, {'e', "APPENDS"}, {'g', "GET"},
    {'h', "BINGET"}, {'i', "INST"}, {'j', "LONG_BINGET"}, {'l', "LIST"}, {'o', "OBJ"}, {'p', "PUT"}, {'q', "BINPUT"},
    {'r', "LONG_BINPUT"}, {'s', "SETITEM"}, {'t', "TUPLE"}, {'u', "SETITEMS"}, {'}', "EMPTY_DICT"}, {0x80, "PROTO"},
    {0x81, "NEWOBJ"}, {0x82, "EXT1"}, {0x83, "EXT2"}, {0x84, "EXT4"}, {0x85, "TUPLE1"}, {0x86, "TUPLE2"},
    {0x87, "TUPLE3"}, {0x88, "NEWTRUE"}, {0x89, "NEWFALSE"}, {0x8a, "LONG1"}, {0x8b, "LONG4"},
    {0x8c, "SHORT_BINUNICODE"}, {0x8d, "BINUNICODE8"}, {0x8e, "BINBYTES8"}, {0x8f, "EMPTY_SET"}, {0x90, "ADDITEMS"},
    {0x91, "FROZENSET"}, {0x92, "NEWOBJ_EX"}, {0x93, "STACK_GLOBAL"}, {0x94, "MEMOIZE"}, {0x95, "FRAME"},
    {0x96, "BYTEARRAY8"}, {0x97, "NEXT_BUFFER"}, {0x98, "READONLY_BUFFER"},
};
// clang-format on

}  // namespace detail

/// "STACK_GLOBAL" for 0x93: the name of an opcode of any protocol; empty for a byte that is no opcode.
/// @source Python's pickletools.opcodes
constexpr std::string_view pickle_opcode_name(std::uint8_t byte) {
  for (const detail::PickleOpcodeName& opcode : detail::kPickleOpcodeNames)
    if (opcode.byte == byte) return opcode.name;
  return {};
}

}  // namespace tempa::inline TEMPA_ABI
