// The bodies of <tempa/data/data_loader.hpp>.
#pragma once

#include <tempa/data/data_loader.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE DataLoaderError::DataLoaderError(const std::string& message, Index row, LoaderPosition position)
    : Error(message), row_(row), position_(position) {}

}  // namespace tempa::inline TEMPA_ABI
