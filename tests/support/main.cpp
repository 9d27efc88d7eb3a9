// The main of every test program. A test case that warns "skipped: <why>" and does not fail ends with kSkipped, which
// CTest counts as skipped and not as passed.
#define CATCH_CONFIG_RUNNER
#include "support/catch.hpp"

#include <string>
#include <string_view>

namespace {

constexpr int kSkipped = 77;

int cases_run = 0;
int cases_skipped = 0;
bool skip_announced = false;

#if __has_include(<catch2/catch_all.hpp>)
using ListenerBase = Catch::EventListenerBase;
using Ended = void;
#else
using ListenerBase = Catch::TestEventListenerBase;
using Ended = bool;
#endif

class SkipListener : public ListenerBase {
 public:
  using ListenerBase::ListenerBase;

  void testCaseStarting(const Catch::TestCaseInfo& info) override {
    ListenerBase::testCaseStarting(info);
    skip_announced = false;
  }

  Ended assertionEnded(const Catch::AssertionStats& stats) override {
    if (stats.assertionResult.getResultType() == Catch::ResultWas::Warning) {
      const std::string text{stats.assertionResult.getMessage()};
      skip_announced = skip_announced || std::string_view(text).substr(0, 8) == "skipped:";
    }
    return ListenerBase::assertionEnded(stats);
  }

  void testCaseEnded(const Catch::TestCaseStats& stats) override {
    ++cases_run;
    cases_skipped += skip_announced ? 1 : 0;
    ListenerBase::testCaseEnded(stats);
  }
};

CATCH_REGISTER_LISTENER(SkipListener)

}  // namespace

int main(int argc, char** argv) {
  const int result = Catch::Session().run(argc, argv);
  if (result != 0) return 1;
  return cases_run > 0 && cases_run == cases_skipped ? kSkipped : 0;
}
