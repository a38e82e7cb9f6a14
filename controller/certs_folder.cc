#include "controller/certs_folder.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <set>
#include <string_view>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>

#include "absl/strings/ascii.h"
#include "common/values.h"
#include "controller/files.h"

namespace squall {
namespace {

constexpr size_t kMostBytes = size_t{16} << 20;
constexpr size_t kLongestName = 64;  // of a subject's common name (RFC 5280, appendix A.1)

absl::Status SystemError(const std::string& path, int error) {
  return absl::ErrnoToStatus(error, Quoted(path));
}

absl::Status About(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(),
                      fmt::format("{}: {}", Quoted(path), std::string(status.message())));
}

absl::Status WriteAll(int fd, const std::string& path, const std::string& text) {
  const bool written =
      write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  const int error = errno;
  if (close(fd) == 0 && written) return absl::OkStatus();
  unlink(path.c_str());
  return SystemError(path, error);
}

// Certificates and lists of revoked ones are no secrets: whoever is to read a copy may.
enum class Secrecy : mode_t { kPublic = 0644, kSecret = 0600 };

absl::Status WriteNew(const std::string& path, const std::string& text, Secrecy secrecy) {
  const int fd =
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, static_cast<mode_t>(secrecy));
  if (fd < 0) return SystemError(path, errno);
  return WriteAll(fd, path, text);
}

// Others read the old one or the new one.
absl::Status Replace(const std::string& path, const std::string& text, Secrecy secrecy) {
  std::string fresh = path + ".XXXXXX";
  const int fd = mkstemp(fresh.data());  // for its owner alone
  if (fd < 0) return SystemError(fresh, errno);
  fchmod(fd, static_cast<mode_t>(secrecy));
  if (absl::Status status = WriteAll(fd, fresh, text); !status.ok()) return status;
  if (std::rename(fresh.c_str(), path.c_str()) == 0) return absl::OkStatus();
  const int error = errno;
  unlink(fresh.c_str());
  return SystemError(path, error);
}

absl::Status MakeFolder(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return absl::OkStatus();
  return SystemError(path, errno);
}

absl::StatusOr<std::string> ReadPart(const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(path, kMostBytes);
  if (absl::IsNotFound(text.status())) {
    return absl::NotFoundError(
        fmt::format("{}: there is no such file: make an authority by squall certs init", path));
  }
  return text;
}

}  // namespace

absl::Status CheckCertificateName(std::string_view name) {
  const auto is_letter = [](char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); };
  const bool fits = !name.empty() && name.size() <= kLongestName && is_letter(name.front()) &&
                    is_letter(name.back()) && std::all_of(name.begin(), name.end(), [&](char c) {
                      return is_letter(c) || c == '.' || c == '_' || c == '-';
                    });
  if (fits) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{}: a name is made of letters, digits and, between them, . _ or -, at most {}",
                  Quoted(name), kLongestName));
}

absl::StatusOr<CertsFolder> CertsFolder::Create(const std::string& path, absl::Duration lifetime,
                                                absl::Time now) {
  std::error_code error;
  if (std::filesystem::exists(path, error) && !std::filesystem::is_empty(path, error)) {
    return absl::AlreadyExistsError(
        fmt::format("{}: something is there already: name a new folder", Quoted(path)));
  }
  absl::StatusOr<CertificateAndKey> authority = MakeAuthority({now - kClocksApart, now + lifetime});
  if (!authority.ok()) return authority.status();
  absl::StatusOr<std::string> list = squall::Revoke(*authority, "", {}, now);
  if (!list.ok()) return list.status();
  absl::Status status = MakeFolder(path);
  for (const char* part : {"agents", "controllers", "issued"}) {
    if (status.ok()) status = MakeFolder(fmt::format("{}/{}", path, part));
  }
  if (status.ok()) status = WriteNew(path + "/authority.key", authority->key, Secrecy::kSecret);
  if (status.ok())
    status = WriteNew(path + "/authority.pem", authority->certificate, Secrecy::kPublic);
  if (status.ok()) status = WriteNew(path + "/revoked.pem", *list, Secrecy::kPublic);
  if (!status.ok()) return status;
  return CertsFolder(path, *std::move(authority));
}

absl::StatusOr<CertsFolder> CertsFolder::Open(const std::string& path) {
  absl::StatusOr<std::string> certificate = ReadPart(path + "/authority.pem");
  if (!certificate.ok()) return certificate.status();
  absl::StatusOr<std::string> key = ReadPart(path + "/authority.key");
  if (!key.ok()) return key.status();
  return CertsFolder(path, {*std::move(certificate), *std::move(key)});
}

std::string CertsFolder::BundleOf(const PeerIdentity& identity) const {
  return fmt::format("{}/{}/{}.pem", path_,
                     identity.role == Role::kAgent ? "agents" : "controllers", identity.name);
}

absl::StatusOr<std::string> CertsFolder::Issue(const PeerIdentity& identity,
                                               absl::Duration lifetime, bool renew,
                                               absl::Time now) const {
  if (absl::Status status = CheckCertificateName(identity.name); !status.ok()) return status;
  const absl::StatusOr<std::vector<Record>> records = Records();
  if (!records.ok()) return records.status();
  for (const Record& record : *records) {
    if (record.facts.identity.name == identity.name && !(record.facts.identity == identity)) {
      return absl::AlreadyExistsError(fmt::format("{} is the name of one of role {}: give another",
                                                  identity.name,
                                                  NameOf(record.facts.identity.role)));
    }
  }
  const std::string path = BundleOf(identity);
  if (!renew && std::filesystem::exists(path)) {
    return absl::AlreadyExistsError(
        fmt::format("{}: there is one already: --renew makes a new one", Quoted(path)));
  }
  const absl::StatusOr<CertificateAndKey> made =
      squall::Issue(authority_, identity, {now - kClocksApart, now + lifetime});
  if (!made.ok()) return About(path_, made.status());
  const absl::StatusOr<CertificateFacts> facts = FactsOf(made->certificate);
  if (!facts.ok()) return facts.status();
  // On record first: whatever is given out can be revoked.
  absl::Status status = WriteNew(fmt::format("{}/issued/{}.pem", path_, facts->serial),
                                 made->certificate, Secrecy::kPublic);
  const std::string bundle = made->certificate + made->key + authority_.certificate;
  if (status.ok())
    status =
        renew ? Replace(path, bundle, Secrecy::kSecret) : WriteNew(path, bundle, Secrecy::kSecret);
  if (!status.ok()) return status;
  return path;
}

absl::StatusOr<std::vector<CertsFolder::Record>> CertsFolder::Records() const {
  std::vector<Record> records;
  const std::string folder = path_ + "/issued";
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() != ".pem") continue;
    absl::StatusOr<std::string> pem = ReadPart(entry.path().string());
    if (!pem.ok()) return pem.status();
    absl::StatusOr<CertificateFacts> facts = FactsOf(*pem);
    if (!facts.ok()) return About(entry.path().string(), facts.status());
    records.push_back({*std::move(pem), *std::move(facts)});
  }
  if (error) return SystemError(folder, error.value());
  return records;
}

absl::StatusOr<std::string> CertsFolder::Revoke(const std::vector<std::string>& names,
                                                absl::Time now) const {
  const absl::StatusOr<std::vector<Record>> records = Records();
  if (!records.ok()) return records.status();
  std::vector<std::string> certificates;
  for (const std::string& name : names) {
    const size_t before = certificates.size();
    for (const Record& record : *records) {
      if (record.facts.identity.name == name && record.facts.not_after > now) {
        certificates.push_back(record.pem);
      }
    }
    if (certificates.size() > before) continue;
    return absl::NotFoundError(fmt::format(
        "{} has no certificate that is valid (squall certs list {})", Quoted(name), Quoted(path_)));
  }
  const std::string path = path_ + "/revoked.pem";
  const absl::StatusOr<std::string> list = ReadPart(path);
  if (!list.ok()) return list.status();
  const absl::StatusOr<std::string> longer = squall::Revoke(authority_, *list, certificates, now);
  if (!longer.ok()) return About(path, longer.status());
  if (absl::Status status = Replace(path, *longer, Secrecy::kPublic); !status.ok()) return status;
  return path;
}

absl::StatusOr<std::vector<IssuedCertificate>> CertsFolder::List() const {
  const absl::StatusOr<std::vector<Record>> records = Records();
  if (!records.ok()) return records.status();
  const std::string path = path_ + "/revoked.pem";
  const absl::StatusOr<std::string> list = ReadPart(path);
  if (!list.ok()) return list.status();
  const absl::StatusOr<std::vector<std::string>> serials = SerialsOn(*list);
  if (!serials.ok()) return About(path, serials.status());
  const std::set<std::string> revoked(serials->begin(), serials->end());
  std::vector<IssuedCertificate> issued;
  for (const Record& record : *records) {
    issued.push_back(
        {record.facts.identity, record.facts.not_after, revoked.count(record.facts.serial) != 0});
  }
  std::sort(issued.begin(), issued.end(), [](const auto& a, const auto& b) {
    if (a.identity.name != b.identity.name) return a.identity.name < b.identity.name;
    return a.not_after > b.not_after;
  });
  return issued;
}

}  // namespace squall
