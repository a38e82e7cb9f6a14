// The form of log lines: for people, and for systemd's journal.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <spdlog/formatter.h>

namespace squall {

// Whether a file descriptor is a stream to the journal: `journal_stream` is $JOURNAL_STREAM, which
// has the device and the inode of that (systemd.exec(5)).
bool IsJournal(int fd, std::string_view journal_stream);

// "TIME level=info event=…"; for the journal, which keeps the time itself, the line's priority
// takes its place: "<6>level=info event=…" (sd-daemon(3)).
std::unique_ptr<spdlog::formatter> LogFormatter(bool journal);

}  // namespace squall
