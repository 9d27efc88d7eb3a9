// Names a column of a table: by its name in the header, or by its number.
#pragma once

#include <tempa/core/shape.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace tempa::inline TEMPA_ABI {

/// A column of a table, by number (from 0) or by the name that the header gives it.
class Column {
 public:
  Column(int number) : number_(number) {}
  Column(Index number) : number_(number) {}
  Column(const char* name) : name_(name) {}
  Column(std::string name) : name_(std::move(name)) {}

  /// Parses what a user wrote: a name. Digits also mean a number, for a table whose header has no such name.
  static Column parse(const std::string& text);

  /// The name, or nothing where the column is named by number only.
  const std::string* name() const { return name_ ? &*name_ : nullptr; }
  /// The number, or nothing where the column is named by name only.
  const Index* number() const { return number_ ? &*number_ : nullptr; }
  /// As a user would write it.
  std::string to_string() const { return name_ ? *name_ : std::to_string(*number_); }

  friend bool operator==(const Column& a, const Column& b) { return a.name_ == b.name_ && a.number_ == b.number_; }

 private:
  std::optional<std::string> name_;
  std::optional<Index> number_;
};

namespace detail {

bool is_blank(std::string_view text);

/// "id", "text", …: how messages list names.
std::string quoted_list(std::span<const std::string> names);

/// How many columns have a name, and the first of them.
struct FoundName {
  Index count = 0;
  Index first = -1;
};
/// Looks for the exact name, then without regard to case and surrounding white space.
FoundName find_name(std::span<const std::string> header, const std::string& name);

}  // namespace detail

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/data/table/impl/column.ipp>
#endif
