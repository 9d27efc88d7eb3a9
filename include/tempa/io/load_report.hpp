// Reports which tensors of a checkpoint were loaded, missing or unused, as a structure and as a table.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/core/dtype.hpp>
#include <tempa/core/error.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/io/files/detail/printable.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("io");

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// Names that differ in their numbers only, as one: "layer.{0, 1, 2}.bias", "layer.{0...11}.bias" for more than ten.
/// A name without numbers stays; the order is that of the first of each kind.
inline std::vector<std::string> merge_numbered_names(const std::vector<std::string>& names) {
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

/// Which tensors were copied when a checkpoint was loaded into a model, and which were not.
struct LoadReport {
  struct Mismatch {
    std::string name;
    Shape expected_shape;  ///< of the model
    DType expected_dtype;
    Shape found_shape;  ///< of the checkpoint
    DType found_dtype;
  };

  std::vector<std::string> loaded;  ///< names that were copied
  /// Of `loaded`: with rows of labels that the checkpoint does not know, which are new.
  std::vector<std::string> extended{};
  std::vector<std::string> missing;     ///< in the model only: newly initialized, or as they were
  std::vector<std::string> unexpected;  ///< in the checkpoint only: not used
  std::vector<Mismatch> mismatched;     ///< in both, but of another shape or kind of type: as `missing`
  std::vector<std::string> ignored;     ///< in the checkpoint only, and known not to be weights (position_ids)

  /// Whether every tensor on both sides was copied.
  bool complete() const { return missing.empty() && unexpected.empty() && mismatched.empty() && extended.empty(); }

  /// One line when all is well, else a table of the problems: layers with the same one share a row.
  /// @source the load report of transformers 5
  std::string to_string(std::string_view checkpoint, std::string_view model) const {
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

  /// For loading that must leave nothing out, as PyTorch's `strict=True`.
  /// @throws ShapeError when a tensor has another shape; ValueError for the rest; the text is the report.
  void require_complete(std::string_view checkpoint, std::string_view model) const {
    for (const Mismatch& one : mismatched)
      if (!(one.expected_shape == one.found_shape))
        throw ShapeError(concat("[load_state_dict] ", to_string(checkpoint, model)));
    if (!complete()) throw ValueError(concat("[load_state_dict] ", to_string(checkpoint, model)));
  }

 private:
  using Row = std::array<std::string, 3>;

  /// The rows under each other, with a line under the first one. An empty last column is left out.
  static std::string table(const std::vector<Row>& rows) {
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
};

}  // namespace tempa::inline TEMPA_ABI
