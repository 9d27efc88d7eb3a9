// The bodies of <tempa/models/bert/model.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/models/bert/model.hpp>

namespace tempa::inline TEMPA_ABI {

template <Floating T>
BertModel<T>::BertModel(const BertConfig& configuration)
    : config(validated(configuration)),
      embeddings(config.embeddings()),
      encoder(config.encoder()),
      pooler(config.encoder()) {}

TEMPA_INSTANTIATE_CLASS(struct BertModel);

}  // namespace tempa::inline TEMPA_ABI
