// What is asked of the user's own ssh, and of the shell on the other machine. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controller/ssh_target.h"

namespace squall {

// One line for any shell, which gives it to sh there: it tells what the machine is, takes the
// program if it has not got it (controller/ssh_talk.h), and has it be an agent on
// RemoteSocket(nonce). Whatever happens, the folder of the socket, and a program that is not whole,
// are gone when it ends; it ends when its standard input does. Programs that nobody has used for a
// month are removed.
std::string RemoteScript();

std::string RemoteSocket(std::string_view nonce);

// `ssh` and its arguments: runs RemoteScript() there, with RemoteSocket() at `local_socket` here.
// The user's configuration, keys and known hosts are in force, but for what would ask the user
// something, share the connection with others, or leave something behind.
std::vector<std::string> SshCommand(const SshTarget& target, const std::string& local_socket,
                                    std::string_view nonce);

}  // namespace squall
