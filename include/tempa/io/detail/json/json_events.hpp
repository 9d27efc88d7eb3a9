// Parses JSON text event by event and keeps track of the line. The internals of json.hpp and of the
// safetensors header. The library calls nlohmann's parser in one place only, because each instantiation costs compile
// time.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/core/error.hpp>
#include <tempa/io/files/detail/printable.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("io");

namespace tempa::inline TEMPA_ABI::detail {

using JsonSax = nlohmann::json_sax<nlohmann::json>;

/// Reads characters and counts the lines; the parser takes no character before it needs it.
class LineCountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  LineCountingIterator(const char* at, std::int64_t* line) : at_(at), line_(line) {}
  reference operator*() const { return *at_; }
  LineCountingIterator& operator++() {
    if (*at_++ == '\n') ++*line_;
    return *this;
  }
  LineCountingIterator operator++(int) {
    LineCountingIterator old = *this;
    ++*this;
    return old;
  }
  friend bool operator==(const LineCountingIterator& a, const LineCountingIterator& b) { return a.at_ == b.at_; }

 private:
  const char* at_;
  std::int64_t* line_;
};

/// Sends the events of `text` to `sax` until one returns false.
/// @param path the file that errors name; @param line set to the current line, for the errors of `sax`.
/// @throws FormatError for a NUL byte, which the parser would take for the end; whatever `sax` throws.
inline void walk_json(std::string_view text, const std::string& path, std::int64_t& line, JsonSax& sax) {
  line = 1;
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    line += std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(nul), '\n');
    throw FormatError(path, line, concat("expected JSON: byte ", nul + 1, " is NUL"));
  }
  nlohmann::json::sax_parse(LineCountingIterator(text.data(), &line),
                            LineCountingIterator(text.data() + text.size(), &line), &sax);
}

/// What the library says of a syntax error, without its error number and position.
inline std::string json_error_text(const nlohmann::json::exception& error) {
  const std::string_view text = error.what();
  const std::size_t syntax = text.find("syntax error");
  const std::string quoted = printable(syntax == std::string_view::npos ? text : text.substr(syntax), 300);
  return quoted.substr(1, quoted.size() - 2);
}

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
  bool key(string_t& name) override {
    const auto [member, is_new] = open_.back()->get_ref<nlohmann::json::object_t&>().try_emplace(name);
    if (!is_new) throw FormatError(path_, line_, concat("duplicate key ", printable(name)));
    member_ = &member->second;
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception& error) override {
    throw FormatError(path_, line_, concat("expected JSON: ", json_error_text(error)));
  }

 private:
  /// The value's place in the document; it stays there while its container is open.
  nlohmann::json* add(nlohmann::json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    if (open_.back()->is_array())
      return &open_.back()->get_ref<nlohmann::json::array_t&>().emplace_back(std::move(value));
    *member_ = std::move(value);
    return member_;
  }
  bool open(nlohmann::json::value_t kind) {
    if (open_.size() == kMaxDepth)
      throw FormatError(path_, line_, concat("expected at most ", kMaxDepth, " nested levels"));
    open_.push_back(add(nlohmann::json(kind)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  const std::string& path_;
  const std::int64_t& line_;
  nlohmann::json root_;
  std::vector<nlohmann::json*> open_;
  nlohmann::json* member_ = nullptr;  // the value of the last key
};

/// Parses up to the value that a JSON pointer names, and stops there.
class JsonPointerFinder : public JsonSax {
 public:
  explicit JsonPointerFinder(nlohmann::json::json_pointer pointer) {
    for (; !pointer.empty(); pointer.pop_back()) tokens_.push_back(pointer.back());
    std::reverse(tokens_.begin(), tokens_.end());
  }
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
  bool at(const std::string& token) {
    const std::size_t depth = open_.size();  // tokens_[depth - 1] names a child of the innermost container
    matched_ = std::min(matched_, depth - 1);
    if (matched_ == depth - 1 && depth <= tokens_.size() && tokens_[depth - 1] == token) ++matched_;
    found_ = matched_ == tokens_.size();
    return !found_;
  }
  /// A value begins; in an array that is its next element.
  bool element() {
    if (open_.empty()) {
      found_ = tokens_.empty();
      return !found_;
    }
    return open_.back() == kObject || at(std::to_string(open_.back()++));
  }
  bool open(std::int64_t first_index) {
    if (!element()) return false;
    open_.push_back(first_index);
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::vector<std::string> tokens_;
  std::vector<std::int64_t> open_;  // of each open container: kObject, or the index of the next element
  std::size_t matched_ = 0;         // leading tokens that match the path to the current value
  bool found_ = false;
};

}  // namespace tempa::inline TEMPA_ABI::detail
