#include <tempa/data/detail/prefetcher.hpp>
#include <tempa/ops/arithmetic.hpp>
#include <tempa/ops/attention.hpp>
#include <tempa/ops/gelu.hpp>
#include <tempa/ops/linear.hpp>
#include <tempa/ops/matmul.hpp>
#include <tempa/ops/reduction.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/optim/clip_grad_norm.hpp>
#include <tempa/profile/profiler.hpp>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace profiler_test {

using namespace tempa;

namespace {

Variable<float> variable(const Shape& shape, bool requires_grad = true) {
  return Variable<float>(Tensor<float>::full(shape, 0.5f), requires_grad);
}

std::optional<ProfileRow> find_row(const std::vector<ProfileRow>& rows, std::string_view name) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const ProfileRow& row) { return row.name == name; });
  return found == rows.end() ? std::nullopt : std::optional(*found);
}
ProfileRow row_of(const std::vector<ProfileRow>& rows, std::string_view name) {
  const auto row = find_row(rows, name);
  INFO("row " << name);
  REQUIRE(row.has_value());
  return *row;
}

void sleep_ms(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

void recurse(int depth) {
  const ProfileScope scope("recursion");
  if (depth > 0) recurse(depth - 1);
  sleep_ms(1);
}

/// A trace's calls, by thread, in the order in which they begin; a call that begins with another comes after it.
std::map<int, std::vector<nlohmann::json>> calls_of(const std::string& path) {
  std::map<int, std::vector<nlohmann::json>> calls;
  const auto trace = nlohmann::json::parse(read_text_file(path));
  REQUIRE(trace.is_array());
  for (const auto& event : trace) {
    if (event.at("ph") == "M") continue;
    REQUIRE(event.at("ph") == "X");
    calls[event.at("tid").get<int>()].push_back(event);
  }
  for (auto& [thread, events] : calls)
    std::stable_sort(events.begin(), events.end(), [](const auto& a, const auto& b) {
      const double a_begin = a.at("ts"), b_begin = b.at("ts"), a_length = a.at("dur"), b_length = b.at("dur");
      return a_begin < b_begin || (a_begin == b_begin && a_length > b_length);
    });
  return calls;
}

/// Each call ends before the one that it begins in.
void check_nested(const std::vector<nlohmann::json>& events) {
  constexpr double kRounding = 1e-3;  // microseconds are written as doubles
  std::vector<double> ends;
  for (const auto& event : events) {
    const double begin = event.at("ts"), length = event.at("dur");
    CHECK(length >= 0);
    while (!ends.empty() && ends.back() <= begin + kRounding) ends.pop_back();
    if (!ends.empty()) CHECK(begin + length <= ends.back() + kRounding);
    ends.push_back(begin + length);
  }
}

}  // namespace

TEST_CASE("Profiler: a scope's own time is without the scopes within", "[train]") {
  Profiler profiler({.log = nullptr});
  {
    const ProfileScope outer("outer");
    sleep_ms(2);
    for (int i = 0; i < 3; ++i) {
      const ProfileScope inner(std::string("inner"));
      sleep_ms(4);
    }
  }
  recurse(4);
  const auto rows = profiler.rows();
  const ProfileRow outer = row_of(rows, "outer"), inner = row_of(rows, "inner"), recursion = row_of(rows, "recursion");
  CHECK(outer.calls == 1);
  CHECK(inner.calls == 3);
  CHECK(inner.total_ms >= 12);
  CHECK(inner.self_ms == inner.total_ms);
  CHECK(outer.self_ms >= 2);
  CHECK(outer.total_ms == Approx(outer.self_ms + inner.total_ms));
  CHECK(recursion.calls == 5);
  CHECK(recursion.total_ms == Approx(recursion.self_ms));  // once, not once a level
}

TEST_CASE("Profiler: without one nothing is recorded", "[train]") {
  const auto x = variable({4, 3}), weight = variable({2, 3});
  sum(linear(x, weight)).backward();
  Profiler profiler({.log = nullptr});
  sum(linear(x, weight)).backward();
  profiler.stop();
  sum(linear(x, weight)).backward();
  { const ProfileScope scope("late"); }
  const auto rows = profiler.rows();
  CHECK(row_of(rows, "linear").calls == 1);
  CHECK(row_of(rows, "linear backward").calls == 1);
  CHECK(row_of(rows, "sum").calls == 1);
  CHECK(row_of(rows, "backward pass").calls == 1);
  CHECK_FALSE(find_row(rows, "late"));
  CHECK(detail::open_profile_log == nullptr);
}

TEST_CASE("Profiler: matrix products count 2 m n k, and what backward needs of it", "[train]") {
  struct Case {
    bool a_requires_grad, b_requires_grad;
    double backward_products;
  };
  for (const Case& c : {Case{true, true, 2}, Case{true, false, 1}, Case{false, true, 1}}) {
    Profiler profiler({.log = nullptr});
    sum(matmul(variable({2, 5, 7}, c.a_requires_grad), variable({2, 7, 3}, c.b_requires_grad))).backward();
    sum(linear(variable({5, 7}, c.a_requires_grad), variable({3, 7}, c.b_requires_grad))).backward();
    const auto rows = profiler.rows();
    const double product = 2 * 5 * 7 * 3;
    CHECK(row_of(rows, "matmul").flops == 2 * product);
    CHECK(row_of(rows, "matmul backward").flops == 2 * product * c.backward_products);
    CHECK(row_of(rows, "linear").flops == product);
    CHECK(row_of(rows, "linear backward").flops == product * c.backward_products);
    CHECK(row_of(rows, "linear").type == DType::kFloat32);
  }
}

TEST_CASE("Profiler: attention counts the pairs within sequences, and activations their bytes", "[train]") {
  const auto cu_seqlens = Tensor<std::int32_t>::from({0, 2, 5});  // lengths 2 and 3: 4 + 9 pairs
  const auto q = variable({5, 8}), k = variable({5, 8}), v = variable({5, 8});
  const Variable<bfloat16> x(Tensor<bfloat16>::full({10, 10}, bfloat16(1.0f)), true);
  Profiler profiler({.log = nullptr});
  sum(attention(q, k, v, cu_seqlens, cu_seqlens, 2)).backward();
  gelu(x).backward(Tensor<bfloat16>::full({10, 10}, bfloat16(1.0f)));
  const auto rows = profiler.rows();
  CHECK(row_of(rows, "attention").flops == 2 * 2 * 13 * 8);
  CHECK(row_of(rows, "attention backward").flops == 5 * 2 * 13 * 8);
  CHECK(row_of(rows, "gelu").bytes == 2 * 100 * 2);           // x, y
  CHECK(row_of(rows, "gelu backward").bytes == 3 * 100 * 2);  // dy, x, dx
  CHECK(row_of(rows, "gelu").category == ProfileCategory::kForward);
}

TEST_CASE("Profiler: an optimizer step counts what it reads and writes", "[train]") {
  const auto weight = variable({10, 10});
  AdamW optimizer(ParameterList{{"weight", weight}}, {.lr = 0.1});
  sum(weight).backward();
  Profiler profiler({.log = nullptr});
  clip_grad_norm(optimizer, 1.0);
  optimizer.step();
  const auto rows = profiler.rows();
  CHECK(row_of(rows, "clip_grad_norm").category == ProfileCategory::kOptimizer);
  CHECK(row_of(rows, "clip_grad_norm").bytes >= 100 * 4);
  CHECK(row_of(rows, "AdamW").calls == 1);
  CHECK(row_of(rows, "AdamW").bytes == 7 * 100 * 4);  // the gradient; weight and two moments, read and written
  CHECK(row_of(rows, "zero_grad").calls == 1);
}

TEST_CASE("Profiler: threads record side by side, each its own nesting", "[train]") {
  constexpr int kThreads = 4, kRounds = 200;
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "trace.json").string();
  Profiler profiler({.trace_file = path, .log = nullptr});
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t)
      threads.emplace_back([] {
        for (int i = 0; i < kRounds; ++i) {
          const ProfileScope outer("outer");
          const ProfileScope inner("inner");
        }
      });
    Prefetcher<Index> items(
        0, 50, [](Index i) { return i; }, 2, 4);
    while (items.next()) continue;
  }
  profiler.close();
  const auto rows = profiler.rows();
  for (const std::string_view name : {"outer", "inner"}) CHECK(row_of(rows, name).calls == kThreads * kRounds);
  CHECK(row_of(rows, "data").calls == 50);
  CHECK(row_of(rows, "data wait").calls == 50);
  CHECK(row_of(rows, "data wait").category == ProfileCategory::kData);
  const auto calls = calls_of(path);
  CHECK(calls.size() >= kThreads + 2);
  Index count = 0;
  for (const auto& [thread, events] : calls) {
    check_nested(events);
    count += static_cast<Index>(events.size());
  }
  CHECK(count == 2 * kThreads * kRounds + 100);
}

TEST_CASE("Profiler: a thread that outlives it ends its scopes harmlessly", "[train]") {
  std::optional<Profiler> profiler;
  profiler.emplace(ProfilerOptions{.log = nullptr});
  std::optional<ProfileScope> open;
  open.emplace("open");
  count_flops(7, DType::kFloat64);
  sleep_ms(1);
  const auto rows = profiler->rows();
  CHECK(row_of(rows, "open").calls == 1);
  CHECK(row_of(rows, "open").flops == 7);
  CHECK(row_of(rows, "open").total_ms >= 1);
  profiler.reset();
  count_flops(7, DType::kFloat64);
  Profiler next({.log = nullptr});
  open.reset();
  { const ProfileScope scope("new"); }
  CHECK(next.rows().size() == 1);
  CHECK(detail::open_profile_log == nullptr);
}

TEST_CASE("Profiler: the trace is JSON whatever the names, with balanced calls and the counted work", "[train]") {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "trace.json").string(), name = "a \"quoted\" \\ name\n\t\x01 あ";
  std::ostringstream log;
  Profiler profiler({.trace_file = path, .log = &log});
  {
    const ProfileScope scope(name);
    sum(matmul(variable({4, 6}), variable({6, 2}))).backward();
  }
  profiler.close();
  const auto calls = calls_of(path);
  REQUIRE(calls.size() == 1);
  const auto& events = calls.begin()->second;
  check_nested(events);
  CHECK(events.front().at("name") == name);
  CHECK(events.front().at("cat") == "user");
  std::map<std::string, std::string> categories;
  for (const auto& event : events) categories[event.at("name")] = event.at("cat");
  CHECK(categories.at("matmul") == "forward");
  CHECK(categories.at("matmul backward") == "backward");
  for (const auto& event : events)
    if (event.at("name") == "matmul") CHECK(event.at("args").at("flops") == 2 * 4 * 6 * 2);
  CHECK(log.str().find("matmul backward") != std::string::npos);
  CHECK(log.str().find("(no scope)") != std::string::npos);
  CHECK(log.str().find(path) != std::string::npos);
}

TEST_CASE("Profiler: an exception leaves no scope open", "[train]") {
  const auto x = variable({4, 3}), weight = variable({2, 5});
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "trace.json").string();
  Profiler profiler({.trace_file = path, .log = nullptr});
  CHECK_THROWS_AS(linear(x, weight), ShapeError);
  const auto y = elementwise("square", x, math::Square{});
  y.register_hook([](Tensor<float>&) { throw ValueError("a hook"); });
  CHECK_THROWS_AS(sum(y).backward(), ValueError);
  CHECK(detail::open_profile_log == nullptr);
  { const ProfileScope scope("after"); }
  profiler.close();
  const auto rows = profiler.rows();
  CHECK(row_of(rows, "linear").calls == 1);
  CHECK(row_of(rows, "backward pass").calls == 1);
  const auto calls = calls_of(path);
  const auto& events = calls.at(0);
  check_nested(events);
  const auto& last = events.back();
  CHECK(last.at("name") == "after");
  for (std::size_t i = 0; i + 1 < events.size(); ++i)
    CHECK(events[i].at("ts").get<double>() + events[i].at("dur").get<double>() <= last.at("ts").get<double>());
}

TEST_CASE("Profiler: what cannot be is told at once", "[train]") {
  CHECK_THROWS_AS(Profiler({.max_trace_events = -1}), ConfigError);
  const TemporaryFolder folder;
  CHECK_THROWS_AS(Profiler({.trace_file = (folder.path() / "no" / "trace.json").string()}), IoError);
  CHECK_FALSE(detail::profiling());
  {
    const Profiler first({.log = nullptr});
    CHECK_THROWS_AS(Profiler(), Error);
    CHECK(detail::profiling());
  }
  CHECK_FALSE(detail::profiling());
}

TEST_CASE("Profiler: calls beyond the trace's room are in the table alone", "[train]") {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "trace.json").string();
  std::ostringstream log;
  Profiler profiler({.trace_file = path, .log = &log, .max_trace_events = 3});
  for (int i = 0; i < 10; ++i) const ProfileScope scope("many");
  profiler.close();
  CHECK(calls_of(path).at(0).size() == 3);
  CHECK(row_of(profiler.rows(), "many").calls == 10);
  CHECK(log.str().find("without the last 7 calls") != std::string::npos);
}

TEST_CASE("Profiler: rates are measured against the machine's peak", "[train]") {
  const ProfileRow product{.name = "linear", .calls = 2, .total_ms = 10, .self_ms = 10, .flops = 5e9};
  const ProfileRow copy{.name = "copy", .calls = 1, .total_ms = 5, .self_ms = 5, .bytes = 5e7};
  const MachinePeak peak{.flops_per_second = {{DType::kFloat32, 1e12}}, .bytes_per_second = 4e10};
  const std::string table = detail::profile_table({product, copy}, peak, 20, 5);
  CHECK(table ==
        "op                 calls     self ms   share    total ms  ms a call            rate  of peak\n"
        "linear                 2       10.00   50.0%       10.00     5.0000   500.0 GFLOP/s      50%\n"
        "copy                   1        5.00   25.0%        5.00     5.0000       10.0 GB/s      25%\n"
        "(no scope)                      5.00   25.0%\n"
        "all                            20.00  100.0%\n");
}

}  // namespace profiler_test
