// The bodies of <tempa/data/table/detail/column_choice.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/data/labels.hpp>
#include <tempa/data/table/detail/column_choice.hpp>
#include <tempa/data/table/detail/column_role.hpp>

#include <algorithm>
#include <cstddef>
#include <set>
#include <string_view>
#include <utility>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// Chooses columns: those requested, then by the names in the header, then by elimination.
class ColumnChooser {
 public:
  ColumnChooser(const DelimitedReader& reader, const TableStart& start, DelimitedFormat format,
                const TableRequest& request)
      : reader_(reader), request_(request), header_(reader.header()) {
    TableSample sample = sample_table(start, format);
    if (format.header && !sample.rows.empty()) sample.rows.erase(sample.rows.begin());
    rows_ = std::move(sample.rows);
    for (const std::string& name : header_) roles_.push_back(column_role(name));
    roles_.resize(static_cast<std::size_t>(reader.width()));
    take_wanted();
  }

  ChosenColumns choose() {
    if (header_.empty()) {
      choose_by_number();
    } else {
      choose_by_name();
      if (remembered_) use_remembered_numbers();
      if (!columns_.text) take_text(exclude(&ColumnChooser::may_be_text, "text", request_.text_option));
      if (needs_label()) take_label(exclude(&ColumnChooser::may_be_label, "label", request_.label_option));
    }
    return columns_;
  }

 private:
  bool needs_label() const { return request_.needs_label && columns_.labels.empty(); }
  bool is_free(Index column) const {
    return columns_.text != column && columns_.pair != column &&
           std::find(columns_.labels.begin(), columns_.labels.end(), column) == columns_.labels.end();
  }
  const ColumnRole& role(Index column) const { return roles_[static_cast<std::size_t>(column)]; }
  void take_text(Index column) {
    columns_.text = column;
    columns_.guessed = true;
  }
  void take_label(Index column) {
    columns_.labels.push_back(column);
    columns_.guessed = true;
  }

  // The requested columns. Numbers that come from another table yield to the names of this one's header.
  void take_wanted() {
    const bool alone = header_.empty() && reader_.width() == 1 && request_.remembered_header && !request_.needs_label;
    remembered_ =
        !header_.empty() && request_.remembered_header == false && !request_.pair && request_.labels.size() < 2;
    if (remembered_) return;
    if (request_.text && !alone) columns_.text = reader_.column(*request_.text);
    if (request_.pair) columns_.pair = reader_.column(*request_.pair);
    for (const Column& label : request_.labels)
      if (request_.needs_label) columns_.labels.push_back(reader_.column(label));
    if (!header_.empty() && request_.remembered_header == false) check_numbers_by_name();
    if (header_.empty() && request_.remembered_header && columns_.text && reader_.width() > 1 &&
        counts_rows(*columns_.text)) {
      columns_.text.reset();
      cannot_tell("text", all_but_rows(), request_.text_option);
    }
  }

  // Numbers from a table without a header, in one that has names: no name may contradict them.
  void check_numbers_by_name() const {
    const auto check = [&](Index column, ColumnUse use, ColumnUse other, const char* what, const std::string& option) {
      const ColumnUse found = role(column).use;
      const bool better =
          std::any_of(roles_.begin(), roles_.end(), [use](const ColumnRole& one) { return one.use == use; });
      if (found == ColumnUse::kUnknown ? better : found != use && found != other) cannot_tell(what, {}, option);
    };
    if (request_.text && request_.text->number() != nullptr && columns_.text)
      check(*columns_.text, ColumnUse::kText, ColumnUse::kPaired, "text", request_.text_option);
    if (request_.pair && request_.pair->number() != nullptr)
      check(*columns_.pair, ColumnUse::kText, ColumnUse::kPaired, "second text", request_.text_option);
    for (std::size_t i = 0; i < columns_.labels.size(); ++i)
      if (request_.labels[i].number() != nullptr)
        check(columns_.labels[i], ColumnUse::kLabel, ColumnUse::kLabel, "label", request_.label_option);
  }

  void choose_by_name() {
    if (!columns_.text && !columns_.pair && !request_.pair) choose_pair();
    if (!columns_.text)
      if (const auto text = named(ColumnUse::kText, "text", request_.text_option)) take_text(*text);
    if (needs_label())
      if (const auto label = named(ColumnUse::kLabel, "label", request_.label_option)) take_label(*label);
  }

  // sentence1 and sentence2 are a pair, unless another column may be the text.
  void choose_pair() {
    auto pairs = paired_columns(header_);
    std::erase_if(pairs, [&](const auto& pair) { return !is_free(pair.first) || !is_free(pair.second); });
    if (pairs.empty()) return;
    std::vector<Index> all;
    for (Index c = 0; c < reader_.width(); ++c)
      if (is_free(c) && (role(c).use == ColumnUse::kText || role(c).use == ColumnUse::kPaired)) all.push_back(c);
    if (all.size() > 2) cannot_tell("text", all, request_.text_option);
    take_text(pairs.front().first);
    columns_.pair = pairs.front().second;
  }

  // The only column of the lowest rank whose name indicates this use. @throws FormatError for several.
  std::optional<Index> named(ColumnUse use, const char* what, const std::string& option) const {
    std::vector<Index> best;
    for (Index c = 0; c < reader_.width(); ++c) {
      if (!is_free(c) || role(c).use != use) continue;
      if (!best.empty() && role(c).rank < role(best.front()).rank) best.clear();
      if (best.empty() || role(c).rank == role(best.front()).rank) best.push_back(c);
    }
    if (best.size() > 1) cannot_tell(what, best, option);
    return best.empty() ? std::nullopt : std::optional(best.front());
  }

  // The numbers that another table had, unless a name of this header contradicts one of them.
  void use_remembered_numbers() {
    const auto number = [&](const Column& column, ColumnUse use) -> std::optional<Index> {
      const Index* const found = column.number();
      if (found == nullptr || *found >= reader_.width() || !is_free(*found)) return std::nullopt;
      return role(*found).use == ColumnUse::kUnknown || role(*found).use == use ? std::optional(*found) : std::nullopt;
    };
    const bool text_open = request_.text && !columns_.text, label_open = !request_.labels.empty() && needs_label();
    const auto text = text_open ? number(*request_.text, ColumnUse::kText) : std::nullopt;
    const auto label = label_open ? number(request_.labels.front(), ColumnUse::kLabel) : std::nullopt;
    if ((text_open && !text) || (label_open && !label)) return;
    if (text) take_text(*text);
    if (label) take_label(*label);
  }

  // Text 0 and label 1, as far as they are free; a column of row numbers before them does not count.
  void choose_by_number() {
    const Index width = reader_.width();
    std::vector<Index> free;
    for (Index c = width > 1 && is_free(0) && counts_rows(0) ? 1 : 0; c < width; ++c)
      if (is_free(c)) free.push_back(c);
    const Index first = width > 1 && counts_rows(0) ? 1 : 0;
    const bool both = !columns_.text && needs_label();
    const auto take = [&](Index usual, const char* what, const std::string& option) {
      auto found = std::find(free.begin(), free.end(), usual);
      if (found == free.end() && free.size() != 1) cannot_tell(what, free, option);
      if (found == free.end()) found = free.begin();
      const Index column = *found;
      free.erase(found);
      return column;
    };
    if (!columns_.text) {
      take_text(take(first, "text", request_.text_option));
      check_words(free);
    }
    if (needs_label()) take_label(take(first + 1, "label", request_.label_option));
    if (both) check_order();
  }

  // A column of numbers, or of one word a row next to one of more words, is an id, a date or a label, and not the text.
  // @param others the remaining columns.
  void check_words(const std::vector<Index>& others) {
    constexpr double kWordsOfTexts = 1.5;
    const Index text = *columns_.text;
    const bool numbers =
        all_of_column(text, [](const std::string& field) { return is_blank(field) || parse_number(field); });
    std::vector<Index> wordier;
    for (const Index column : others)  // another one may be a label of several words
      if ((others.size() > 1 || !needs_label()) && words_of_row(column) > 2 * words_of_row(text))
        wordier.push_back(column);
    if ((numbers && !others.empty()) || (words_of_row(text) < kWordsOfTexts && !wordier.empty())) {
      columns_.text.reset();
      cannot_tell("text", wordier.empty() ? others : wordier, request_.text_option);
    }
  }
  // Mean number of words of a row in this column.
  double words_of_row(Index column) const {
    double words = 0;
    for (const auto& row : rows_) {
      if (column >= static_cast<Index>(row.size())) continue;
      bool inside = false;
      for (const char c : row[static_cast<std::size_t>(column)]) {
        const bool blank = c == ' ';
        words += !blank && !inside ? 1 : 0;
        inside = !blank;
      }
    }
    return rows_.empty() ? 0 : words / static_cast<double>(rows_.size());
  }

  // Labels repeat and texts rarely do: if it is the other way round, the columns are exchanged by mistake.
  void check_order() const {
    constexpr std::size_t kTelling = 4;
    const auto different = [&](Index column) {
      std::set<std::string_view> values;
      for (const auto& row : rows_)
        if (column < static_cast<Index>(row.size())) values.insert(row[static_cast<std::size_t>(column)]);
      return values.size();
    };
    const Index text = *columns_.text, label = columns_.labels.front();
    if (rows_.size() < kTelling || all_of_column(label, [](const std::string& field) { return parse_number(field); }) ||
        different(label) <= 2 * different(text))
      return;
    throw FormatError(reader_.name(), 0,
                      concat("cannot tell the text from the label: column ", text, " has ", different(text),
                             " different fields and column ", label, " has ", different(label), "; give ",
                             request_.text_option, " and ", request_.label_option));
  }

  bool may_be_text(Index column) const {
    const ColumnUse use = role(column).use;
    return (use == ColumnUse::kUnknown || use == ColumnUse::kPaired) && !counts_rows(column) &&
           !all_of_column(column, [](const std::string& field) { return is_blank(field) || parse_number(field); });
  }
  bool may_be_label(Index column) const {
    return role(column).use == ColumnUse::kUnknown && !counts_rows(column) &&
           !all_of_column(column, [](const std::string& field) { return is_blank(field); });
  }

  // The only free column that is possible. @throws FormatError for none or several.
  Index exclude(bool (ColumnChooser::*may_be)(Index) const, const char* what, const std::string& option) const {
    std::vector<Index> candidates;
    for (Index c = 0; c < reader_.width(); ++c)
      if (is_free(c) && (this->*may_be)(c)) candidates.push_back(c);
    if (candidates.size() != 1) cannot_tell(what, candidates, option);
    return candidates.front();
  }

  bool all_of_column(Index column, const auto& is) const {
    const auto c = static_cast<std::size_t>(column);
    return !rows_.empty() &&
           std::all_of(rows_.begin(), rows_.end(), [&](const auto& row) { return c < row.size() && bool(is(row[c])); });
  }
  // 0, 1, 2, … or 1, 2, 3, …, of three rows at least, or of two in the first column.
  bool counts_rows(Index column) const {
    if (rows_.size() < (column == 0 ? 2U : 3U)) return false;
    std::size_t row = 0;
    const std::size_t from = rows_.front().size() > static_cast<std::size_t>(column) &&
                                     rows_.front()[static_cast<std::size_t>(column)] == "1"
                                 ? 1
                                 : 0;
    return all_of_column(column, [&](const std::string& field) { return field == std::to_string(from + row++); });
  }

  std::vector<Index> all_but_rows() const {
    std::vector<Index> columns;
    for (Index c = 0; c < reader_.width(); ++c)
      if (is_free(c) && !counts_rows(c)) columns.push_back(c);
    return columns;
  }

  std::string name_of(Index column) const {
    return header_.empty() ? concat("column ", column) : "\"" + header_[static_cast<std::size_t>(column)] + "\"";
  }
  [[noreturn]] void cannot_tell(const char* what, const std::vector<Index>& candidates,
                                const std::string& option) const {
    std::string list;
    for (const Index column : candidates) list += (list.empty() ? "" : " or ") + name_of(column);
    const std::string all = header_.empty() ? concat("the table has ", reader_.width(), " columns and no header")
                                            : "the columns are " + quoted_list(header_);
    throw FormatError(reader_.name(), 0,
                      concat("cannot tell which column is the ", what,
                             list.empty() ? ": none may be it" : ": it may be " + list, "; ", all, "; give ", option));
  }

  const DelimitedReader& reader_;
  const TableRequest& request_;
  const std::vector<std::string>& header_;
  std::vector<std::vector<std::string>> rows_;  // of the sample, without the header
  std::vector<ColumnRole> roles_;               // (columns)
  ChosenColumns columns_;
  bool remembered_ = false;  // the requested numbers are those of a table without a header
};

}  // namespace detail

TEMPA_INLINE ChosenColumns choose_columns(const DelimitedReader& reader, const TableStart& start,
                                          const DelimitedFormat& format, const TableRequest& request) {
  return detail::ColumnChooser(reader, start, format, request).choose();
}

TEMPA_INLINE Column OpenTextTable::lasting(const Column& column) const {
  if (reader.header().empty()) return column;
  const std::string& name = reader.header()[static_cast<std::size_t>(*column.number())];
  return name.empty() || detail::find_name(reader.header(), name).count != 1 ? column : Column(name);
}

TEMPA_INLINE OpenTextTable open_text_table(TableInput& input, const TableRequest& request) {
  std::vector<std::string> guessed;
  const DelimitedFormat format = table_format(input, request, guessed);
  OpenTextTable table{.reader = input.reader(format), .columns = {}, .guessed = {}};
  const ChosenColumns chosen = choose_columns(table.reader, input.start(), format, request);
  table.columns.text = *chosen.text;
  if (chosen.pair) table.columns.pair = *chosen.pair;
  for (const Index label : chosen.labels) table.columns.labels.emplace_back(label);
  if (chosen.guessed) {
    const auto say = [&](Index column, const char* what) {
      const auto& header = table.reader.header();
      guessed.push_back(header.empty() ? concat("column ", column, " as the ", what)
                                       : concat("\"", header[static_cast<std::size_t>(column)], "\" as the ", what));
    };
    say(*chosen.text, "text");
    if (chosen.pair) say(*chosen.pair, "second text");
    for (const Index label : chosen.labels) say(label, "label");
  }
  for (const std::string& what : guessed)
    table.guessed += (table.guessed.empty() ? table.reader.name() + ": took " : ", ") + what;
  return table;
}

}  // namespace tempa::inline TEMPA_ABI
