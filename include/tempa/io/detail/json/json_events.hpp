// Parses JSON text event by event and keeps track of the line: the internals of json.hpp and of the safetensors header.
// The library calls nlohmann's parser in one place only, because each instantiation costs compile time.
#pragma once

#include <tempa/core/config.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI::detail {

using JsonSax = nlohmann::json_sax<nlohmann::json>;

/// Sends the events of `text` to `sax` until one returns false.
/// @param path the file that errors name; @param line set to the current line, for the errors of `sax`.
/// @throws FormatError for a NUL byte, which the parser would take for the end; whatever `sax` throws.
void walk_json(std::string_view text, const std::string& path, std::int64_t& line, JsonSax& sax);

/// What the library says of a syntax error, without its error number and position.
std::string json_error_text(const nlohmann::json::exception& error);

/// Builds the document, and refuses duplicate keys and deep nesting, on which later recursions could exhaust the stack.
class JsonBuilder : public JsonSax {
 public:
  static constexpr std::size_t kMaxDepth = 64;

  /// @param path, line named by errors; the walk updates `line`.
  JsonBuilder(const std::string& path, const std::int64_t& line) : path_(path), line_(line) {}
  nlohmann::json take() { return std::move(root_); }

  bool null() override { return add(nullptr) != nullptr; }
  bool boolean(bool value) override { return add(value) != nullptr; }
  bool number_integer(number_integer_t value) override { return add(value) != nullptr; }
  bool number_unsigned(number_unsigned_t value) override { return add(value) != nullptr; }
  bool number_float(number_float_t value, const string_t&) override { return add(value) != nullptr; }
  bool string(string_t& value) override { return add(std::move(value)) != nullptr; }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(nlohmann::json::value_t::object); }
  bool start_array(std::size_t) override { return open(nlohmann::json::value_t::array); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override;
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception& error) override;

 private:
  /// The value's place in the document; it stays there while its container is open.
  nlohmann::json* add(nlohmann::json value);
  bool open(nlohmann::json::value_t kind);
  bool close();

  const std::string& path_;
  const std::int64_t& line_;
  nlohmann::json root_;
  std::vector<nlohmann::json*> open_;
  nlohmann::json* member_ = nullptr;  // the value of the last key
};

/// Parses up to the value that a JSON pointer names, and stops there.
class JsonPointerFinder : public JsonSax {
 public:
  explicit JsonPointerFinder(nlohmann::json::json_pointer pointer);
  bool found() const { return found_; }

  bool null() override { return element(); }
  bool boolean(bool) override { return element(); }
  bool number_integer(number_integer_t) override { return element(); }
  bool number_unsigned(number_unsigned_t) override { return element(); }
  bool number_float(number_float_t, const string_t&) override { return element(); }
  bool string(string_t&) override { return element(); }
  bool binary(binary_t&) override { return element(); }
  bool start_object(std::size_t) override { return open(kObject); }
  bool start_array(std::size_t) override { return open(0); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override { return at(name); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override { return false; }

 private:
  static constexpr std::int64_t kObject = -1;

  /// The next key or element of the innermost container is `token`. @return false, which ends the walk, when found.
  bool at(const std::string& token);
  /// A value begins; in an array that is its next element.
  bool element();
  bool open(std::int64_t first_index);
  bool close();

  std::vector<std::string> tokens_;
  std::vector<std::int64_t> open_;  // of each open container: kObject, or the index of the next element
  std::size_t matched_ = 0;         // leading tokens that match the path to the current value
  bool found_ = false;
};

}  // namespace tempa::inline TEMPA_ABI::detail

#if !defined(TEMPA_SEPARATE)
#include <tempa/io/detail/json/impl/json_events.ipp>
#endif
