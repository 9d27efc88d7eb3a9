// A disk that is full.
#pragma once

#include "support/catch.hpp"

#include <csignal>

#include <sys/resource.h>

/// While it lives, no file of this process may grow beyond `bytes`: what a full disk does to a writer.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
    const rlimit limit{bytes, before_.rlim_max};
