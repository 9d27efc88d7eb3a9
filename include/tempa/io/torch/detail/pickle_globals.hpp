// The names that a pickle may mention. They are only compared: nothing is looked up, imported or called.
#pragma once

#include <tempa/core/config.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tempa::inline TEMPA_ABI {

/// What the pickle of a state dict names.
enum class PickleGlobal : std::uint8_t {
  kOrderedDict,
  kRebuildTensorV2,
  kRebuildParameter,
  kParameter,
  kSize,
  kFloatStorage,
  kDoubleStorage,
  kHalfStorage,
  kBFloat16Storage,
  kLongStorage,
  kIntStorage,
  kShortStorage,
  kCharStorage,
  kByteStorage,
  kBoolStorage,
  kUntypedStorage,
  kTypedStorage,
  kDType,
};

namespace detail {

struct PickleGlobalName {
  std::string_view module;
  std::string_view name;
  PickleGlobal global;
};

inline constexpr std::array<PickleGlobalName, 27> kPickleGlobals = {{
    {"collections", "OrderedDict", PickleGlobal::kOrderedDict},
    {"torch._utils", "_rebuild_tensor_v2", PickleGlobal::kRebuildTensorV2},
    {"torch._utils", "_rebuild_parameter", PickleGlobal::kRebuildParameter},
    {"torch.nn.parameter", "Parameter", PickleGlobal::kParameter},
    {"torch", "Size", PickleGlobal::kSize},
    {"torch", "FloatStorage", PickleGlobal::kFloatStorage},
    {"torch", "DoubleStorage", PickleGlobal::kDoubleStorage},
    {"torch", "HalfStorage", PickleGlobal::kHalfStorage},
    {"torch", "BFloat16Storage", PickleGlobal::kBFloat16Storage},
    {"torch", "LongStorage", PickleGlobal::kLongStorage},
    {"torch", "IntStorage", PickleGlobal::kIntStorage},
    {"torch", "ShortStorage", PickleGlobal::kShortStorage},
    {"torch", "CharStorage", PickleGlobal::kCharStorage},
    {"torch", "ByteStorage", PickleGlobal::kByteStorage},
    {"torch", "BoolStorage", PickleGlobal::kBoolStorage},
    {"torch.storage", "UntypedStorage", PickleGlobal::kUntypedStorage},
    {"torch.storage", "TypedStorage", PickleGlobal::kTypedStorage},
    {"torch", "float32", PickleGlobal::kDType},
    {"torch", "float64", PickleGlobal::kDType},
    {"torch", "float16", PickleGlobal::kDType},
    {"torch", "bfloat16", PickleGlobal::kDType},
    {"torch", "int64", PickleGlobal::kDType},
    {"torch", "int32", PickleGlobal::kDType},
    {"torch", "int16", PickleGlobal::kDType},
    {"torch", "int8", PickleGlobal::kDType},
    {"torch", "uint8", PickleGlobal::kDType},
    {"torch", "bool", PickleGlobal::kDType},
}};

}  // namespace detail

/// The global of this name, or nothing for any other name.
constexpr std::optional<PickleGlobal> pickle_global(std::string_view module, std::string_view name) {
  for (const detail::PickleGlobalName& one : detail::kPickleGlobals)
    if (one.module == module && one.name == name) return one.global;
  return std::nullopt;
}

/// "FloatStorage"; "dtype" for all element types.
constexpr std::string_view to_string(PickleGlobal global) {
  if (global == PickleGlobal::kDType) return "dtype";
  for (const detail::PickleGlobalName& one : detail::kPickleGlobals)
    if (one.global == global) return one.name;
  return "unknown";
}

/// Whether REDUCE may apply it to arguments; the result is a value that records just that.
constexpr bool is_reducible(PickleGlobal global) {
  return global == PickleGlobal::kOrderedDict || global == PickleGlobal::kRebuildTensorV2 ||
         global == PickleGlobal::kRebuildParameter || global == PickleGlobal::kParameter ||
         global == PickleGlobal::kSize;
}

}  // namespace tempa::inline TEMPA_ABI
