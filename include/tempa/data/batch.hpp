// What a model reads in one step: several sequences of tokens laid end to end, without padding.
#pragma once

#include <tempa/tensor/tensor.hpp>

#include <cstdint>
#include <vector>

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
  Index size() const;
  /// N, the number of tokens, a tail included.
  Index tokens() const { return ids.numel(); }
  /// The tokens of its sequences, without a tail. @throws DeviceError for a batch with a tail that is not on the host.
  Index sequence_tokens() const { return has_tail ? cu_seqlens.span().back() : tokens(); }

  /// The same batch on `device`. @throws DeviceError.
  Batch to(Device device) const;
};

/// Packs the sequences of a padded table, as a Python tokenizer returns them.
/// @param ids (B,T) token ids. @param attention_mask (B,T) 1 for a token, 0 for padding (on either side).
/// @param token_type_ids (B,T), or empty for all 0.
/// @return the batch without labels: tokens of each row in order, those with mask 0 left out.
/// @throws ShapeError when the shapes differ; ValueError for a mask that is not 0 or 1, or a row of padding only.
Batch pack_padded(const Tensor<std::int32_t>& ids, const Tensor<std::int32_t>& attention_mask,
                  const Tensor<std::int32_t>& token_type_ids = {});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/data/impl/batch.ipp>
#endif
