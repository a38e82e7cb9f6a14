// Who is at the other end of a control stream, by its certificate.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace squall {

// What a certificate allows, as its URI "squall:role:NAME" says (docs/security.md).
enum class Role {
  kAgent,  // to send requests for controllers
  kRun,    // to command agents
  kView,   // to look at agents (squall fleet check)
};

inline constexpr std::string_view kRoleScheme = "squall:role:";

inline constexpr std::array<std::pair<Role, std::string_view>, 3> kRoleNames = {
    {{Role::kAgent, "agent"}, {Role::kRun, "run"}, {Role::kView, "view"}}};

inline std::string_view NameOf(Role role) {
  for (const auto& [known, name] : kRoleNames) {
    if (known == role) return name;
  }
  return "";
}

inline std::optional<Role> RoleNamed(std::string_view name) {
  for (const auto& [role, known] : kRoleNames) {
    if (known == name) return role;
  }
  return std::nullopt;
}

struct PeerIdentity {
  // The certificate's, in a form that is safe to print. Empty: there is no TLS, and whoever it is
  // may do everything.
  std::string name;
  Role role = Role::kRun;

  friend bool operator==(const PeerIdentity&, const PeerIdentity&) = default;
};

}  // namespace squall
