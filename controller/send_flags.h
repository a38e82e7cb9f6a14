// The flags of `squall run` that add to requests what takes more than a header as it is typed:
// credentials, cookies, compression, Expect.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "controller/flag_values.h"
#include "squall/v1/plan.pb.h"

namespace CLI {
class App;
}

namespace squall {

// As typed.
struct SendFlags {
  Text user;
  Text bearer_file;
  Text bearer_env;
  std::vector<std::string> cookies;  // -b
  bool cookie_jars = false;          // --cookies
  bool compressed = false;
  bool compress_body = false;
  bool expect_continue = false;
};

// Declares the flags, in groups of the help text for what is requested and for how it is sent;
// parsing fills `flags`.
void AddSendFlags(CLI::App& command, SendFlags& flags, const std::string& what,
                  const std::string& how);

// Completes the plan's request and transport, which are there already. Errors name the flag and say
// what to do, but never a secret.
absl::Status ResolveSending(const SendFlags& flags, v1::Plan& plan);

// In what was added nobody has written placeholders: where the plan has any, braces in it are
// written so that they stand for themselves. Once, when all of the plan is known.
void KeepLiteral(const SendFlags& flags, v1::Plan& plan);

}  // namespace squall
