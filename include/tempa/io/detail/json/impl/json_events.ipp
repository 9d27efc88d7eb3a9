// The bodies of <tempa/io/detail/json/json_events.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/io/detail/json/json_events.hpp>
#include <tempa/io/files/detail/printable.hpp>

#include <algorithm>
#include <iterator>

namespace tempa::inline TEMPA_ABI::detail {

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

TEMPA_INLINE void walk_json(std::string_view text, const std::string& path, std::int64_t& line, JsonSax& sax) {
  line = 1;
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    line += std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(nul), '\n');
    throw FormatError(path, line, concat("expected JSON: byte ", nul + 1, " is NUL"));
  }
  nlohmann::json::sax_parse(LineCountingIterator(text.data(), &line),
                            LineCountingIterator(text.data() + text.size(), &line), &sax);
}

TEMPA_INLINE std::string json_error_text(const nlohmann::json::exception& error) {
  const std::string_view text = error.what();
  const std::size_t syntax = text.find("syntax error");
  const std::string quoted = printable(syntax == std::string_view::npos ? text : text.substr(syntax), 300);
  return quoted.substr(1, quoted.size() - 2);
}

TEMPA_INLINE bool JsonBuilder::key(string_t& name) {
  const auto [member, is_new] = open_.back()->get_ref<nlohmann::json::object_t&>().try_emplace(name);
  if (!is_new) throw FormatError(path_, line_, concat("duplicate key ", printable(name)));
  member_ = &member->second;
  return true;
}

TEMPA_INLINE bool JsonBuilder::parse_error(std::size_t, const std::string&, const nlohmann::json::exception& error) {
  throw FormatError(path_, line_, concat("expected JSON: ", json_error_text(error)));
}

TEMPA_INLINE nlohmann::json* JsonBuilder::add(nlohmann::json value) {
  if (open_.empty()) {
    root_ = std::move(value);
    return &root_;
  }
  if (open_.back()->is_array())
    return &open_.back()->get_ref<nlohmann::json::array_t&>().emplace_back(std::move(value));
  *member_ = std::move(value);
  return member_;
}

TEMPA_INLINE bool JsonBuilder::open(nlohmann::json::value_t kind) {
  if (open_.size() == kMaxDepth)
    throw FormatError(path_, line_, concat("expected at most ", kMaxDepth, " nested levels"));
  open_.push_back(add(nlohmann::json(kind)));
  return true;
}

TEMPA_INLINE bool JsonBuilder::close() {
  open_.pop_back();
  return true;
}

TEMPA_INLINE JsonPointerFinder::JsonPointerFinder(nlohmann::json::json_pointer pointer) {
  for (; !pointer.empty(); pointer.pop_back()) tokens_.push_back(pointer.back());
  std::reverse(tokens_.begin(), tokens_.end());
}

TEMPA_INLINE bool JsonPointerFinder::at(const std::string& token) {
  const std::size_t depth = open_.size();  // tokens_[depth - 1] names a child of the innermost container
  matched_ = std::min(matched_, depth - 1);
  if (matched_ == depth - 1 && depth <= tokens_.size() && tokens_[depth - 1] == token) ++matched_;
  found_ = matched_ == tokens_.size();
  return !found_;
}

TEMPA_INLINE bool JsonPointerFinder::element() {
  if (open_.empty()) {
    found_ = tokens_.empty();
    return !found_;
  }
  return open_.back() == kObject || at(std::to_string(open_.back()++));
}

TEMPA_INLINE bool JsonPointerFinder::open(std::int64_t first_index) {
  if (!element()) return false;
  open_.push_back(first_index);
  return true;
}

TEMPA_INLINE bool JsonPointerFinder::close() {
  open_.pop_back();
  return true;
}

}  // namespace tempa::inline TEMPA_ABI::detail
