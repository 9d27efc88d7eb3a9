// Ctrl-C and SIGTERM as a request to stop at the next good moment.
#pragma once

#include <tempa/core/config.hpp>

#include <csignal>

namespace tempa::inline TEMPA_ABI {

/// While it lives, the first SIGINT or SIGTERM only raises a flag, which `Trainer` looks at after each step; the second
/// ends the process as usual. For programs: a library must not take signals away from its process.
///
///   const StopSignal stop;
///   Trainer trainer(model, optimizer, {.stop_requested = [] { return StopSignal::requested(); }});
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  /// Whether a signal came.
  static bool requested() { return flag() != 0; }
  /// 128 and the number of the signal that came, as shells report it; 0 without.
  static int exit_status() { return flag() == 0 ? 0 : 128 + flag(); }

 private:
  static volatile std::sig_atomic_t& flag();

  struct sigaction interrupt_ = {}, terminate_ = {};
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/train/detail/impl/stop_signal.ipp>
#endif
