// What making an agent a service comes to, step by step: a list that can be printed or carried out.
// Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/service_files.h"

namespace squall {

// Folders on the way to a file are made. A file appears whole, in place of the one that was there.
struct WriteFile {
  std::string path;
  std::string text;
  unsigned mode;
};
struct CopyFile {
  std::string from;
  std::string to;
  unsigned mode;
};
// A file, or a folder with all in it. That there is none is no error.
struct RemoveAll {
  std::string path;
};
// A folder if it is empty.
struct RemoveFolder {
  std::string path;
};
struct RunProgram {
  std::vector<std::string> words;
  bool may_fail = false;  // what it undoes may not be there
};
using ServiceStep = std::variant<WriteFile, CopyFile, RemoveAll, RemoveFolder, RunProgram>;

// For people, ending in a newline: "run systemctl daemon-reload". With the text of files.
std::string Describe(const ServiceStep& step);

// What is found on the machine.
struct ServiceFacts {
  ServiceManager manager = ServiceManager::kSystemd;
  std::string program;                                  // this program's file
  std::function<bool(const std::string& path)> exists;  // of a file or a folder
  std::optional<std::string> config;                    // what its agent.yaml says, if there is one
};

// Whether a package has brought program and service along, and takes them away.
bool IsPackaged(const ServiceFacts& facts);

// Copies the program where services may see it, if it does not lie there, writes what is missing,
// and starts the service, again if it runs. FAILED_PRECONDITION: the owner has written an
// agent.yaml and it would have to be changed.
absl::StatusOr<std::vector<ServiceStep>> InstallSteps(const ServiceFacts& facts,
                                                      const AgentWishes& wishes);

// Stops the service for good. With `purge` nothing is left of it: configuration, what it keeps, and
// the program, if it lies where install puts it. What is a package's stays.
std::vector<ServiceStep> UninstallSteps(const ServiceFacts& facts, bool purge);

// What an uninstall without purge leaves behind: paths that exist.
std::vector<std::string> LeftBehind(const ServiceFacts& facts);

}  // namespace squall
