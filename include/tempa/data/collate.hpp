// Makes batches of examples: packed, as tempa's models take them, or padded to a table.
#pragma once

#include <tempa/data/batch.hpp>
#include <tempa/data/dataset.hpp>
#include <tempa/tensor/tensor.hpp>

#include <span>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Joins the examples end to end, without padding. The default collate function of a `DataLoader`.
struct PackedCollate {
  /// @param examples B examples; token types may be left out (all 0).
  /// @return the packed batch; `labels` (B) and `targets` (B,K) are empty where the examples have none.
  /// @throws ValueError for no example, an example without tokens, or examples of which only some have labels or
  /// targets.
  Batch operator()(std::span<const TextExample> examples) const;
};

/// B sequences as a table of T columns, with padding at the end of each row.
struct PaddedBatch {
  Tensor<std::int32_t> ids;             ///< (B,T) token ids, `pad_token_id` after the end
  Tensor<std::int32_t> attention_mask;  ///< (B,T) 1 for a token, 0 for padding
  Tensor<std::int32_t> token_type_ids;  ///< (B,T) 0 or 1; 0 for padding
  Tensor<std::int32_t> labels;          ///< (B) class of each sequence; empty when unknown
  Tensor<float> targets;                ///< (B,K) targets; empty when unused
  std::vector<Index> rows;              ///< (B) rows of the dataset; empty when unknown

  /// B, the number of sequences.
  Index size() const { return ids.size(0); }
};

/// Makes padded tables, as Hugging Face's collators do. @source transformers `DataCollatorWithPadding`
struct PaddedCollate {
  std::int32_t pad_token_id = 0;  ///< the id of padding
  Index pad_to_multiple_of = 1;   ///< T is rounded up to a multiple of it
  Index min_length = 0;           ///< T is at least this

  /// @param examples B examples. @return the table; T is the longest length, rounded up.
  /// @throws ValueError as `PackedCollate`; ConfigError when `pad_to_multiple_of` is not positive.
  PaddedBatch operator()(std::span<const TextExample> examples) const;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/data/impl/collate.ipp>
#endif
