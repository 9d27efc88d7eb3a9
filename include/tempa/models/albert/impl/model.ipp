// The bodies of <tempa/models/albert/model.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/models/albert/model.hpp>

namespace tempa::inline TEMPA_ABI {

template <Floating T>
AlbertLayer<T>::AlbertLayer(const EncoderConfig& config) : layer(config) {
  layer.output.dropout = Dropout(0.0);
}

template <Floating T>
Variable<T> AlbertLayer<T>::operator()(const Variable<T>& queries, const Variable<T>& x,
                                       const SequenceBounds& bounds) const {
  return layer(queries, x, bounds);
}

template <Floating T>
AlbertLayerGroup<T>::AlbertLayerGroup(Index count, const EncoderConfig& config) {
  for (Index i = 0; i < count; ++i) layers.emplace_back(config);
}

template <Floating T>
AlbertEncoder<T>::AlbertEncoder(const AlbertConfig& config)
    : mapping(config.embedding_size, config.hidden_size, {.initializer_range = config.initializer_range}),
      num_hidden_layers(config.num_hidden_layers),
      inner_group_num(config.inner_group_num) {
  for (Index g = 0; g < config.num_hidden_groups; ++g) groups.emplace_back(inner_group_num, config.encoder());
}

template <Floating T>
Variable<T> AlbertEncoder<T>::operator()(const Variable<T>& x, const PackedSequences& sequences,
                                         OutputRows rows) const {
  return run_layers(mapping(x), sequences, rows, num_hidden_layers * inner_group_num,
                    [&](Index i) -> const AlbertLayer<T>& {
                      const AlbertLayerGroup<T>& group = groups[group_of(i / inner_group_num)];
                      return group.layers[static_cast<std::size_t>(i % inner_group_num)];
                    });
}

template <Floating T>
std::size_t AlbertEncoder<T>::group_of(Index layer) const {
  const double layers_of_group = static_cast<double>(num_hidden_layers) / static_cast<double>(groups.size());
  return static_cast<std::size_t>(static_cast<double>(layer) / layers_of_group);
}

template <Floating T>
AlbertModel<T>::AlbertModel(const AlbertConfig& configuration)
    : config(validated(configuration)), embeddings(config.embeddings()), encoder(config), pooler(config.encoder()) {}

TEMPA_INSTANTIATE_CLASS(struct AlbertLayer);
TEMPA_INSTANTIATE_CLASS(struct AlbertLayerGroup);
TEMPA_INSTANTIATE_CLASS(struct AlbertEncoder);
TEMPA_INSTANTIATE_CLASS(struct AlbertModel);

}  // namespace tempa::inline TEMPA_ABI
