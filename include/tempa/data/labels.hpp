// Turns the fields of label columns into classes, sets of labels, or numbers.
#pragma once

#include <tempa/data/table/text_table.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// The number that all of `field` is, as in "3", "-0.5" or "1e-3"; nothing for other text, NaN and infinities.
std::optional<double> parse_number(std::string_view field);

/// The different labels among `fields`, sorted: by value where all are numbers, else by code points.
/// @param fields (n) UTF-8.
std::vector<std::string> learn_labels(std::span<const std::string> fields);

/// The labels of a field such as "sport, politics": what is between the separators, without spaces around it.
/// @return none for an empty field; repeated labels are returned repeatedly. @throws ConfigError for an empty
/// separator.
std::vector<std::string> split_labels(std::string_view field, std::string_view separator);

namespace detail {

void require_label_columns(std::string_view who, const TextTable& table, bool one);

}  // namespace detail

/// Whether a label that is no class's name may be the number of a class, from 0.
enum class ClassNumbers { kRefused, kAccepted };

/// One class a row, from one label column.
/// @param names (K) of the classes, found as by `LabelNames`.
/// @throws FormatError with the line for an unknown label; ConfigError for a table without one label column.
LabeledTexts with_classes(TextTable&& table, std::span<const std::string> names,
                          ClassNumbers numbers = ClassNumbers::kRefused);

/// Any number of labels a row, from one column that lists them (see `split_labels`): targets of 0 and 1.
/// @param names (K) of the labels, found as by `LabelNames`.
/// @throws FormatError with the line for an unknown label; ConfigError for a table without one label column, or an
///   empty separator.
LabeledTexts with_label_sets(TextTable&& table, std::span<const std::string> names, std::string_view separator);

/// Any number of labels a row, from a column of 0 and 1 for each: targets of 0 and 1.
/// @throws FormatError with the line for another field than 0 and 1; ConfigError for a table without label columns.
LabeledTexts with_indicators(TextTable&& table);

/// Numbers to be predicted, one from each label column.
/// @throws FormatError with the line for a field that is no finite number; ConfigError for a table without label
///   columns.
LabeledTexts with_values(TextTable&& table);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/data/impl/labels.ipp>
#endif
