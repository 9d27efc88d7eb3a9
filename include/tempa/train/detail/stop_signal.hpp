// Ctrl-C and SIGTERM as a request to stop at the next good moment.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/detail/compiled.hpp>

#include <csignal>

TEMPA_COMPILED_FILE("train");

namespace tempa::inline TEMPA_ABI {

/// While it lives, the first SIGINT or SIGTERM only raises a flag, which `Trainer` looks at after each step; the second
/// ends the process as usual. For programs: a library must not take signals away from its process.
///
///   const StopSignal stop;
///   Trainer trainer(model, optimizer, {.stop_requested = [] { return StopSignal::requested(); }});
class StopSignal {
 public:
  StopSignal() {
    flag() = 0;
    struct sigaction action = {};
    action.sa_handler = [](int signal) { flag() = signal; };
    action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
    ::sigaction(SIGINT, &action, &interrupt_);
    ::sigaction(SIGTERM, &action, &terminate_);
  }
  ~StopSignal() {
    ::sigaction(SIGINT, &interrupt_, nullptr);
    ::sigaction(SIGTERM, &terminate_, nullptr);
  }
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  /// Whether a signal came.
  static bool requested() { return flag() != 0; }
  /// 128 and the number of the signal that came, as shells report it; 0 without.
  static int exit_status() { return flag() == 0 ? 0 : 128 + flag(); }

 private:
  static volatile std::sig_atomic_t& flag() {
    static volatile std::sig_atomic_t value = 0;
    return value;
  }

  struct sigaction interrupt_ = {}, terminate_ = {};
};

}  // namespace tempa::inline TEMPA_ABI
