// The bodies of <tempa/train/loss_weight.hpp>.
#pragma once

#include <tempa/train/loss_weight.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE void MeanLoss::add(BatchLoss loss) {
  if (loss.weight == 0) return;
  sum_ += loss.mean * loss.weight;
  weight_ += loss.weight;
}

}  // namespace tempa::inline TEMPA_ABI
