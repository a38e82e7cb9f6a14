// The folder of an authority: what is in it, who may read it, and what is never lost.

#include "controller/certs_folder.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/x509_bundle.h"
#include "common/x509_trust.h"
#include "controller/files.h"

namespace squall {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
namespace fs = std::filesystem;

const absl::Time kNow = absl::FromUnixSeconds(1'795'500'000);
constexpr absl::Duration kYear = absl::Hours(24 * 365);

class CertsFolderTest : public testing::Test {
 protected:
  CertsFolderTest() : path_(testing::TempDir() + "/certs_" + std::to_string(getpid())) {
    fs::remove_all(path_);
  }
  ~CertsFolderTest() override { fs::remove_all(path_); }

  CertsFolder Create() const { return *CertsFolder::Create(path_, 10 * kYear, kNow); }
  std::string Read(const std::string& path) const { return *ReadFile(path, 1 << 20); }
  std::vector<std::string> Shown(const CertsFolder& folder) const {
    std::vector<std::string> lines;
    const auto list = folder.List();
    for (const IssuedCertificate& issued : *list) {
      lines.push_back(issued.identity.name + " " + std::string(NameOf(issued.identity.role)) +
                      (issued.revoked ? " revoked" : ""));
    }
    return lines;
  }

  const std::string path_;
};

TEST_F(CertsFolderTest, OnlyItsOwnerReadsKeys) {
  const CertsFolder folder = Create();
  ASSERT_TRUE(folder.Issue({"lon-1", Role::kAgent}, kYear, false, kNow).ok());
  ASSERT_TRUE(folder.Issue({"lon-1", Role::kAgent}, kYear, true, kNow).ok());
  ASSERT_TRUE(folder.Revoke({"lon-1"}, kNow).ok());
  size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(path_)) {
    const auto others = fs::perms::group_all | fs::perms::others_all;
    const bool is_public = entry.path().filename() == "revoked.pem" ||
                           entry.path().filename() == "authority.pem" ||
                           entry.path().parent_path().filename() == "issued";
    EXPECT_EQ(entry.status().permissions() & others,
              is_public ? fs::perms::group_read | fs::perms::others_read : fs::perms::none)
        << entry.path();
    if (entry.is_regular_file()) ++files;
  }
  EXPECT_EQ(files, 6u) << "authority, its key, list, one bundle, two records";
}

TEST_F(CertsFolderTest, BundlesOfOneFolderBelieveEachOther) {
  ASSERT_TRUE(Create().Issue({"lon-1", Role::kAgent}, kYear, false, kNow).ok());
  const auto again = CertsFolder::Open(path_);
  ASSERT_TRUE(again.ok()) << again.status();
  const auto path = again->Issue({"ann", Role::kView}, kYear, false, kNow);
  ASSERT_TRUE(path.ok()) << path.status();
  const auto agent = ParseBundle(Read(path_ + "/agents/lon-1.pem"));
  const auto controller = ParseBundle(Read(*path));
  ASSERT_TRUE(agent.ok() && controller.ok());
  const auto trust = X509Trust::Make(agent->authorities_pem, Read(path_ + "/revoked.pem"));
  ASSERT_TRUE(trust.ok()) << trust.status();
  const auto judged = trust->Judge(controller->certificate_pem, TlsSide::kClient, kNow);
  ASSERT_TRUE(judged.ok()) << judged.status();
  EXPECT_EQ(*judged, (PeerIdentity{"ann", Role::kView}));
  EXPECT_EQ(controller->not_after, kNow + kYear);
}

TEST_F(CertsFolderTest, NothingIsOverwritten) {
  const CertsFolder folder = Create();
  const std::string path = *folder.Issue({"lon-1", Role::kAgent}, kYear, false, kNow);
  const std::string before = Read(path);
  const auto again = folder.Issue({"lon-1", Role::kAgent}, kYear, false, kNow);
  EXPECT_THAT(std::string(again.status().message()), HasSubstr("--renew makes a new one"));
  EXPECT_EQ(Read(path), before);
  const auto other = folder.Issue({"lon-1", Role::kRun}, kYear, true, kNow);
  EXPECT_THAT(std::string(other.status().message()), HasSubstr("is the name of one of role agent"));
  const auto authority = CertsFolder::Create(path_, kYear, kNow);
  EXPECT_THAT(std::string(authority.status().message()), HasSubstr("something is there already"));
  ASSERT_TRUE(folder.Issue({"lon-1", Role::kAgent}, kYear, true, kNow).ok());
  EXPECT_NE(Read(path), before);
}

TEST_F(CertsFolderTest, RevokingTakesAllOfAName) {
  const CertsFolder folder = Create();
  for (const char* name : {"lon-2", "lon-1"}) {
    ASSERT_TRUE(folder.Issue({name, Role::kAgent}, kYear, false, kNow).ok());
  }
  ASSERT_TRUE(folder.Issue({"lon-1", Role::kAgent}, 2 * kYear, true, kNow).ok());
  const auto unknown = folder.Revoke({"lon-1", "nobody"}, kNow);
  EXPECT_THAT(std::string(unknown.status().message()), HasSubstr("nobody has no certificate"));
  EXPECT_THAT(Shown(folder), ElementsAre("lon-1 agent", "lon-1 agent", "lon-2 agent"));
  ASSERT_TRUE(folder.Revoke({"lon-1"}, kNow).ok());
  EXPECT_THAT(Shown(folder),
              ElementsAre("lon-1 agent revoked", "lon-1 agent revoked", "lon-2 agent"));
  ASSERT_TRUE(folder.Issue({"lon-1", Role::kAgent}, 3 * kYear, true, kNow).ok());
  EXPECT_THAT(Shown(folder), ElementsAre("lon-1 agent", "lon-1 agent revoked",
                                         "lon-1 agent revoked", "lon-2 agent"));
}

TEST_F(CertsFolderTest, Names) {
  for (const char* good : {"a", "lon-1", "lon_1.example.com", "7"}) {
    EXPECT_TRUE(CheckCertificateName(good).ok()) << good;
  }
  for (const char* bad : {"", ".", "..", "a/b", "-a", "a-", "a b", "a,b", "a:b", "ä", "a\nb"}) {
    EXPECT_FALSE(CheckCertificateName(bad).ok()) << bad;
  }
  EXPECT_FALSE(CheckCertificateName(std::string(65, 'a')).ok());
}

TEST_F(CertsFolderTest, NoAuthority) {
  const auto folder = CertsFolder::Open(path_);
  EXPECT_THAT(std::string(folder.status().message()), HasSubstr("squall certs init"));
}

}  // namespace
}  // namespace squall
