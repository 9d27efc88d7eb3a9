// Encodes many texts at once, on several threads, and pads encodings to one length.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/error.hpp>
#include <tempa/core/parallel.hpp>
#include <tempa/tensor/tensor.hpp>
#include <tempa/text/tokenizer.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// `encode(i)` for each i below `count`, in order. Subword regularization draws its random numbers in sequence, which
/// is left to one thread.
template <typename Encode>
std::vector<Encoding> encode_each(std::size_t count, const EncodeOptions& options, const Encode& encode) {
  constexpr Index kTextsAtLeast = 32;  // for one thread
  std::vector<Encoding> encodings(count);
  const auto run = [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) encodings[static_cast<std::size_t>(i)] = encode(static_cast<std::size_t>(i));
  };
  if (options.piece_drop_prob > 0.0) {
    run(0, static_cast<Index>(count));
  } else {
    parallel_for(0, static_cast<Index>(count), kTextsAtLeast, run);
  }
  return encodings;
}

}  // namespace detail

/// Encodes texts on `num_threads()` threads. @return what `tokenizer.encode` gives for each, in order.
/// @throws what `tokenizer.encode` throws for one of them. @source transformers `tokenizer(texts)`.
template <Tokenizer T>
std::vector<Encoding> encode_batch(const T& tokenizer, std::span<const std::string> texts,
                                   const EncodeOptions& options = {}) {
  return detail::encode_each(texts.size(), options, [&](std::size_t i) { return tokenizer.encode(texts[i], options); });
}

/// Encodes pairs of texts. @param pairs as many as `texts`. @throws ValueError where they are not.
/// @source transformers `tokenizer(texts, pairs)`.
template <Tokenizer T>
std::vector<Encoding> encode_batch(const T& tokenizer, std::span<const std::string> texts,
                                   std::span<const std::string> pairs, const EncodeOptions& options = {}) {
  if (texts.size() != pairs.size()) {
    throw ValueError(
        concat("[encode_batch] pairs must be as many as texts, ", texts.size(), ", but are ", pairs.size()));
  }
  return detail::encode_each(texts.size(), options,
                             [&](std::size_t i) { return tokenizer.encode(texts[i], pairs[i], options); });
}

/// The length to which `pad` pads.
enum class Padding {
  kLongest,   ///< that of the longest encoding
  kMaxLength  ///< `max_length`
};

/// Options of padding.
struct PadOptions {
  Padding padding = Padding::kLongest;
  std::optional<std::int64_t> max_length = std::nullopt;  ///< T, for `kMaxLength`
  std::int64_t pad_to_multiple_of = 1;                    ///< T is rounded up to a multiple of this
  Side side = Side::kRight;                               ///< the side that is padded
};

/// Encodings of one length.
struct PaddedEncodings {
  Tensor<std::int32_t> ids;             // (B,T)
  Tensor<std::int32_t> token_type_ids;  // (B,T) 0 where filled up
  Tensor<std::int32_t> attention_mask;  // (B,T) 1 for a token, 0 where filled up
};

/// Pads encodings to one length.
/// @param pad_id `tokenizer.pad_token_id()`.
/// @return ids, token types and mask, (B,T) each; `pack_padded` makes a `Batch` of them.
/// @throws ValueError where `kMaxLength` comes without `max_length`, `pad_to_multiple_of` is not positive, an encoding
///   is longer than T (it is not truncated here), or has different numbers of ids and token types.
/// @source transformers `tokenizer.pad`.
PaddedEncodings pad(std::span<const Encoding> encodings, std::int32_t pad_id, const PadOptions& options = {});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/impl/batch_encoding.ipp>
#endif
