// Reads metrics.json, which scikit-learn wrote.
#pragma once

#include "support/fixtures.hpp"

#include <tempa/core/tensor.hpp>

#include <cmath>
#include <cstdint>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

/// The cases of one section: "single", "reports" or "multi".
inline nlohmann::json metrics_cases(const std::string& section) {
  std::ifstream in(fixture_path("metrics/metrics.json"));
  return nlohmann::json::parse(in).at(section);
}

/// Classes of one character each.
inline std::vector<std::int32_t> classes_of(const std::string& digits) {
  std::vector<std::int32_t> classes;
  for (const char c : digits) classes.push_back(c <= '9' ? c - '0' : c - 'a' + 10);
  return classes;
}

/// Rows of 0 and 1 as a (B,K) table.
inline tempa::Tensor<float> indicators_of(const nlohmann::json& rows) {
  std::vector<float> values;
  for (const std::string digits : rows)
    for (const char c : digits) values.push_back(c == '1' ? 1.0F : 0.0F);
  const auto count = static_cast<tempa::Index>(rows.size());
  return tempa::Tensor<float>::from(values, {count, static_cast<tempa::Index>(values.size()) / count});
}

/// A number; null is NaN.
inline double number_of(const nlohmann::json& value) {
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

/// Equal to the last bit; NaN equals NaN.
inline bool same_number(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }
