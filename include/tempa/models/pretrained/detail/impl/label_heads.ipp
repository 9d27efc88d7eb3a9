// The bodies of <tempa/models/pretrained/detail/label_heads.hpp>.
#pragma once

#include <tempa/models/pretrained/detail/label_heads.hpp>

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <utility>
#include <variant>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE LabelHeads match_label_head(std::string_view name, const std::vector<std::string>& known,
                                         const std::vector<std::string>& given, const MatchLabelsOptions& options) {
  MatchedLabels matched = match_labels(known, given, options);
  LabelHeads result{.labels = std::move(matched.labels), .heads = {}, .known_heads = {}, .summary = {}};
  result.summary = matched.summary();
  result.known_heads = {std::string(name)};
  result.heads.push_back({.name = std::string(name),
                          .source = std::string(name),
                          .source_rows = static_cast<Index>(known.size()),
                          .rows = std::move(matched.rows)});
  return result;
}

namespace detail {

/// "weight" or "bias" when `name` is that of the module; else "".
inline std::string_view part_of_head(std::string_view name, std::string_view module) {
  for (const std::string_view part : {"weight", "bias"})
    if (name.size() == module.size() + part.size() + 1 && name.starts_with(module) && name[module.size()] == '.' &&
        name.ends_with(part))
      return part;
  return "";
}

/// The rows of a head in their new order. New ones are 0 until `fill_new_rows`.
template <Floating To, Floating From>
Tensor<To> head_rows(const Tensor<From>& source, const std::vector<Index>& rows) {
  std::vector<Index> sizes(source.shape().begin(), source.shape().end());
  const Index width = source.numel() / sizes[0];
  sizes[0] = static_cast<Index>(rows.size());
  Tensor<To> result = Tensor<To>::zeros(Shape(sizes));
  for (std::size_t k = 0; k < rows.size(); ++k)
    for (Index i = 0; rows[k] >= 0 && i < width; ++i)
      result.data()[static_cast<Index>(k) * width + i] = element_cast<To>(source.data()[rows[k] * width + i]);
  return result;
}

TEMPA_INLINE StateDict with_label_heads(const StateDict& checkpoint, const StateDict& target, const LabelHeads& heads,
                                        std::vector<std::string>& extended) {
  StateDict result;
  result.reserve(checkpoint.size());
  for (const StateDict::Entry& entry : checkpoint) {
    const auto is_part = [&](const std::string& module) { return !part_of_head(entry.name, module).empty(); };
    const auto head = std::find_if(heads.heads.begin(), heads.heads.end(),
                                   [&](const LabelHead& one) { return !one.source.empty() && is_part(one.source); });
    const bool usable = head != heads.heads.end() && is_floating(dtype(entry.tensor)) &&
                        shape(entry.tensor).rank() > 0 && shape(entry.tensor)[0] == head->source_rows;
    if (!usable) {
      const bool dropped = head == heads.heads.end() && target.contains(entry.name) &&
                           std::any_of(heads.known_heads.begin(), heads.known_heads.end(), is_part);
      if (!dropped) result.insert(entry.name, entry.tensor);
      continue;
    }
    const auto new_rows = std::count(head->rows.begin(), head->rows.end(), MatchedLabels::kNone);
    if (new_rows == static_cast<std::ptrdiff_t>(head->rows.size())) continue;  // nothing is kept: it begins anew
    const std::string name = concat(head->name, ".", part_of_head(entry.name, head->source));
    std::visit(
        [&]<Element From>(const Tensor<From>& tensor) {
          if constexpr (Floating<From>) {
            if (new_rows == 0) {
              result.insert(name, head_rows<From>(tensor, head->rows));
            } else {  // in a type that also holds what is drawn
              result.insert(name, head_rows<double>(tensor, head->rows));
              extended.push_back(name);
            }
          }
        },
        entry.tensor);
  }
  return result;
}

TEMPA_INLINE void fill_new_rows(const StateDict& loaded, const StateDict& target, const LabelHeads& heads,
                                const std::vector<std::string>& extended) {
  for (const LabelHead& head : heads.heads)
    for (const std::string_view part : {"weight", "bias"}) {
      const std::string name = concat(head.name, ".", part);
      if (std::find(extended.begin(), extended.end(), name) == extended.end()) continue;
      auto into = std::get<Tensor<double>>(loaded.at(name));  // the same storage
      const auto drawn = target.get<double>(name);
      const Index width = into.numel() / into.size(0);
      for (std::size_t k = 0; k < head.rows.size(); ++k)
        for (Index i = static_cast<Index>(k) * width; head.rows[k] < 0 && i < static_cast<Index>(k + 1) * width; ++i)
          into.data()[i] = drawn.data()[i];
    }
}

}  // namespace detail

}  // namespace tempa::inline TEMPA_ABI
