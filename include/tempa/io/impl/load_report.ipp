// The bodies of <tempa/io/load_report.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/io/files/detail/printable.hpp>
#include <tempa/io/load_report.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <system_error>
#include <utility>

namespace tempa::inline TEMPA_ABI {

namespace detail {

TEMPA_INLINE std::vector<std::string> merge_numbered_names(const std::vector<std::string>& names) {
  struct Kind {
    std::vector<std::string> between;           // the texts around the numbers
    std::vector<std::set<std::uint64_t>> seen;  // of each number
  };
  std::vector<Kind> kinds;
  std::map<std::string, std::size_t> kind_of;
  for (const std::string& name : names) {
    Kind kind{{""}, {}};
    std::string pattern;
    for (std::size_t begin = 0; begin <= name.size();) {
      const std::size_t end = std::min(name.find('.', begin), name.size());
      const std::string part = name.substr(begin, end - begin);
      std::uint64_t number = 0;
      const auto [rest, error] = std::from_chars(part.data(), part.data() + part.size(), number);
      const bool numeric = begin > 0 && !part.empty() && error == std::errc() && rest == part.data() + part.size();
      if (numeric) {
        kind.seen.push_back({number});
        kind.between.emplace_back();
        pattern += '*';
      } else {
        kind.between.back() += part;
        pattern += part;
      }
      if (end < name.size()) {
        kind.between.back() += '.';
        pattern += '.';
      }
      begin = end + 1;
    }
    const auto [found, is_new] = kind_of.emplace(pattern, kinds.size());
    if (is_new) {
      kinds.push_back(std::move(kind));
    } else {
      for (std::size_t i = 0; i < kind.seen.size(); ++i) kinds[found->second].seen[i].merge(kind.seen[i]);
    }
  }
  std::vector<std::string> merged;
  for (const Kind& kind : kinds) {
    std::string text = kind.between.front();
    for (std::size_t i = 0; i < kind.seen.size(); ++i) {
      const std::set<std::uint64_t>& seen = kind.seen[i];
      std::string numbers;
      if (seen.size() > 10) {
        numbers = concat(*seen.begin(), "...", *seen.rbegin());
      } else {
        for (const std::uint64_t number : seen) numbers += concat(numbers.empty() ? "" : ", ", number);
      }
      text += (seen.size() > 1 ? "{" + numbers + "}" : numbers) + kind.between[i + 1];
    }
    merged.push_back(std::move(text));
  }
  return merged;
}

}  // namespace detail

TEMPA_INLINE std::string LoadReport::to_string(std::string_view checkpoint, std::string_view model) const {
  if (complete()) return concat("all ", loaded.size(), " tensors of ", model, " were loaded from ", checkpoint);
  std::vector<Row> rows{{"Key", "Status", mismatched.empty() ? "" : "Details"}};
  for (const auto& name : detail::merge_numbered_names(unexpected)) {
    const std::string quoted = printable(name);  // only these names come from the file
    rows.push_back({quoted.substr(1, quoted.size() - 2), "UNEXPECTED", ""});
  }
  for (auto& name : detail::merge_numbered_names(missing)) rows.push_back({std::move(name), "MISSING", ""});
  for (auto& name : detail::merge_numbered_names(extended)) rows.push_back({std::move(name), "EXTENDED", ""});
  std::map<std::string, std::vector<std::string>> mismatches;
  for (const Mismatch& one : mismatched)
    mismatches[concat("checkpoint ", one.found_shape, ' ', tempa::to_string(one.found_dtype), ", model ",
                      one.expected_shape, ' ', tempa::to_string(one.expected_dtype))]
        .push_back(one.name);
  for (const auto& [details, names] : mismatches)
    for (auto& name : detail::merge_numbered_names(names)) rows.push_back({std::move(name), "MISMATCH", details});

  std::string text = concat(model, " LOAD REPORT from: ", checkpoint, "\n", table(rows), "\n\nNotes:");
  if (!unexpected.empty())
    text +=
        "\n- UNEXPECTED: only the checkpoint has them; they are not used. Normal when it was made for another task.";
  if (!missing.empty())
    text +=
        "\n- MISSING: only the model has them; they are newly initialized. Train the model on your task before you "
        "use it.";
  if (!extended.empty())
    text +=
        "\n- EXTENDED: the checkpoint has rows for some of the labels; the rows of the others are newly initialized.";
  if (!mismatched.empty())
    text +=
        "\n- MISMATCH: the checkpoint's do not fit into the model's; they are newly initialized. Train the model on "
        "your task before you use it.";
  return text;
}

TEMPA_INLINE void LoadReport::require_complete(std::string_view checkpoint, std::string_view model) const {
  for (const Mismatch& one : mismatched)
    if (!(one.expected_shape == one.found_shape))
      throw ShapeError(concat("[load_state_dict] ", to_string(checkpoint, model)));
  if (!complete()) throw ValueError(concat("[load_state_dict] ", to_string(checkpoint, model)));
}

TEMPA_INLINE std::string LoadReport::table(const std::vector<Row>& rows) {
  std::array<std::size_t, 3> widths{};
  for (const Row& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string text;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string line, rule;
    for (std::size_t i = 0; i < widths.size() && widths[i] > 0; ++i) {
      line += (i > 0 ? " | " : "") + rows[r][i] + std::string(widths[i] - rows[r][i].size(), ' ');
      rule += (i > 0 ? "-+-" : "") + std::string(widths[i], '-');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += (r > 0 ? "\n" : "") + line;
    if (r == 0) text += "\n" + rule;
  }
  return text;
}

}  // namespace tempa::inline TEMPA_ABI
