// The bodies of <tempa/ops/embeddings_layer_norm.hpp>.
#pragma once

#include <tempa/autograd/tape.hpp>
#include <tempa/core/detail/instantiate.hpp>
#include <tempa/cpu/layer_norm_fused.hpp>
#include <tempa/ops/detail/embedding_gradient.hpp>
#include <tempa/ops/dropout.hpp>
#include <tempa/ops/embedding.hpp>
#include <tempa/ops/embeddings_layer_norm.hpp>
#include <tempa/tensor/profile_scope.hpp>

#include <array>
#include <utility>

namespace tempa::inline TEMPA_ABI {

template <Floating T>
Variable<T> embeddings_layer_norm(const EmbeddingLookup<T>& word, const EmbeddingLookup<T>& type,
                                  const EmbeddingLookup<T>& position, const Variable<T>& gamma, const Variable<T>& beta,
                                  const EmbeddingsLayerNormOptions& options) {
  constexpr const char* kOp = "embeddings_layer_norm";
  const ProfileScope scope(kOp, ProfileCategory::kForward);
  const std::array<EmbeddingLookup<T>, 3> lookups{word, type, position};
  check_rank(kOp, "ids", word.ids.shape(), 1);
  for (const auto& lookup : lookups) {
    detail::check_embedding(kOp, lookup.table, lookup.ids, lookup.padding_idx);
    check_shape(kOp, "ids", lookup.ids.shape(), word.ids.shape());
    check_shape(kOp, "table", lookup.table.shape(), {lookup.table.size(0), word.table.size(1)});
    check_same_device(kOp, word.table, lookup.table, gamma, beta);
  }
  const Index rows = word.ids.numel(), cols = word.table.size(1);
  check_shape(kOp, "gamma", gamma.shape(), {cols});
  check_shape(kOp, "beta", beta.shape(), {cols});
  detail::check_drop_prob(kOp, options.drop_prob);
  const double drop_prob = options.drop_prob;
  const Device device = word.table.device();
  const auto rows_of = [](const EmbeddingLookup<T>& lookup) {
    return EmbeddingRows<T>{lookup.table.value().data(), lookup.ids.data(), lookup.table.size(0)};
  };
  const std::array<TapeInput, 5> inputs{word.table, type.table, position.table, gamma, beta};
  Tensor<T> y(Shape{rows, cols}, device);                                       // (N,C)
  Tensor<T> z = records(inputs) ? Tensor<T>(y.shape(), device) : y;             // (N,C)
  Tensor<Accumulator<T>> mean(Shape{rows}, device), rstd(Shape{rows}, device);  // (N)
  RandomStream stream;
  if (drop_prob > 0)
    stream = (options.generator != nullptr ? *options.generator : default_generator()).reserve(y.numel());
  count_bytes(y, y, y, y, z);  // as many rows of each table are read
  on(device, [&](auto backend) {
    embeddings_layer_norm_forward(backend, y.data(), z.data(), mean.data(), rstd.data(), rows_of(word), rows_of(type),
                                  rows_of(position), gamma.value().data(), beta.value().data(), rows, cols,
                                  static_cast<Accumulator<T>>(options.eps));
    if (drop_prob > 0) dropout_apply(backend, y.data(), std::as_const(y).data(), y.numel(), drop_prob, stream);
  });
  return record(kOp, std::move(y), inputs, [=](const Tensor<T>& dy) {
    const auto wants = [](const auto& lookup) { return lookup.table.requires_grad(); };
    Tensor<T> dz = std::any_of(lookups.begin(), lookups.end(), wants) ? Tensor<T>(z.shape(), device) : Tensor<T>();
    count_bytes(dy, z, dz, dz, dz, dz);
    on(device, [&](auto backend) {
      Tensor<T> kept;  // (N,C) gradient by what dropout was given
      if (drop_prob > 0) {
        kept = Tensor<T>(z.shape(), device);
        dropout_apply(backend, kept.data(), dy.data(), kept.numel(), drop_prob, stream);
      }
      layer_norm_backward(backend, dz.data(), gamma.requires_grad() ? gamma.mutable_grad().data() : nullptr,
                          beta.requires_grad() ? beta.mutable_grad().data() : nullptr,
                          (drop_prob > 0 ? std::as_const(kept) : dy).data(), z.data(), gamma.value().data(),
                          mean.data(), rstd.data(), rows, cols);
    });
    for (const auto& [table, ids, padding] : lookups) detail::add_embedding_gradient(table, ids, dz, padding);
  });
}

TEMPA_INSTANTIATE_FUNCTION(embeddings_layer_norm);

}  // namespace tempa::inline TEMPA_ABI
