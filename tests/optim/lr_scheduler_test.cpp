// Learning rate schedules against PyTorch's and transformers', and what they refuse.
#include <tempa/optim/lr_scheduler/lambda_lr.hpp>
#include <tempa/optim/lr_scheduler/reduce_lr_on_plateau.hpp>
#include <tempa/optim/lr_scheduler/step_lr.hpp>
#include <tempa/optim/lr_scheduler/warmup_schedules.hpp>
#include <tempa/optim/sgd.hpp>

#include "support/catch.hpp"
#include "support/fixtures.hpp"
#include "support/thrown.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace lr_scheduler_test {

using namespace tempa;
using nlohmann::json;

namespace {

Variable<double> parameter() { return Variable<double>(Tensor<double>::zeros({1}), true); }

/// Calls `step` of any scheduler.
using Step = std::function<void(double metric)>;

template <typename Scheduler, typename... Args>
Step make(SGD& optimizer, Args&&... args) {
  auto scheduler = std::make_shared<Scheduler>(optimizer, std::forward<Args>(args)...);
  return [scheduler](double) { scheduler->step(); };
}

Step make_scheduler(const std::string& name, const json& o, SGD& optimizer) {
  const Index total = o.value("num_training_steps", Index{0}), warmup = o.value("num_warmup_steps", Index{0});
  if (name == "StepLR")
    return make<StepLR>(optimizer,
                        StepLROptions{.step_size = o["step_size"].get<Index>(), .gamma = o["gamma"].get<double>()});
  if (name == "MultiStepLR")
    return make<MultiStepLR>(optimizer, MultiStepLROptions{.milestones = o["milestones"].get<std::vector<Index>>(),
                                                           .gamma = o["gamma"].get<double>()});
  if (name == "ExponentialLR")
    return make<ExponentialLR>(optimizer, ExponentialLROptions{.gamma = o["gamma"].get<double>()});
  if (name == "LambdaLR")
    return make<LambdaLR>(
        optimizer, std::vector<LambdaLR::Factor>{[](Index step) { return 1 / (1 + static_cast<double>(step)); },
                                                 [](Index step) { return std::pow(0.95, static_cast<double>(step)); }});
  if (name == "ConstantScheduleWithWarmup")
    return make<ConstantScheduleWithWarmup>(optimizer, ConstantScheduleOptions{.num_warmup_steps = warmup});
  if (name == "LinearScheduleWithWarmup")
    return make<LinearScheduleWithWarmup>(
        optimizer, LinearScheduleOptions{.num_training_steps = total, .num_warmup_steps = warmup});
  if (name == "CosineScheduleWithWarmup")
    return make<CosineScheduleWithWarmup>(
        optimizer,
        CosineScheduleOptions{
            .num_training_steps = total, .num_warmup_steps = warmup, .num_cycles = o["num_cycles"].get<double>()});
  if (name == "CosineWithHardRestartsScheduleWithWarmup")
    return make<CosineWithHardRestartsScheduleWithWarmup>(
        optimizer,
        CosineWithHardRestartsScheduleOptions{
            .num_training_steps = total, .num_warmup_steps = warmup, .num_cycles = o["num_cycles"].get<Index>()});
  if (name == "PolynomialDecayScheduleWithWarmup")
    return make<PolynomialDecayScheduleWithWarmup>(optimizer,
                                                   PolynomialDecayScheduleOptions{.num_training_steps = total,
                                                                                  .num_warmup_steps = warmup,
                                                                                  .lr_end = o["lr_end"].get<double>(),
                                                                                  .power = o["power"].get<double>()});
  REQUIRE(name == "ReduceLROnPlateau");
  ReduceLROnPlateauOptions options;
  if (o.contains("mode")) options.mode = o["mode"] == "max" ? PlateauMode::kMax : PlateauMode::kMin;
  if (o.contains("threshold_mode"))
    options.threshold_mode = o["threshold_mode"] == "abs" ? ThresholdMode::kAbs : ThresholdMode::kRel;
  options.factor = o.value("factor", options.factor);
  options.patience = o.value("patience", options.patience);
  options.threshold = o.value("threshold", options.threshold);
  options.cooldown = o.value("cooldown", options.cooldown);
  options.eps = o.value("eps", options.eps);
  if (o.contains("min_lr") && o["min_lr"].is_array()) {
    options.min_lrs = o["min_lr"].get<std::vector<double>>();
  } else {
    options.min_lr = o.value("min_lr", 0.0);
  }
  auto scheduler = std::make_shared<ReduceLROnPlateau>(optimizer, options);
  return [scheduler](double metric) { scheduler->step(metric); };
}

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

struct Refused {
  const char* text;
  std::function<void(SGD&)> make;
};

}  // namespace

TEST_CASE("Schedulers: the rates of every group equal PyTorch's and transformers'", "[optim]") {
  const json fixture = json::parse(std::ifstream(fixture_path("optim/schedulers.json")));
  const json& metrics = fixture["metrics"][0];
  REQUIRE(fixture["schedules"].size() >= 30);
  for (const auto& given : fixture["schedules"]) {
    INFO(given["name"] << " " << given["options"]);
    SGD optimizer({{{parameter()}, {.lr = given["base"][0].get<double>()}},
                   {{parameter()}, {.lr = given["base"][1].get<double>()}}});
    const Step step = make_scheduler(given["name"].get<std::string>(), given["options"], optimizer);
    for (std::size_t k = 0; k < given["lr"].size(); ++k) {
      INFO("step " << k);
      for (std::size_t g = 0; g < 2; ++g) {
        const double expected = given["lr"][k][g].get<double>();
        // PyTorch multiplies up to 30 times where tempa raises to a power. Near its end a cosine loses what is left
        // of 1.
        CHECK(std::abs(optimizer.lr(g) - expected) <= 1e-13 * expected + 1e-16);
      }
      step(metrics[k].is_null() ? std::numeric_limits<double>::quiet_NaN() : metrics[k].get<double>());
    }
  }
}

TEST_CASE("Schedulers: warmup_ratio is rounded up to steps, and 0.1f means 0.1", "[optim]") {
  for (const double ratio : {0.1, static_cast<double>(0.1f)})
    for (const auto& [total, warmup] :
         std::vector<std::pair<Index, Index>>{{1000, 100}, {10, 1}, {11, 2}, {5, 1}, {12345, 1235}}) {
      SGD optimizer({parameter()}, {.lr = 0.5});
      const LinearScheduleWithWarmup by_ratio(optimizer, {.num_training_steps = total, .warmup_ratio = ratio});
      SGD other({parameter()}, {.lr = 0.5});
      const LinearScheduleWithWarmup by_steps(other, {.num_training_steps = total, .num_warmup_steps = warmup});
      for (const Index step : {Index{0}, Index{1}, warmup, total / 2, total})
        CHECK(by_ratio.lr_at(step) == by_steps.lr_at(step));
    }
}

TEST_CASE("Schedulers: a float factor and lr_at serve a plan of the whole training", "[optim]") {
  SGD optimizer({parameter()}, {.lr = 1e-2f});
  StepLR scheduler(optimizer, {.step_size = 1, .gamma = 0.5f});
  CHECK(scheduler.lr_at(3) == static_cast<double>(1e-2f) / 8);
  CHECK(optimizer.lr() == static_cast<double>(1e-2f));
  scheduler.step();
  CHECK(optimizer.lr() == scheduler.lr_at(1));
  CHECK(scheduler.last_step() == 1);
  CHECK_THROWS_AS(scheduler.lr_at(0, 1), ConfigError);
}

TEST_CASE("Schedulers: one restored from its state continues as the first would have", "[optim]") {
  SGD first({parameter()}, {.lr = 0.4}), second({parameter()}, {.lr = 0.3});
  CosineScheduleWithWarmup a(first, {.num_training_steps = 20, .num_warmup_steps = 4});
  for (int i = 0; i < 7; ++i) a.step();
  CosineScheduleWithWarmup b(second, {.num_training_steps = 20, .num_warmup_steps = 4});
  b.load_state_dict(a.state_dict());
  CHECK(second.lr() == first.lr());
  a.step();
  b.step();
  CHECK(second.lr() == first.lr());
  CHECK(contains(thrown<ConfigError>([&] { b.load_state_dict({{"last_step", 1}}); }), "groups"));
  CHECK(contains(thrown<ConfigError>([&] { b.load_state_dict({{"last_step", -1}, {"base_lr.0", 1}}); }), "last_step"));
  CHECK(contains(thrown<ConfigError>([&] { b.load_state_dict({{"last_step", 1}, {"base_lr.1", 1}}); }), "base_lr.0"));
  CHECK(b.last_step() == 8);
}

TEST_CASE("ReduceLROnPlateau: one restored from its state lowers the rate when the first would have", "[optim]") {
  SGD first({parameter()}, {.lr = 0.4}), second({parameter()}, {.lr = 0.4});
  ReduceLROnPlateau a(first, {.mode = PlateauMode::kMax, .factor = 0.5, .patience = 2});
  CHECK_FALSE(a.step(0.8));
  CHECK_FALSE(a.step(0.7));
  CHECK_FALSE(a.step(0.7));
  ReduceLROnPlateau b(second, {.mode = PlateauMode::kMax, .factor = 0.5, .patience = 2});
  b.load_state_dict(a.state_dict());
  CHECK(b.best() == 0.8);
  CHECK(b.last_step() == 3);
  CHECK(b.step(0.7));
  CHECK(second.lr() == 0.2);
  CHECK(contains(thrown<ConfigError>([&] { b.load_state_dict({{"best", 1}}); }), "cooldown_left"));
}

TEST_CASE("Schedulers: impossible options are refused with the field's name", "[optim]") {
  const std::vector<Refused> cases{
      {"step_size", [](SGD& o) { StepLR(o, {.step_size = 0}); }},
      {"gamma", [](SGD& o) { StepLR(o, {.gamma = -0.1}); }},
      {"milestones",
       [](SGD& o) {
         MultiStepLR(o, {.milestones = {3, -1}});
       }},
      {"gamma", [](SGD& o) { MultiStepLR(o, {.milestones = {3}, .gamma = std::nan("")}); }},
      {"gamma", [](SGD& o) { ExponentialLR(o, {.gamma = -1}); }},
      {"one for each group", [](SGD& o) { LambdaLR(o, std::vector<LambdaLR::Factor>{}); }},
      {"empty one", [](SGD& o) { LambdaLR(o, LambdaLR::Factor{}); }},
      {"lr", [](SGD& o) { LambdaLR(o, [](Index) { return -1.0; }); }},
      {"num_training_steps", [](SGD& o) { LinearScheduleWithWarmup(o, {}); }},
      {"num_training_steps", [](SGD& o) { CosineScheduleWithWarmup(o, {.num_training_steps = -3}); }},
      {"num_warmup_steps",
       [](SGD& o) { LinearScheduleWithWarmup(o, {.num_training_steps = 10, .num_warmup_steps = 11}); }},
      {"num_warmup_steps",
       [](SGD& o) { LinearScheduleWithWarmup(o, {.num_training_steps = 10, .num_warmup_steps = -1}); }},
      {"warmup_ratio", [](SGD& o) { LinearScheduleWithWarmup(o, {.num_training_steps = 10, .warmup_ratio = 1.5}); }},
      {"both",
       [](SGD& o) {
         LinearScheduleWithWarmup(o, {.num_training_steps = 9, .num_warmup_steps = 1, .warmup_ratio = 0.1});
       }},
      {"needs num_training_steps", [](SGD& o) { ConstantScheduleWithWarmup(o, {.warmup_ratio = 0.1}); }},
      {"num_cycles", [](SGD& o) { CosineScheduleWithWarmup(o, {.num_training_steps = 9, .num_cycles = -1}); }},
      {"num_cycles",
       [](SGD& o) { CosineWithHardRestartsScheduleWithWarmup(o, {.num_training_steps = 9, .num_cycles = 0}); }},
      {"lr_end", [](SGD& o) { PolynomialDecayScheduleWithWarmup(o, {.num_training_steps = 9, .lr_end = 0.1}); }},
      {"power", [](SGD& o) { PolynomialDecayScheduleWithWarmup(o, {.num_training_steps = 9, .power = -1}); }},
      {"factor", [](SGD& o) { ReduceLROnPlateau(o, {.factor = 1.0}); }},
      {"patience", [](SGD& o) { ReduceLROnPlateau(o, {.patience = -1}); }},
      {"threshold", [](SGD& o) { ReduceLROnPlateau(o, {.threshold = -1}); }},
      {"cooldown", [](SGD& o) { ReduceLROnPlateau(o, {.cooldown = -1}); }},
      {"min_lr", [](SGD& o) { ReduceLROnPlateau(o, {.min_lr = -1}); }},
      {"min_lrs",
       [](SGD& o) {
         ReduceLROnPlateau(o, {.min_lrs = {0.1, 0.2}});
       }},
      {"eps", [](SGD& o) { ReduceLROnPlateau(o, {.eps = -1}); }},
  };
  for (const auto& refused : cases) {
    SGD optimizer({parameter()}, {.lr = 0.1});
    INFO(refused.text);
    CHECK(contains(thrown<ConfigError>([&] { refused.make(optimizer); }), refused.text));
  }
}

}  // namespace lr_scheduler_test
