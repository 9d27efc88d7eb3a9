// The bodies of <tempa/io/state_dict.hpp>.
#pragma once

#include <tempa/io/state_dict.hpp>

#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE DType dtype(const AnyTensor& tensor) {
  return std::visit([]<Element T>(const Tensor<T>&) { return dtype_of<T>; }, tensor);
}

TEMPA_INLINE const Shape& shape(const AnyTensor& tensor) {
  return std::visit([]<Element T>(const Tensor<T>& typed) -> const Shape& { return typed.shape(); }, tensor);
}

TEMPA_INLINE void StateDict::insert(std::string name, AnyTensor tensor) {
  if (!positions_.emplace(name, entries_.size()).second)
    throw ValueError(concat("[StateDict] every name must be there once but '", name, "' is there already"));
  entries_.push_back({std::move(name), std::move(tensor)});
}

TEMPA_INLINE const AnyTensor* StateDict::find(std::string_view name) const {
  const auto found = positions_.find(name);
  return found == positions_.end() ? nullptr : &entries_[found->second].tensor;
}

TEMPA_INLINE const AnyTensor& StateDict::at(std::string_view name) const {
  if (const AnyTensor* tensor = find(name)) return *tensor;
  throw ValueError(concat("[StateDict] expected a tensor '", name, "' but none of the ", size(), " has this name"));
}

TEMPA_INLINE StateDict StateDict::clone() const {
  StateDict copy;
  for (const Entry& entry : entries_)
    copy.insert(entry.name, std::visit([](const auto& tensor) -> AnyTensor { return tensor.clone(); }, entry.tensor));
  return copy;
}

TEMPA_INLINE LoadReport match_state(const StateDict& source, const StateDict& target, const CopyOptions& options) {
  LoadReport report;
  for (const StateDict::Entry& into : target) {
    const AnyTensor* const from = source.find(into.name);
    if (from == nullptr) {
      report.missing.push_back(into.name);
      continue;
    }
    const bool fits = std::visit(
        [&]<Element T>(const Tensor<T>& typed) {
          if (!(typed.shape() == shape(*from)) || !detail::convertible_to<T>(*from)) return false;
          if constexpr (Floating<T>)
            if (options.check_finite)
              detail::check_finite(options, into.name, source.get<T>(into.name).to(Device::cpu()));
          return true;
        },
        into.tensor);
    if (fits) {
      report.loaded.push_back(into.name);
    } else {
      report.mismatched.push_back({into.name, shape(into.tensor), dtype(into.tensor), shape(*from), dtype(*from)});
    }
  }
  for (const StateDict::Entry& entry : source)
    if (!target.contains(entry.name)) report.unexpected.push_back(entry.name);
  return report;
}

TEMPA_INLINE LoadReport copy_matching(const StateDict& source, StateDict& target, const CopyOptions& options) {
  LoadReport report = match_state(source, target, options);
  parallel_for(0, static_cast<Index>(report.loaded.size()), 8, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const std::string& name = report.loaded[static_cast<std::size_t>(i)];
      AnyTensor into = target.at(name);  // the same storage
      std::visit([&]<Element T>(Tensor<T>& typed) { typed.copy_from(source.get<T>(name).to(typed.device())); }, into);
    }
  });
  return report;
}

}  // namespace tempa::inline TEMPA_ABI
