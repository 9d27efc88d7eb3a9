// What the example prints about a sentence.
#pragma once

#include <tempa/tensor/tensor.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

/// @param probabilities (1,K)
inline void print_probabilities(std::ostream& out, std::string_view text, const tempa::Tensor<float>& probabilities,
                                const std::vector<std::string>& names) {
  const auto values = probabilities.to_vector();
  const auto best = static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin());
  out << "  " << text << "\n    " << names[best] << ':';
  for (std::size_t k = 0; k < values.size(); ++k) {
    char value[16];
    std::snprintf(value, sizeof value, " %.4f", static_cast<double>(values[k]));
    out << ' ' << names[k] << value;
  }
  out << '\n';
}
