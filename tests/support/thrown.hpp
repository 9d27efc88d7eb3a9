// The message of the error that a call throws.
#pragma once

#include <string>

/// The text of the `Error` that `call` throws; another exception passes through and fails the test.
template <typename Error, typename Call>
std::string thrown(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "(nothing was thrown)";
}
