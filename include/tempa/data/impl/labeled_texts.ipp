// The bodies of <tempa/data/labeled_texts.hpp>.
#pragma once

#include <tempa/data/labeled_texts.hpp>
#include <tempa/data/labels.hpp>

#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE LabeledTexts read_labeled_texts(DelimitedReader& reader, std::span<const std::string> class_names,
                                             const TextColumns& columns) {
  if (columns.label && class_names.empty())
    throw ConfigError("[read_labeled_texts] reading labels needs the names of the classes");
  TextTableColumns all{.text = columns.text, .pair = columns.pair};
  if (columns.label) all.labels.push_back(*columns.label);
  TextTable table = read_text_table(reader, all);
  if (!columns.label) return std::move(table.rows);
  return with_classes(std::move(table), class_names, ClassNumbers::kAccepted);
}

TEMPA_INLINE LabeledTexts read_labeled_texts(const std::filesystem::path& path,
                                             std::span<const std::string> class_names, const TextColumns& columns,
                                             const DelimitedFormat& format) {
  DelimitedReader reader(path, format);
  return read_labeled_texts(reader, class_names, columns);
}

}  // namespace tempa::inline TEMPA_ABI
