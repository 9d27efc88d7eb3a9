// Where nothing can be drawn. By its name the first file of its program: once fonts are found, they stay found.
#include <tempa/plot/picture.hpp>

#include "support/catch.hpp"
#include "support/in_child.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

#include <cstdlib>
#include <filesystem>
#include <string>

namespace no_font_test {

using namespace tempa;

TEST_CASE("Plot: what cannot be drawn is said", "[plot]") {
  Picture picture(10, 10);
  picture.add(Scene::Text{.position = {0, 8}, .text = "a"});
  if (!kWritesPng) {
    CHECK(thrown<ConfigError>([&] { picture.png(); }).find("TEMPA_WITH_CAIRO is not defined") != std::string::npos);
    return;
  }
  const TemporaryFolder folder;
  const auto config = folder.write("fonts.conf", "<fontconfig></fontconfig>");
  std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
  CHECK(in_child_of_nobody([&] {
          ::setenv("FONTCONFIG_FILE", config.c_str(), 1);
          const std::string said = thrown<ConfigError>([&] { picture.png(); });
          if (said.find("texts need a font but none is installed") == std::string::npos) throw said;
        }) == kChildDone);
}

}  // namespace no_font_test
