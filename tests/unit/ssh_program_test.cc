#include "controller/ssh_program.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/digest.h"

namespace squall {
namespace {

using ::testing::HasSubstr;

class ProgramFilesTest : public ::testing::Test {
 protected:
  ProgramFilesTest() {
    std::string name = ::testing::TempDir() + "/ssh_program_XXXXXX";
    folder_ = mkdtemp(name.data());
    Write("squall-linux-amd64", "for amd64");
  }
  ~ProgramFilesTest() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }

  std::filesystem::path folder_;
};

TEST_F(ProgramFilesTest, ThisOneOrASibling) {
  Write("squall-linux-arm64", "for arm64");
  ProgramFiles files(folder_ / "squall-linux-amd64", {"Linux", "x86_64"});
  const auto own = files.For({"Linux", "x86_64"});
  ASSERT_TRUE(own.ok()) << own.status();
  EXPECT_EQ((*own)->bytes, "for amd64");
  EXPECT_EQ((*own)->sha256, Sha256("for amd64"));
  const auto sibling = files.For({"Linux", "aarch64"});
  ASSERT_TRUE(sibling.ok()) << sibling.status();
  EXPECT_EQ((*sibling)->bytes, "for arm64");
  // Read once.
  std::filesystem::remove(folder_ / "squall-linux-amd64");
  EXPECT_EQ(*files.For({"Linux", "x86_64"}), *own);
}

TEST_F(ProgramFilesTest, NoneForThatMachine) {
  struct Case {
    Platform platform;
    std::vector<std::string> words;
  };
  for (const Case& c : std::vector<Case>{
           {{"Linux", "aarch64"},
            {"that machine is Linux aarch64", "this file is for Linux x86_64",
             folder_ / "squall-linux-arm64"}},
           {{"Darwin", "arm64"}, {"Darwin arm64", folder_ / "squall-darwin-arm64"}},
           {{"Linux", "riscv64"}, {"Linux riscv64, for which there is no squall"}},
           {{"FreeBSD", "amd64"}, {"FreeBSD amd64, for which there is no squall"}},
           {{"../..", "x86_64"}, {"for which there is no squall"}},
           {{"\x1b[2J", "x"}, {"\\x1b"}},
       }) {
    SCOPED_TRACE(c.platform.system + c.platform.machine);
    ProgramFiles files(folder_ / "squall-linux-amd64", {"Linux", "x86_64"});
    const auto file = files.For(c.platform);
    ASSERT_FALSE(file.ok());
    for (const std::string& words : c.words) {
      EXPECT_THAT(std::string(file.status().message()), HasSubstr(words));
    }
  }
}

TEST_F(ProgramFilesTest, AFileThatIsGone) {
  ProgramFiles files(folder_ / "nothing", {"Linux", "x86_64"});
  EXPECT_FALSE(files.For({"Linux", "x86_64"}).ok());
}

TEST(PlatformTest, ThisOne) {
  EXPECT_FALSE(OwnPlatform().system.empty());
  EXPECT_FALSE(OwnPlatform().machine.empty());
}

// FIPS 180-2, appendix B.1.
TEST(Sha256Test, OfAKnownText) {
  EXPECT_EQ(Sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace squall
