// Runs a part of a test in another process, which is not root.
#pragma once

#include <tempa/core/error.hpp>

#include "support/catch.hpp"

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

inline constexpr uid_t kNobody = 65534;
inline constexpr int kChildDone = 0, kChildIoError = 50;

/// Calls `f` in a child process, as the user nobody if this one is root. @return kChildDone; kChildIoError when it
/// throws an IoError; another value for anything else.
template <typename F>
int in_child_of_nobody(const F& f) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(kNobody) != 0) ::_exit(200);
    int status = 100;
    try {
      f();
      status = kChildDone;
    } catch (const tempa::IoError&) {
      status = kChildIoError;
    } catch (...) {
    }
    ::_exit(status);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}
