#include "controller/ssh_command.h"

#include <fmt/format.h>

namespace squall {
namespace {

// Not one of these holds a single quote, a backslash, a newline or an exclamation mark: inside
// single quotes everything else means the same to sh, bash, zsh, fish and csh. `trap "" PIPE`, as
// echo would otherwise end the shell before it has cleaned up. Test -f rather than -x, which says
// no to everything on a file system that lets nothing run.
constexpr std::string_view kScript[] = {
    R"(say() { echo "squall-$*"; })",
    R"(fail() { say failed $1; exit 1; })",
    R"(say host $(uname -sm))",
    R"(read -r hash size nonce || exit 1)",
    R"(cache=${XDG_CACHE_HOME:-$HOME/.cache}/squall)",
    R"(file=$cache/squall-$hash)",
    R"(part=$cache/part-$nonce)",
    R"(at=/tmp/squall-$nonce)",
    R"(clean() { rm -rf "$part" "$at"; })",
    R"(trap "" PIPE)",
    R"(trap clean EXIT)",
    R"(trap "exit 1" HUP INT TERM)",
    R"(umask 077)",
    R"(mkdir -p "$cache" || fail folder)",
    R"(if [ -f "$file" ] && [ $(wc -c <"$file") -eq $size ]; then say have; )"
    R"(else say need; head -c $size >"$part" && [ $(wc -c <"$part") -eq $size ] && )"
    R"(chmod 700 "$part" && mv -f "$part" "$file" || fail copy; fi)",
    R"(touch "$file")",
    R"(find "$cache" -name "[ps]*-*" -type f -mtime +30 -exec rm -f {} +)",
    R"(mkdir "$at" || fail socket)",
    R"(say start)",
    R"("$file" agent --listen "unix:$at/agent.sock" --parent-stdio --state "$cache" --log-level warn)",
    R"(say ended $?)",
};

// In seconds: an answer is given as long as it takes to connect; a link that is dead is noticed.
constexpr std::string_view kOptions[] = {
    "BatchMode=yes",  // never asks
    "ConnectTimeout=10",
    "ServerAliveInterval=5",
    "ServerAliveCountMax=3",
    "LogLevel=ERROR",    // no banners
    "ControlMaster=no",  // a shared connection would keep our socket
    "ControlPath=none",
    "ExitOnForwardFailure=no",  // the user's own forwards may be taken; ours is looked at
    "PermitLocalCommand=no",
    "RemoteCommand=none",
    "StreamLocalBindMask=0177",
    "StreamLocalBindUnlink=yes",
};

}  // namespace

std::string RemoteScript() { return fmt::format("sh -c '{}'", fmt::join(kScript, "; ")); }

std::string RemoteSocket(std::string_view nonce) {
  return fmt::format("/tmp/squall-{}/agent.sock", nonce);
}

std::vector<std::string> SshCommand(const SshTarget& target, const std::string& local_socket,
                                    std::string_view nonce) {
  // No terminal there, and neither the user's keys nor his screen for that machine.
  std::vector<std::string> command = {"ssh", "-T", "-a", "-x"};
  for (const std::string_view option : kOptions) {
    command.insert(command.end(), {"-o", std::string(option)});
  }
  command.insert(command.end(), {"-L", fmt::format("{}:{}", local_socket, RemoteSocket(nonce))});
  if (!target.user.empty()) command.insert(command.end(), {"-l", target.user});
  if (target.port != 0) command.insert(command.end(), {"-p", std::to_string(target.port)});
  command.insert(command.end(), {"--", target.host, RemoteScript()});
  return command;
}

}  // namespace squall
