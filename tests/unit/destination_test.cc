#include "agent/destination.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/network_options.h"

namespace squall {
namespace {

// What is to be looked up, or the addresses, or the error.
std::string Shown(const Destination& destination) {
  if (!destination.error.empty()) return destination.error;
  if (destination.addresses.empty()) {
    return "name " + destination.name + ":" + std::to_string(destination.port);
  }
  std::string shown;
  for (const Endpoint& address : destination.addresses) shown += DisplayOf(address) + " ";
  return shown;
}

TEST(Destination, IsWhatThePlanSays) {
  v1::Transport transport;
  for (const char* text : {"a:80:10.0.0.1:8080", "a:::9090", ":81:10.0.0.2:", "c:80:d:", "::e:"}) {
    *transport.add_diversions() = *ParseDiversion(text);
  }
  for (const char* text : {"d:80:10.0.0.3,::3", "e:90:10.0.0.4"}) {
    *transport.add_resolutions() = *ParseResolution(text);
  }
  struct Case {
    std::string host;
    uint16_t port;
    std::string shown;
  };
  const std::vector<Case> cases = {
      {"a", 80, "10.0.0.1:8080 "},        {"A", 80, "10.0.0.1:8080 "},
      {"a", 443, "name a:9090"},          {"x", 81, "10.0.0.2:81 "},
      {"c", 80, "10.0.0.3:80 [::3]:80 "}, {"d", 90, "10.0.0.4:90 "},
      {"anything", 443, "name e:443"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Shown(DestinationOf(transport, c.host, c.port)), c.shown) << c.host << ":" << c.port;
  }
}

// libcurl does not take it for an answer either, and would go on to the next one.
TEST(Destination, ADiversionThatChangesNothingIsNone) {
  v1::Transport transport;
  for (const char* text : {"a:443::", ":::", "a:443:10.0.0.9:22"}) {
    *transport.add_diversions() = *ParseDiversion(text);
  }
  EXPECT_EQ(Shown(DestinationOf(transport, "a", 443)), "10.0.0.9:22 ");
  EXPECT_EQ(Shown(DestinationOf(transport, "b", 443)), "name b:443");
}

TEST(Destination, WithoutAPlansPlacesIsTheUrls) {
  struct Case {
    std::string host, shown;
  };
  const std::vector<Case> cases = {
      {"Api.Example", "name api.example:80"},
      {"192.0.2.1", "192.0.2.1:80 "},
      {"2001:DB8::1", "[2001:db8::1]:80 "},
      {"fe80::1%25lo", "[fe80::1%lo]:80 "},
      {"fe80::1%25no-such-zone", "fe80::1%no-such-zone: no such address or zone on this machine"},
      {"10.1", "name 10.1:80"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Shown(DestinationOf(v1::Transport(), c.host, 80)), c.shown) << c.host;
  }
}

}  // namespace
}  // namespace squall
