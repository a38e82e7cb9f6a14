// What needs no name server; tests/static has one.

#include "common/ares_lookup.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/un.h>

#include "common/address_text.h"

namespace squall {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using List = std::unique_ptr<addrinfo, decltype([](addrinfo* list) { FreeAresAddresses(list); })>;

std::string Text(const addrinfo& entry) {
  char host[NI_MAXHOST] = "";
  char service[NI_MAXSERV] = "";
  const int error = AddressToText(entry.ai_addr, entry.ai_addrlen, host, sizeof(host), service,
                                  sizeof(service), 0);
  return error == 0 ? std::string(host) + " " + service : gai_strerror(error);
}

struct Hints {
  int family = AF_UNSPEC;
  int flags = 0;
};

// Each address and its port; or why there are none.
std::vector<std::string> LookUp(const char* host, const char* service, Hints given = {}) {
  addrinfo hints{};
  hints.ai_family = given.family;
  hints.ai_flags = given.flags;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = LookUpByAres(host, service, &hints, &found)) {
    EXPECT_EQ(found, nullptr);
    return {gai_strerror(error)};
  }
  const List list(found);
  std::vector<std::string> texts;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    EXPECT_EQ(entry->ai_family, entry->ai_addr->sa_family);
    EXPECT_EQ(entry->ai_socktype, SOCK_STREAM);
    texts.push_back(Text(*entry));
  }
  return texts;
}

TEST(AresLookup, TakesAddressesAndPortsAsTheyAre) {
  const char* const no_name = gai_strerror(EAI_NONAME);
  struct Case {
    std::string name;
    const char* host;
    const char* service;
    Hints hints;
    std::vector<std::string> expected;
  };
  const Case cases[] = {
      {"IPv4", "127.0.0.1", "80", {}, {"127.0.0.1 80"}},
      {"IPv6", "::1", "80", {}, {"::1 80"}},
      {"no service", "10.0.0.1", nullptr, {}, {"10.0.0.1 0"}},
      {"with an interface", "fe80::1%lo", "80", {}, {"fe80::1%lo 80"}},
      {"with an interface's number", "fe80::1%1", "80", {}, {"fe80::1%lo 80"}},
      {"with an interface that is not there", "fe80::1%none", "80", {}, {no_name}},
      {"of another family", "127.0.0.1", "80", {AF_INET6, 0}, {no_name}},
      {"a name where none may be", "localhost", "80", {AF_UNSPEC, AI_NUMERICHOST}, {no_name}},
      {"to listen", nullptr, "80", {AF_UNSPEC, AI_PASSIVE}, {"0.0.0.0 80", ":: 80"}},
      {"to listen on IPv6", nullptr, "80", {AF_INET6, AI_PASSIVE}, {":: 80"}},
      {"this machine", nullptr, "80", {}, {"127.0.0.1 80", "::1 80"}},
      {"nothing at all", nullptr, nullptr, {}, {no_name}},
      {"a service's name", "127.0.0.1", "http", {}, {gai_strerror(EAI_SERVICE)}},
      {"not a port", "127.0.0.1", "65536", {}, {gai_strerror(EAI_SERVICE)}},
      {"a socket", "127.0.0.1", "80", {AF_UNIX, 0}, {gai_strerror(EAI_FAMILY)}},
      {"its full name", "127.0.0.1", "80", {AF_UNSPEC, AI_CANONNAME}, {gai_strerror(EAI_BADFLAGS)}},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    EXPECT_EQ(LookUp(test.host, test.service, test.hints), test.expected);
  }
}

TEST(AresLookup, KnowsThisMachine) {
  EXPECT_THAT(LookUp("localhost", "80"), Contains("127.0.0.1 80"));
  EXPECT_THAT(LookUp("localhost", "80", {AF_INET, 0}), ElementsAre("127.0.0.1 80"));
}

TEST(AresLookup, SaysThatANameCannotBeOne) {
  const std::string long_label(64, 'a');
  EXPECT_THAT(LookUp((long_label + ".test").c_str(), "80"), ElementsAre(gai_strerror(EAI_NONAME)));
}

TEST(AddressText, TakesNoMoreRoomThanThereIs) {
  addrinfo* found = nullptr;
  ASSERT_EQ(LookUpByAres("127.0.0.1", "8080", nullptr, &found), 0);
  const List list(found);
  char host[10] = "";
  char service[5] = "";
  const auto text = [&](socklen_t host_size, socklen_t service_size, int flags) {
    return AddressToText(found->ai_addr, found->ai_addrlen, host, host_size, service, service_size,
                         flags);
  };
  EXPECT_EQ(text(9, 5, 0), EAI_OVERFLOW);
  EXPECT_EQ(text(10, 4, 0), EAI_OVERFLOW);
  EXPECT_EQ(text(10, 5, 0), 0);
  EXPECT_STREQ(host, "127.0.0.1");
  EXPECT_STREQ(service, "8080");
  EXPECT_EQ(text(10, 5, NI_NAMEREQD), EAI_NONAME);
  const sockaddr_un local{.sun_family = AF_UNIX, .sun_path = ""};
  EXPECT_EQ(AddressToText(reinterpret_cast<const sockaddr*>(&local), sizeof(local), host,
                          sizeof(host), nullptr, 0, 0),
            EAI_FAMILY);
}

}  // namespace
}  // namespace squall
