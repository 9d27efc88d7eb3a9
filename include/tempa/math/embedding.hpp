// A table of embeddings as kernels see it.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>

#include <cstdint>

namespace tempa::inline TEMPA_ABI {

/// A table of embeddings, and the row of it that each token takes.
template <Floating T>
struct EmbeddingRows {
  const T* table;           ///< (count,cols)
  const std::int32_t* ids;  ///< (rows) in [0,count)
  Index count;
};

}  // namespace tempa::inline TEMPA_ABI
