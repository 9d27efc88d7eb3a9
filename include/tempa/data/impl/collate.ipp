// The bodies of <tempa/data/collate.hpp>.
#pragma once

#include <tempa/data/collate.hpp>

#include <algorithm>
#include <limits>

namespace tempa::inline TEMPA_ABI {

namespace detail {

// Checks what every collate function requires of its examples, and copies labels and targets.
// @throws ValueError naming the example by its place in the batch.
inline void collate_labels(std::span<const TextExample> examples, Tensor<std::int32_t>& labels,
                           Tensor<float>& targets) {
  if (examples.empty()) throw ValueError("[collate] expected at least one example but has none");
  const TextExample& first = examples.front();
  std::vector<std::int32_t> classes;
  std::vector<float> values;
  std::size_t tokens = 0;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const TextExample& example = examples[i];
    const std::size_t length = example.encoding.ids.size(), types = example.encoding.token_type_ids.size();
    if (length == 0) throw ValueError(concat("[collate] example ", i, " has no token"));
    if (types != 0 && types != length)
      throw ValueError(concat("[collate] example ", i, " has ", length, " ids but ", types, " token types"));
    if (example.label.has_value() != first.label.has_value())
      throw ValueError(concat("[collate] all examples of a batch must have a label, or none, but example ", i,
                              example.label ? " has one and example 0 has none" : " has none and example 0 has one"));
    if (example.targets.size() != first.targets.size())
      throw ValueError(concat("[collate] all examples of a batch must have the same number of targets but example ", i,
                              " has ", example.targets.size(), " and example 0 has ", first.targets.size()));
    if (example.label) classes.push_back(*example.label);
    values.insert(values.end(), example.targets.begin(), example.targets.end());
    tokens += length;
  }
  if (tokens > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    throw ValueError(concat("[collate] a batch can have at most 2^31-1 tokens but has ", tokens));
  if (first.label) labels = Tensor<std::int32_t>::from(classes);
  if (!first.targets.empty())
    targets =
        Tensor<float>::from(values, {static_cast<Index>(examples.size()), static_cast<Index>(first.targets.size())});
}

inline void copy_ids(const Encoding& encoding, std::int32_t* ids, std::int32_t* types) {
  std::copy(encoding.ids.begin(), encoding.ids.end(), ids);
  if (encoding.token_type_ids.empty()) {
    std::fill_n(types, encoding.ids.size(), 0);
  } else {
    std::copy(encoding.token_type_ids.begin(), encoding.token_type_ids.end(), types);
  }
}

}  // namespace detail

TEMPA_INLINE Batch PackedCollate::operator()(std::span<const TextExample> examples) const {
  Batch batch;
  detail::collate_labels(examples, batch.labels, batch.targets);
  std::vector<std::int32_t> bounds{0};
  for (const TextExample& example : examples) {
    const auto length = static_cast<std::int32_t>(example.encoding.ids.size());
    batch.max_seqlen = std::max<Index>(batch.max_seqlen, length);
    bounds.push_back(bounds.back() + length);
  }
  batch.cu_seqlens = Tensor<std::int32_t>::from(bounds);           // (B+1)
  batch.ids = Tensor<std::int32_t>(Shape{bounds.back()});          // (N)
  batch.token_type_ids = Tensor<std::int32_t>(batch.ids.shape());  // (N)
  for (std::size_t i = 0; i < examples.size(); ++i)
    detail::copy_ids(examples[i].encoding, batch.ids.data() + bounds[i], batch.token_type_ids.data() + bounds[i]);
  return batch;
}

TEMPA_INLINE PaddedBatch PaddedCollate::operator()(std::span<const TextExample> examples) const {
  if (pad_to_multiple_of < 1)
    throw ConfigError(concat("[PaddedCollate] pad_to_multiple_of must be positive but is ", pad_to_multiple_of));
  PaddedBatch batch;
  detail::collate_labels(examples, batch.labels, batch.targets);
  Index longest = min_length;
  for (const TextExample& example : examples)
    longest = std::max(longest, static_cast<Index>(example.encoding.ids.size()));
  const Index width = (longest + pad_to_multiple_of - 1) / pad_to_multiple_of * pad_to_multiple_of;
  const Shape shape{static_cast<Index>(examples.size()), width};
  batch.ids = Tensor<std::int32_t>::full(shape, pad_token_id);  // (B,T)
  batch.attention_mask = Tensor<std::int32_t>::zeros(shape);    // (B,T)
  batch.token_type_ids = Tensor<std::int32_t>::zeros(shape);    // (B,T)
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const Index row = static_cast<Index>(i) * width;
    detail::copy_ids(examples[i].encoding, batch.ids.data() + row, batch.token_type_ids.data() + row);
    std::fill_n(batch.attention_mask.data() + row, examples[i].encoding.ids.size(), 1);
  }
  return batch;
}

}  // namespace tempa::inline TEMPA_ABI
