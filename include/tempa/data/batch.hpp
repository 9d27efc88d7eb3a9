// What a model reads in one step: several sequences of tokens laid end to end, without padding.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/tensor/tensor.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

TEMPA_COMPILED_FILE("data");

namespace tempa::inline TEMPA_ABI {

/// Label of a token that is not to be classified, the `ignore_index` of PyTorch's cross entropy.
inline constexpr std::int32_t kNoLabel = -100;

/// B sequences of N tokens in all. Sequence b is tokens [cu_seqlens[b], cu_seqlens[b+1]).
struct Batch {
  Tensor<std::int32_t> ids;             ///< (N) token ids
  Tensor<std::int32_t> token_type_ids;  ///< (N) 0 for the first text of a pair, 1 for the second
  Tensor<std::int32_t> cu_seqlens;      ///< (B+1) cumulative lengths, from 0 to N
  /// (B) class of each sequence; (N) of each token, or `kNoLabel`; (B,A) in each of A label columns; empty when unknown
  Tensor<std::int32_t> labels;
  Tensor<float> targets;    ///< (B,K) targets of several labels or of a regression; empty when unused
  std::vector<Index> rows;  ///< (B) rows of the dataset, for messages; empty when unknown
  Index max_seqlen = 0;     ///< longest sequence, in tokens
  bool has_tail = false;    ///< whether tokens may follow the last sequence, which only fill the batch up

  /// B, the number of sequences.
  Index size() const { return std::max<Index>(cu_seqlens.numel() - 1, 0); }
  /// N, the number of tokens, a tail included.
  Index tokens() const { return ids.numel(); }
  /// The tokens of its sequences, without a tail. @throws DeviceError for a batch with a tail that is not on the host.
  Index sequence_tokens() const { return has_tail ? cu_seqlens.span().back() : tokens(); }

  /// The same batch on `device`. @throws DeviceError.
  Batch to(Device device) const {
    Batch moved = *this;
    moved.ids = ids.to(device);
    moved.token_type_ids = token_type_ids.to(device);
    moved.cu_seqlens = cu_seqlens.to(device);
    moved.labels = labels.to(device);
    moved.targets = targets.to(device);
    return moved;
  }
};

/// Packs the sequences of a padded table, as a Python tokenizer returns them.
/// @param ids (B,T) token ids. @param attention_mask (B,T) 1 for a token, 0 for padding (on either side).
/// @param token_type_ids (B,T), or empty for all 0.
/// @return the batch without labels: tokens of each row in order, those with mask 0 left out.
/// @throws ShapeError when the shapes differ; ValueError for a mask that is not 0 or 1, or a row of padding only.
inline Batch pack_padded(const Tensor<std::int32_t>& ids, const Tensor<std::int32_t>& attention_mask,
                         const Tensor<std::int32_t>& token_type_ids = {}) {
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
