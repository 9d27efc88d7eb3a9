// Reads metrics.json and seqeval.json, which scikit-learn and seqeval wrote.
#pragma once

#include "support/fixtures.hpp"

#include <tempa/tensor/tensor.hpp>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

/// The cases of a file: the committed one, or the one in the folder that the environment's TEMPA_METRICS_DIR names, as
/// `make_metrics.py check` and `make_seqeval.py check` write it.
inline nlohmann::json metrics_file(const std::string& name) {
  const char* dir = std::getenv("TEMPA_METRICS_DIR");
  std::ifstream in(dir != nullptr ? std::filesystem::path(dir) / name : fixture_path("metrics/" + name));
  return nlohmann::json::parse(in);
}

/// The cases of one section: "single", "reports" or "multi".
inline nlohmann::json metrics_cases(const std::string& section) { return metrics_file("metrics.json").at(section); }

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
