// Files of certificates that change while they are in use.

#include "common/tls_files.h"

#include <filesystem>
#include <fstream>
#include <thread>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include "absl/time/clock.h"
#include "controller/certs_folder.h"
#include "tests/unit/raw_client.h"

namespace squall {
namespace {

using testing::HasSubstr;

class TlsFilesTest : public testing::Test {
 protected:
  TlsFilesTest() : path_(testing::TempDir() + "/tls_files_" + std::to_string(getpid())) {
    std::filesystem::remove_all(path_);
    spdlog::set_level(spdlog::level::off);
    folder_.emplace(*CertsFolder::Create(path_, absl::Hours(24), absl::Now()));
  }
  ~TlsFilesTest() override {
    spdlog::set_level(level_);
    std::filesystem::remove_all(path_);
  }

  std::string Issue(const std::string& name, bool renew = false) {
    return *folder_->Issue({name, Role::kAgent}, absl::Hours(24), renew, absl::Now());
  }
  static void Write(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }

  const spdlog::level::level_enum level_ = spdlog::get_level();
  const std::string path_;
  std::optional<CertsFolder> folder_;
};

TEST_F(TlsFilesTest, ARenewedBundleIsRead) {
  const std::string bundle = Issue("lon-1");
  const auto files = TlsFiles::Open(bundle, "");
  ASSERT_TRUE(files.ok()) << files.status();
  const auto before = (*files)->Current();
  EXPECT_EQ((*files)->Current(), before) << "nothing has changed";
  Issue("lon-1", /*renew=*/true);
  ASSERT_TRUE(Eventually([&] { return (*files)->Current() != before; }));
  const auto after = (*files)->Current();
  EXPECT_GT(after->number, before->number);
  EXPECT_NE(after->bundle.key_pem, before->bundle.key_pem);
  EXPECT_EQ(after->bundle.identity, before->bundle.identity);
}

TEST_F(TlsFilesTest, ALongerListIsRead) {
  const std::string shown = Issue("lost");
  const auto files = TlsFiles::Open(Issue("lon-1"), path_ + "/revoked.pem");
  ASSERT_TRUE(files.ok()) << files.status();
  const std::string certificate =
      TlsFiles::Open(shown, "").value()->Current()->bundle.certificate_pem;
  const auto judge = [&] {
    return (*files)->Current()->trust.Judge(certificate, TlsSide::kClient, absl::Now());
  };
  EXPECT_TRUE(judge().ok());
  ASSERT_TRUE(folder_->Revoke({"lost"}, absl::Now()).ok());
  EXPECT_TRUE(Eventually([&] { return !judge().ok(); }));
}

TEST_F(TlsFilesTest, WhatCannotBeReadChangesNothing) {
  const std::string bundle = Issue("lon-1");
  const auto files = TlsFiles::Open(bundle, path_ + "/revoked.pem");
  ASSERT_TRUE(files.ok()) << files.status();
  const auto before = (*files)->Current();
  Write(path_ + "/revoked.pem", "half of a li");
  std::this_thread::sleep_for(std::chrono::milliseconds(1'200));
  EXPECT_EQ((*files)->Current(), before);
  std::filesystem::remove(bundle);
  std::this_thread::sleep_for(std::chrono::milliseconds(1'200));
  EXPECT_EQ((*files)->Current(), before);
}

// As root all can be read, so what is seen is that it is read again.
TEST_F(TlsFilesTest, AFileWithOtherPermissionsIsReadAgain) {
  const std::string bundle = Issue("lon-1");
  const auto files = TlsFiles::Open(bundle, "");
  ASSERT_TRUE(files.ok()) << files.status();
  const auto before = (*files)->Current();
  std::filesystem::permissions(bundle, std::filesystem::perms::owner_read);
  EXPECT_TRUE(Eventually([&] { return (*files)->Current() != before; }));
}

TEST_F(TlsFilesTest, ABundleOfAnotherRoleChangesNothing) {
  const std::string bundle = Issue("lon-1");
  const auto files = TlsFiles::Open(bundle, "");
  ASSERT_TRUE(files.ok()) << files.status();
  const auto before = (*files)->Current();
  const std::string other =
      *folder_->Issue({"ann", Role::kRun}, absl::Hours(24), /*renew=*/false, absl::Now());
  std::filesystem::copy_file(other, bundle, std::filesystem::copy_options::overwrite_existing);
  std::this_thread::sleep_for(std::chrono::milliseconds(1'200));
  EXPECT_EQ((*files)->Current(), before);
}

TEST_F(TlsFilesTest, Errors) {
  const std::string bundle = Issue("lon-1");
  Write(path_ + "/empty", "");
  const struct {
    const char* name;
    std::string bundle;
    std::string revoked;
    std::string want;
  } cases[] = {
      {"no such file", path_ + "/none", "", "--tls " + path_ + "/none: No such file or directory"},
      {"no bundle", path_ + "/revoked.pem", "", "there is no certificate in it"},
      {"no such list", bundle, path_ + "/none", "--revoked " + path_ + "/none: No such file"},
      {"empty list", bundle, path_ + "/empty", "--revoked " + path_ + "/empty: is empty"},
      {"a bundle as the list", bundle, bundle, "there is no list of revoked certificates in it"},
  };
  for (const auto& c : cases) {
    const auto got = TlsFiles::Open(c.bundle, c.revoked);
    EXPECT_EQ(got.status().code(), absl::StatusCode::kInvalidArgument) << c.name;
    EXPECT_THAT(std::string(got.status().message()), HasSubstr(c.want)) << c.name;
  }
}

}  // namespace
}  // namespace squall
