// Whether two state dicts hold the same bits under the same names.
#pragma once

#include <tempa/io/state_dict.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <variant>

/// The elements as bytes.
inline std::span<const std::byte> bytes_of(const tempa::AnyTensor& tensor) {
  return std::visit([](const auto& typed) { return std::as_bytes(typed.span()); }, tensor);
}

/// Checks names, types, shapes and all bits; the order may differ.
inline void check_same_tensors(const tempa::StateDict& actual, const tempa::StateDict& expected) {
  CHECK(actual.size() == expected.size());
  for (const auto& entry : expected) {
    CAPTURE(entry.name);
    const tempa::AnyTensor* const found = actual.find(entry.name);
    REQUIRE(found != nullptr);
    CHECK(tempa::dtype(*found) == tempa::dtype(entry.tensor));
    CHECK(tempa::shape(*found) == tempa::shape(entry.tensor));
    const auto left = bytes_of(*found), right = bytes_of(entry.tensor);
    CHECK(std::equal(left.begin(), left.end(), right.begin(), right.end()));
  }
}
