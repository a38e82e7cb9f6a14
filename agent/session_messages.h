// What an agent says that needs no more than what it is said about.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "agent/active_run.h"
#include "common/clock.h"
#include "common/identity.h"
#include "squall/v1/control.pb.h"

namespace squall {

// Tells a process from others of the same name.
std::string DrawInstance();

v1::AgentMessage FailedMessage(v1::Failed::Code code, const std::string& text);

// Who this is and what machine it is on, of which it may open so many files.
v1::AgentMessage WelcomeMessage(const std::string& name, const std::string& instance,
                                uint64_t file_limit);

// The answer to a Ping that came at `received` on the steady clock, to be sent at once.
v1::AgentMessage PongMessage(const v1::Ping& ping, Nanos received);

// Who says Hello: "ann@lab (process 7)", with a certificate "boss [ann@lab (process 7)]". Safe to
// print.
std::string Who(const PeerIdentity& identity, const v1::Hello& hello);

// Why a controller is refused whoever it is: it speaks another version of the protocol, or gives
// its run a name that is none. Nothing: it is not.
std::optional<v1::AgentMessage> RefusalOf(const v1::Hello& hello);

// Who has the agent, and since when: for those who find it busy.
std::string WhoRuns(const ActiveRun& run);

}  // namespace squall
