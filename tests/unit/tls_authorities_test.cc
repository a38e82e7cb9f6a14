#include "agent/tls_authorities.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace squall {
namespace {

using ::testing::HasSubstr;

constexpr const char* kDebian = "/etc/ssl/certs/ca-certificates.crt";

struct Case {
  std::string name;
  std::map<std::string, std::string> environment;
  std::set<std::string> there;
  std::string file;
  std::string folder;
  std::string complaint;  // empty: none
};

// The folder that OpenSSL was made with: the last place of all.
std::string OwnFolder() {
  std::string last;
  const auto found = FindAuthorities([](const char*) { return std::string(); },
                                     [&](const std::string& path) {
                                       last = path;
                                       return false;
                                     });
  EXPECT_FALSE(found.ok());
  return last;
}

std::vector<Case> Cases() {
  const std::string own_folder = OwnFolder();
  return {
      {"Debian", {}, {kDebian, own_folder}, kDebian, own_folder, ""},
      {"Bundle alone", {}, {kDebian}, kDebian, "", ""},
      {"Folder alone", {}, {own_folder}, "", own_folder, ""},
      {"Fedora",
       {},
       {"/etc/pki/tls/certs/ca-bundle.crt"},
       "/etc/pki/tls/certs/ca-bundle.crt",
       "",
       ""},
      {"openSUSE", {}, {"/etc/ssl/ca-bundle.pem"}, "/etc/ssl/ca-bundle.pem", "", ""},
      {"macOS", {}, {"/etc/ssl/cert.pem"}, "/etc/ssl/cert.pem", "", ""},
      {"Alpine has two", {}, {"/etc/ssl/cert.pem", kDebian}, kDebian, "", ""},
      {"A file of one's own",
       {{"SSL_CERT_FILE", "/own.pem"}},
       {"/own.pem", kDebian, own_folder},
       "/own.pem",
       "",
       ""},
      {"A folder of one's own", {{"SSL_CERT_DIR", "/own:/more"}}, {kDebian}, "", "/own:/more", ""},
      {"Both",
       {{"SSL_CERT_FILE", "/own.pem"}, {"SSL_CERT_DIR", "/own"}},
       {"/own.pem"},
       "/own.pem",
       "/own",
       ""},
      {"A file that is not there",
       {{"SSL_CERT_FILE", "/gone.pem"}},
       {kDebian},
       "",
       "",
       "no certificate authorities in SSL_CERT_FILE (/gone.pem): give --cacert FILE"},
      {"Nothing at all",
       {},
       {},
       "",
       "",
       "no certificate authorities on this machine, where https needs them"},
  };
}

TEST(TlsAuthorities, AreFoundWhereEachSystemHasThem) {
  for (const Case& test : Cases()) {
    SCOPED_TRACE(test.name);
    const absl::StatusOr<Authorities> found = FindAuthorities(
        [&](const char* name) {
          const auto known = test.environment.find(name);
          return known != test.environment.end() ? known->second : std::string();
        },
        [&](const std::string& path) { return test.there.contains(path); });
    if (!test.complaint.empty()) {
      EXPECT_EQ(found.status().code(), absl::StatusCode::kFailedPrecondition);
      EXPECT_THAT(std::string(found.status().message()), HasSubstr(test.complaint));
      EXPECT_THAT(std::string(found.status().message()), HasSubstr("SSL_CERT_FILE"));
      continue;
    }
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(found->file, test.file);
    EXPECT_EQ(found->folder, test.folder);
  }
}

}  // namespace
}  // namespace squall
