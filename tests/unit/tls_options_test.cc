#include "controller/tls_options.h"

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace squall {
namespace {

const std::string kCertificate = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
const std::string kKey = "-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----\n";

// Files by name; messages show the path, which the folder is cut from.
class TlsOptions : public testing::Test {
 protected:
  TlsOptions() {
    std::string pattern = testing::TempDir() + "tls-options-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    for (const auto& [name, text] : std::vector<std::pair<std::string, std::string>>{
             {"cert", kCertificate},
             {"key", kKey},
             {"both", kCertificate + kKey},
             {"text", "text\n"},
             {"encrypted", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"},
             {"old",
              "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC\n"},
         }) {
      std::ofstream(folder_ + "/" + name) << text;
    }
  }
  ~TlsOptions() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }

  std::string WithoutFolder(std::string message) const {
    for (size_t at; (at = message.find(folder_ + "/")) != std::string::npos;) {
      message.erase(at, folder_.size() + 1);
    }
    return message;
  }

  std::string folder_;
};

TEST_F(TlsOptions, FillThePlan) {
  struct Case {
    const char* certificate;
    const char* key;
    std::string certificate_pem;
    std::string key_pem;
  };
  for (const Case& test : {Case{"cert", "key", kCertificate, kKey},
                           Case{"both", nullptr, kCertificate + kKey, kCertificate + kKey},
                           Case{"both", "key", kCertificate + kKey, kKey}}) {
    SCOPED_TRACE(test.certificate);
    RunFlags flags;
    flags.certificate_file = Path(test.certificate);
    if (test.key != nullptr) flags.key_file = Path(test.key);
    flags.insecure = true;  // has nothing to do with it
    v1::Transport transport;
    const absl::Status status = ResolveTls(flags, transport);
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(transport.client_certificate_pem(), test.certificate_pem);
    EXPECT_EQ(transport.client_key_pem(), test.key_pem);
    EXPECT_TRUE(transport.insecure());
  }
}

TEST_F(TlsOptions, AreRefusedWithWhatToDo) {
  struct Case {
    const char* certificate;
    const char* key;
    const char* message;
  };
  for (const Case& test : {
           Case{nullptr, "key", "--key is the key of a client certificate: name that by --cert"},
           Case{"none", "key", "--cert none: No such file or directory"},
           Case{"cert", "none", "--key none: No such file or directory"},
           Case{"cert", nullptr,
                "--cert cert: no private key in it: name the file that holds it by --key"},
           Case{"key", "cert",
                "--cert key: no certificate in it: PEM is expected, with lines "
                "-----BEGIN CERTIFICATE-----"},
           Case{"cert", "text",
                "--key text: no private key in it: PEM is expected, with a line like "
                "-----BEGIN PRIVATE KEY-----"},
           Case{"cert", "encrypted",
                "--key encrypted: the private key is encrypted: decrypt it, e.g. openssl pkey -in "
                "encrypted -out PLAIN"},
           Case{"cert", "old",
                "--key old: the private key is encrypted: decrypt it, e.g. openssl pkey -in old "
                "-out PLAIN"},
       }) {
    RunFlags flags;
    if (test.certificate != nullptr) flags.certificate_file = Path(test.certificate);
    if (test.key != nullptr) flags.key_file = Path(test.key);
    v1::Transport transport;
    const absl::Status status = ResolveTls(flags, transport);
    EXPECT_EQ(WithoutFolder(std::string(status.message())), test.message);
  }
}

}  // namespace
}  // namespace squall
