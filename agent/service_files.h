// Where the parts of an agent that is a service are, and what its files say. Pure.
#pragma once

#include <string>
#include <string_view>

namespace squall {

// Who starts services on a machine: systemd on Linux, launchd on macOS.
enum class ServiceManager { kSystemd, kLaunchd };

struct ServicePlaces {
  std::string program;  // where a program is copied to that does not lie where services may see it
  std::string unit;     // the service's own file, as we write it
  std::string config;   // agent.yaml
  std::string bundle;   // its certificate and key: root's alone, or the service's user's
  std::string drop_in;  // tells systemd of the bundle; empty: not needed
  std::string state;    // what an agent keeps
};

ServicePlaces PlacesOf(ServiceManager manager);

// What the service manager calls the service.
std::string_view ServiceName(ServiceManager manager);

// The service's file, for the program at `program`.
std::string UnitText(ServiceManager manager, std::string_view program);

// The file that lets systemd hand the bundle to the service's user, which is none of the system's.
std::string DropInText();

// What the owner of an agent wants of it; empty, false: as agent.yaml has it.
struct AgentWishes {
  std::string listen;
  std::string tls;  // the bundle's file, to be copied
  bool insecure = false;
};

// agent.yaml with the owner's wishes in place of what it says of them.
std::string ConfigText(ServiceManager manager, const AgentWishes& wishes);

}  // namespace squall
