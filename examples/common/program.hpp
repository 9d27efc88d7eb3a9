// The frame of every program: reports errors and returns the exit status.
#pragma once

#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>

/// Calls `f` and reports errors, including those of standard output: a full disk, or a limit of file sizes (`ulimit
/// -f`), whose signal would otherwise end the program silently (the library blocks it where it writes itself).
/// @param name of the program. @return the exit status: what `f` returns, 1 for an error.
template <typename F>
int run_program(const char* name, const F& f) {
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    const int status = f();
    std::cout.flush();
    if (std::cout && std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
    std::cerr << name << ": standard output: cannot write\n";
  } catch (const std::exception& error) {
    std::cerr << name << ": " << error.what() << '\n';
  }
  return 1;
}
