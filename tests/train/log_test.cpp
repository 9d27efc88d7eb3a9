// Training logs: JSON lines, CSV, and what a trainer writes into them.
#include <tempa/data/data_loader.hpp>
#include <tempa/models/bert/heads.hpp>
#include <tempa/optim/lr_scheduler/step_lr.hpp>
#include <tempa/optim/sgd.hpp>
#include <tempa/tensorboard/summary_writer.hpp>
#include <tempa/train/log/csv_logger.hpp>
#include <tempa/train/log/json_lines_logger.hpp>
#include <tempa/train/log/log_to.hpp>
#include <tempa/train/training_plots.hpp>

#include "support/catch.hpp"
#include "support/file_size_limit.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace log_test {

using namespace tempa;

namespace {

std::vector<nlohmann::json> json_lines(const std::filesystem::path& path) {
  std::istringstream in(read_text_file(path.string()));
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

std::vector<TextExample> twelve_rows() {
  std::vector<TextExample> rows;
  for (std::int32_t i = 0; i < 12; ++i) rows.push_back({.encoding = {{1, 3 + i % 3, 2}, {0, 0, 0}}, .label = i % 3});
  return rows;
}

BertForSequenceClassification<float> small_model() {
  BertConfig config;
  config.vocab_size = 10;
  config.hidden_size = 8;
  config.num_hidden_layers = 1;
  config.num_attention_heads = 2;
  config.intermediate_size = 8;
  config.max_position_embeddings = 4;
  config.id2label = {"a", "b", "c"};
  manual_seed(1);
  return BertForSequenceClassification<float>(config);
}

}  // namespace

TEST_CASE("JSON lines: numbers come back exactly, a file is continued, NaN is null", "[train]") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "log.jsonl";
  {
    JsonLinesLogger log(path);
    log.log(1, {{"a/ö\"", 0.1}, {"b", 1e-300}});
  }
  JsonLinesLogger log(path);
  log.log(2, {{"a", std::nan("")}});
  const auto lines = json_lines(path);  // while the log is open
  REQUIRE(lines.size() == 2);
  CHECK(lines[0]["step"] == 1);
  CHECK(lines[0]["a/ö\""] == 0.1);
  CHECK(lines[0]["b"] == 1e-300);
  CHECK(lines[0]["wall_time"] > 1.7e9);
  CHECK(lines[1]["a"].is_null());
  CHECK(thrown<ValueError>([&] { log.log(3, {{"step", 1}}); }) == "[JsonLinesLogger] the name 'step' is taken");
  CHECK_THROWS_AS(log.log(3, {{"\xff", 1}}), ValueError);
  CHECK(json_lines(path).size() == 2);
  CHECK(thrown<IoError>([&] { JsonLinesLogger blocked(folder.path()); }).find("cannot open for appending") !=
        std::string::npos);
}

TEST_CASE("CSV log: rows, late columns, continued files", "[train]") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "log.csv";
  {
    CsvLogger log(path);
    log.log(1, {{"loss", 0.1}, {"a, b", 1.0 / 3}});
    log.log(2, {{"a, b", -0.0}});
    log.log(3, {{"loss", std::numeric_limits<double>::infinity()}, {"valid", std::nan("")}});
  }
  CsvLogger log(path);
  log.log(4, {{"new", 5.0}, {"loss", 1e22}});
  CHECK(read_text_file(path.string()) ==
        "step,loss,\"a, b\",valid,new\n"
        "1,0.1,0.3333333333333333,,\n"
        "2,,-0,,\n"
        "3,inf,,nan,\n"
        "4,1e+22,,,5\n");
  CHECK_THROWS_AS(log.log(5, {{"step", 1}}), ValueError);
  CHECK_THROWS_AS(log.log(5, {{"\xff", 1}}), ValueError);
  CHECK(thrown<FormatError>([&] {
          CsvLogger other(folder.write("other.csv", "a,b\n1,2\n"));
        }).find("begins with the column step") != std::string::npos);
  CHECK_THROWS_AS(CsvLogger(folder.path() / "no/log.csv"), IoError);
}

TEST_CASE("CSV log: in a pipe a late column begins a new table, and through a link the file grows", "[train]") {
  const TemporaryFolder folder;
  const auto pipe = folder.path() / "pipe", link = folder.path() / "link.csv";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  std::filesystem::create_symlink("target.csv", link);
  const detail::Descriptor reader(::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  for (const auto& path : {pipe, link}) {
    CsvLogger log(path);
    log.log(1, {{"loss", 0.5}});
    log.log(2, {{"valid", 0.25}});
    log.close();
  }
  char text[64];
  const ssize_t count = ::read(reader.number(), text, sizeof text);
  CHECK(std::string(text, static_cast<std::size_t>(std::max<ssize_t>(count, 0))) ==
        "step,loss\n1,0.5\nstep,loss,valid\n2,,0.25\n");
  CHECK(std::filesystem::is_symlink(link));
  CHECK(read_text_file(folder.path() / "target.csv") == "step,loss,valid\n1,0.5,\n2,,0.25\n");
}

TEST_CASE("CSV log: a full disk leaves the rows that were there", "[train]") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "log.csv";
  CsvLogger log(path);
  {
    const FileSizeLimit limit(12);
    CHECK_THROWS_AS(log.log(1, {{"loss", 0.5}}), IoError);
  }
  CHECK(read_text_file(path.string()).empty());
  log.log(1, {{"loss", 0.5}});
  {
    const FileSizeLimit limit(20);
    CHECK_THROWS_AS(log.log(2, {{"loss", 0.12345678901234567}}), IoError);
    CHECK_THROWS_AS(log.log(2, {{"a column with a long name", 1}}), IoError);
  }
  log.log(3, {{"loss", 0.25}});
  CHECK(read_text_file(path.string()) == "step,loss\n1,0.5\n3,0.25\n");
}

TEST_CASE("log_to: a trainer's steps and epochs are in every kind of log, with the rates that were used", "[train]") {
  const auto rows = twelve_rows();
  auto model = small_model();
  DataLoader loader(rows, {.batch_size = 4}), valid(rows, {.batch_size = 12});
  SGD optimizer(model.parameters(), {.lr = 0.5});
  StepLR scheduler(optimizer, {.step_size = 2, .gamma = 0.5});
  const TemporaryFolder folder;
  SummaryWriter writer(folder.path() / "run");
  JsonLinesLogger lines(folder.path() / "log.jsonl");
  CsvLogger table(folder.path() / "log.csv");
  Trainer trainer(model, optimizer, {.epochs = 3, .evaluate_every = 2, .log = nullptr, .progress = {.out = nullptr}});
  const bool each_step = GENERATE(true, false);
  trainer.set_scheduler(scheduler, each_step ? ScheduleStep::kStep : ScheduleStep::kEpoch);
  log_to(writer, trainer);
  log_to(lines, trainer, {.every_steps = 2});
  log_to(table, trainer, {.every_steps = 0});
  const auto history = trainer.fit(loader, valid);
  writer.close();

  std::map<std::string, std::map<std::int64_t, float>> scalars;
  for (const LogEvent& event : read_events(writer.path()))
    for (const SummaryValue& value : event.summary) scalars[value.tag][event.step] = std::get<float>(value.value);
  CHECK(scalars["step/loss"].size() == 9);
  for (std::int64_t step = 1; step <= 9; ++step)
    CHECK(scalars["step/lr"][step] ==
          static_cast<float>(0.5 * std::pow(0.5, (each_step ? step - 1 : (step - 1) / 3) / 2)));
  CHECK(scalars["train/loss"].size() == 3);
  CHECK(scalars["train/loss"][6] == static_cast<float>(history[1].train["loss"]));
  CHECK(scalars["valid/f1_macro"].size() == 2);
  CHECK(scalars["valid/f1_macro"].contains(6));
  CHECK(scalars["epoch"][9] == 3.0f);
  CHECK(scalars["lr"][9] == static_cast<float>(history[2].lr));

  const auto json = json_lines(folder.path() / "log.jsonl");
  REQUIRE(json.size() == 4 + 3);
  CHECK(json[1]["step"] == 3);
  CHECK(json[1]["train/accuracy"] == history[0].train["accuracy"]);
  CHECK_FALSE(json[1].contains("valid/loss"));
  CHECK(json.back()["valid/loss"] == (*history[2].valid)["loss"]);

  DelimitedReader reader(folder.path() / "log.csv", DelimitedFormat::csv(true));
  std::vector<std::vector<std::string>> csv;
  while (reader.next()) csv.push_back(reader.row().to_vector());
  REQUIRE(csv.size() == 3);
  CHECK(csv[0][static_cast<std::size_t>(reader.column("valid/loss"))].empty());
  CHECK(std::stod(csv[1][static_cast<std::size_t>(reader.column("valid/loss"))]) == (*history[1].valid)["loss"]);
  CHECK(csv[2].front() == "9");

  const std::string svg = plot_learning_curves(history, {.title = "Training"}).svg();
  for (const char* text : {"Training", "Validation", "Loss", "Accuracy", "F1 (macro)", "Epoch"})
    CHECK(svg.find('>' + std::string(text) + '<') != std::string::npos);
  CHECK(thrown<ConfigError>([&] { plot_learning_curves(history, {.metrics = {"mse"}}); }) ==
        "[plot_learning_curves] no epoch has the metric 'mse'");
}

TEST_CASE("log_to: what was logged after the checkpoint is taken back by the training that goes on", "[train]") {
  const auto rows = twelve_rows();
  struct Crash {};
  // Three steps an epoch. @param crash_after the step whose record is the last one
  const auto train = [&](const std::filesystem::path& folder, bool resume, Index crash_after) {
    auto model = small_model();
    DataLoader loader(rows, {.batch_size = 4}), valid(rows, {.batch_size = 12});
    SGD optimizer(model.parameters(), {.lr = 0.5});
    SummaryWriter writer(folder / "run");
    JsonLinesLogger lines(folder / "log.jsonl");
    CsvLogger table(folder / "log.csv");
    Trainer trainer(
        model, optimizer,
        {.epochs = 3,
         .log = nullptr,
         .progress = {.out = nullptr},
         .checkpoint = {
             .folder = (folder / "checkpoints").string(), .every_steps = 2, .resume = resume, .log = nullptr}});
    log_to(writer, trainer);
    log_to(lines, trainer);
    log_to(table, trainer);
    trainer.on_step_end([&](const StepRecord& record) {
      if (record.step == crash_after && record.step % 3 != 0) throw Crash();
    });
    trainer.on_epoch_end([&](const EpochRecord&) {
      if (trainer.steps() == crash_after) throw Crash();
      return true;
    });
    trainer.fit(loader, valid);
  };
  // All but the times.
  const auto logged = [](const std::filesystem::path& folder) {
    std::string text;
    for (nlohmann::json& line : json_lines(folder / "log.jsonl")) {
      for (const char* time : {"wall_time", "seconds", "tokens_per_second"}) line.erase(time);
      text += line.dump() + '\n';
    }
    DelimitedReader reader(folder / "log.csv", DelimitedFormat::csv(true));
    while (reader.next()) text += concat(reader.row()[0], ' ', reader.row()[reader.column("step/loss")], '\n');
    return text;
  };
  const TemporaryFolder whole, parts;
  train(whole.path(), false, -1);
  // After the record of the first epoch, with columns of the table that the checkpoint did not know; in the second and
  // the third epoch.
  for (const Index crash : {3, 5, 8}) CHECK_THROWS_AS(train(parts.path(), crash > 3, crash), Crash);
  CHECK(json_lines(parts.path() / "log.jsonl").size() > 8);
  train(parts.path(), true, -1);
  CHECK(logged(parts.path()) == logged(whole.path()));

  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(parts.path() / "run")) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  REQUIRE(files.size() == 4);
  std::vector<std::int64_t> purged;
  for (const auto& file : files)
    for (const LogEvent& event : read_events(file.string()))
      if (event.session_start) purged.push_back(event.step);
  CHECK(purged == std::vector<std::int64_t>{3, 5, 7});
}

}  // namespace log_test
