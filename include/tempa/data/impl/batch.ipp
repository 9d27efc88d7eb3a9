// The bodies of <tempa/data/batch.hpp>.
#pragma once

#include <tempa/data/batch.hpp>

#include <algorithm>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE Index Batch::size() const { return std::max<Index>(cu_seqlens.numel() - 1, 0); }

TEMPA_INLINE Batch Batch::to(Device device) const {
  Batch moved = *this;
  moved.ids = ids.to(device);
  moved.token_type_ids = token_type_ids.to(device);
  moved.cu_seqlens = cu_seqlens.to(device);
  moved.labels = labels.to(device);
  moved.targets = targets.to(device);
  return moved;
}

TEMPA_INLINE Batch pack_padded(const Tensor<std::int32_t>& ids, const Tensor<std::int32_t>& attention_mask,
                               const Tensor<std::int32_t>& token_type_ids) {
  check_rank("pack_padded", "ids", ids.shape(), 2);
  check_shape("pack_padded", "attention_mask", attention_mask.shape(), ids.shape());
  if (!token_type_ids.empty()) check_shape("pack_padded", "token_type_ids", token_type_ids.shape(), ids.shape());
  const Index rows = ids.size(0), columns = ids.size(1);
  std::vector<std::int32_t> kept, types, bounds{0};
  Batch batch;
  for (Index b = 0; b < rows; ++b) {
    for (Index t = b * columns; t < (b + 1) * columns; ++t) {
      const std::int32_t mask = attention_mask.data()[t];
      if (mask != 0 && mask != 1)
        throw ValueError(concat("[pack_padded] attention_mask must be 0 or 1 but row ", b, " has ", mask));
      if (mask == 0) continue;
      kept.push_back(ids.data()[t]);
      types.push_back(token_type_ids.empty() ? 0 : token_type_ids.data()[t]);
    }
    const auto end = static_cast<std::int32_t>(kept.size());
    if (end == bounds.back()) throw ValueError(concat("[pack_padded] row ", b, " of attention_mask has no token"));
    batch.max_seqlen = std::max<Index>(batch.max_seqlen, end - bounds.back());
    bounds.push_back(end);
  }
  batch.ids = Tensor<std::int32_t>::from(kept);
  batch.token_type_ids = Tensor<std::int32_t>::from(types);
  batch.cu_seqlens = Tensor<std::int32_t>::from(bounds);
  return batch;
}

}  // namespace tempa::inline TEMPA_ABI
