// The bodies of <tempa/metrics/metrics.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/metrics/metrics.hpp>

#include <cstddef>
#include <cstdio>
#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE void Metrics::add(Metric metric) {
  if (contains(metric.name)) throw ConfigError(concat("[Metrics] there is already a metric ", metric.name));
  metrics_.push_back(std::move(metric));
}

TEMPA_INLINE const Metric& Metrics::at(std::string_view name) const {
  if (const Metric* metric = find(name)) return *metric;
  throw ConfigError(concat("[Metrics] metric must be ", names(), " but is '", name, "'"));
}

TEMPA_INLINE std::string Metrics::names() const {
  std::string list;
  for (std::size_t i = 0; i < metrics_.size(); ++i)
    list += (i == 0 ? "" : i + 1 < metrics_.size() ? ", " : " or ") + metrics_[i].name;
  return list;
}

TEMPA_INLINE std::string Metrics::line() const {
  std::string text;
  for (const Metric& metric : metrics_) {
    if (metric.label.empty()) continue;
    char value[64];
    std::snprintf(value, sizeof value, ":%.*f", metric.digits, metric.value);
    text += (text.empty() ? "" : " ") + metric.label + value;
  }
  return text;
}

TEMPA_INLINE const Metric* Metrics::find(std::string_view name) const {
  for (const Metric& metric : metrics_)
    if (metric.name == name) return &metric;
  return nullptr;
}

}  // namespace tempa::inline TEMPA_ABI
