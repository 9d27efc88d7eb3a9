// Metrics by name: the results of an evaluation, for any problem.
#pragma once

#include <tempa/core/config.hpp>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// One number.
struct Metric {
  std::string name;     ///< "f1_macro"
  double value = 0.0;   ///< NaN where it is undefined
  std::string label{};  ///< short name in `Metrics::line`; empty: not shown there
  int digits = 2;       ///< after the decimal point, in `Metrics::line`
  bool greater_is_better = true;
};

/// Metrics in the order in which they are shown: `metrics["f1_macro"]`.
class Metrics {
 public:
  Metrics() = default;
  Metrics(std::initializer_list<Metric> metrics) : metrics_(metrics) {}

  /// Appends one. @throws ConfigError when the name is taken.
  void add(Metric metric);
  bool contains(std::string_view name) const { return find(name) != nullptr; }
  /// The metric of this name. @throws ConfigError that lists the existing names.
  const Metric& at(std::string_view name) const;
  /// Its value. @throws ConfigError as `at`.
  double operator[](std::string_view name) const { return at(name).value; }

  auto begin() const { return metrics_.begin(); }
  auto end() const { return metrics_.end(); }
  bool empty() const { return metrics_.empty(); }

  /// "loss, accuracy or f1_macro"
  std::string names() const;
  /// "LOSS:0.3223 ACC:0.88 F1:0.84": the metrics that have a label.
  std::string line() const;

 private:
  const Metric* find(std::string_view name) const;

  std::vector<Metric> metrics_;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/metrics/impl/metrics.ipp>
#endif
