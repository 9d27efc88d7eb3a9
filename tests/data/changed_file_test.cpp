// A data file that is cut, changed or removed while it is read.
#include <tempa/core/error.hpp>
#include <tempa/data/table/delimited.hpp>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

#include <filesystem>
#include <string>

namespace changed_file_test {

using namespace tempa;

TEST_CASE("TSV: a file that is cut while it is read is an IoError, not fewer rows", "[data]") {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "makanan enak\tpositive\n";  // more than one buffer
  const std::filesystem::path path = folder.write("train.tsv", text);
  {
    DelimitedReader reader(path);
    REQUIRE(reader.next());
    std::filesystem::resize_file(path, 22 * 5000);  // between two rows
    CHECK(thrown<IoError>([&] {
            while (reader.next()) {
            }
          }) == concat(path.string(), ": became shorter while it was read: 110000 of 440000 bytes"));
  }
  folder.write("train.tsv", text);
  DelimitedReader reader(path);
  std::filesystem::remove(path);  // whoever has it open still has it
  Index rows = 0;
  while (reader.next()) ++rows;
  CHECK(rows == 20'000);
}

}  // namespace changed_file_test
