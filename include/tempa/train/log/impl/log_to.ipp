// The bodies of <tempa/train/log/log_to.hpp>.
#pragma once

#include <tempa/train/log/log_to.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE Metrics epoch_metrics(const EpochRecord& record) {
  Metrics metrics{{.name = "epoch", .value = static_cast<double>(record.epoch)},
                  {.name = "lr", .value = record.lr},
                  {.name = "seconds", .value = record.seconds},
                  {.name = "tokens_per_second", .value = record.tokens_per_second}};
  for (const Metric& metric : record.train) metrics.add({.name = "train/" + metric.name, .value = metric.value});
  if (record.valid)
    for (const Metric& metric : *record.valid) metrics.add({.name = "valid/" + metric.name, .value = metric.value});
  return metrics;
}

}  // namespace tempa::inline TEMPA_ABI
