// The bodies of <tempa/train/detail/stop_signal.hpp>.
#pragma once

#include <tempa/train/detail/stop_signal.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE StopSignal::StopSignal() {
  flag() = 0;
  struct sigaction action = {};
  action.sa_handler = [](int signal) { flag() = signal; };
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
  ::sigaction(SIGINT, &action, &interrupt_);
  ::sigaction(SIGTERM, &action, &terminate_);
}

TEMPA_INLINE StopSignal::~StopSignal() {
  ::sigaction(SIGINT, &interrupt_, nullptr);
  ::sigaction(SIGTERM, &terminate_, nullptr);
}

TEMPA_INLINE volatile std::sig_atomic_t& StopSignal::flag() {
  static volatile std::sig_atomic_t value = 0;
  return value;
}

}  // namespace tempa::inline TEMPA_ABI
