// The command line's definitions as words, as scripts for shells and as manual pages.

#include "controller/command_tree.h"

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/completions.h"
#include "controller/manual_page.h"

namespace squall {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class CommandTreeTest : public testing::Test {
 protected:
  CommandTreeTest() : app_("tool: does things", "tool") {
    app_.require_subcommand(1);
    CLI::App* go = app_.add_subcommand("go", "Go [there], it's: fun");
    go->add_option("-n,--number", number_, "How many\ntimes")->type_name("N");
    go->add_option("--out", text_, "Where")->type_name("FILE");
    go->add_option("--where", text_, "In which")->type_name("DIR");
    go->add_option("--how", text_, "Speed")
        ->type_name("WORD")
        ->check(CLI::IsMember(std::vector<std::string>{"fast", "slow"}));
    go->add_option("--at", text_, "Place")->type_name("HOST:PORT");
    go->add_option("--times", number_, "Again")->check(CLI::Range(1, 9));
    go->add_option("--hidden", text_, "Nobody's business")->group("");
    go->add_flag("--dry", flag_, "Only say so")->group("Other");
    go->add_option("URL", text_, "To what");
    go->footer("Examples:\n  tool go -n 1 'x'\n\n.Notes come here.\nExit codes: 0 done");
    app_.add_subcommand("way", "Ways")->add_subcommand("back", "Home");
    app_.add_subcommand("secret", "None")->group("");
    tree_ = TreeOf(app_);
  }

  CLI::App app_;
  Command tree_;

 private:
  int number_ = 7;
  std::string text_;
  bool flag_ = false;
};

TEST_F(CommandTreeTest, Words) {
  std::vector<std::string> names;
  ForEachCommand(tree_, [&](const Command& command) { names.push_back(command.name); });
  EXPECT_THAT(names, ElementsAre("tool", "tool go", "tool way", "tool way back"));
  EXPECT_TRUE(tree_.needs_command);
  EXPECT_EQ(Find(tree_, "tool secret"), nullptr);
  const Command& go = *Find(tree_, "tool go");
  EXPECT_EQ(go.last_word(), "go");
  std::vector<std::string> flags;
  for (const CommandFlag& flag : go.flags) {
    flags.push_back((flag.positional() ? "" : flag.names.front()) + " " + flag.placeholder);
  }
  EXPECT_THAT(flags, ElementsAre("--help ", "--number N", "--out FILE", "--where DIR", "--how WORD",
                                 "--at HOST:PORT", "--times INT", "--dry ", " URL"));
  EXPECT_THAT(go.flags[1].letters, ElementsAre("-n"));
  EXPECT_EQ(go.flags[1].help, "How many times");
  EXPECT_THAT(go.flags[4].choices, ElementsAre("fast", "slow"));
  EXPECT_EQ(go.flags[7].group, "Other");
}

TEST_F(CommandTreeTest, ManualPage) {
  const std::string page = ManualPage(tree_, *Find(tree_, "tool go"), "1.2");
  EXPECT_THAT(page, testing::StartsWith(".TH TOOL-GO 1 \"\" \"squall 1.2\" \"User Commands\"\n"));
  for (const char* piece : {".SH \"NAME\"\ntool\\-go \\- Go [there], it\\(aqs: fun\n",
                            ".SH \"SYNOPSIS\"\n\\fBtool go\\fR [\\fIFLAG\\fR]... [\\fIURL\\fR]\n",
                            ".TP\n\\fB\\-n\\fR, \\fB\\-\\-number\\fR \\fIN\\fR\nHow many times\n",
                            ".SH \"OTHER\"\n.TP\n\\fB\\-\\-dry\\fR\nOnly say so\n",
                            "Speed: fast, slow\n", ".EX\n  tool go \\-n 1 \\(aqx\\(aq\n.EE\n",
                            "\n\\&.Notes come here.\n", ".SH \"SEE ALSO\"\n\\fBtool\\fR(1)\n"}) {
    EXPECT_THAT(page, HasSubstr(piece));
  }
  EXPECT_THAT(page, Not(HasSubstr("hidden")));
  const std::string first = ManualPage(tree_, tree_, "1.2");
  EXPECT_THAT(first, HasSubstr("tool \\- does things\n"));
  EXPECT_THAT(first, HasSubstr("\\fBtool\\fR [\\fIFLAG\\fR]... \\fICOMMAND\\fR\n"));
  EXPECT_THAT(first, HasSubstr(".TP\n\\fBtool\\-go\\fR(1)\nGo [there], it\\(aqs: fun\n"));
}

// What real shells make of these is for tests/package.
TEST_F(CommandTreeTest, Completions) {
  const std::string bash = BashCompletions(tree_);
  EXPECT_THAT(bash, HasSubstr("'tool go -n' | 'tool go --number')\n      :\n"));
  EXPECT_THAT(bash, HasSubstr("'tool go --how')\n      mapfile -t COMPREPLY < <(compgen -W 'fast "
                              "slow' -- \"$word\")\n"));
  const std::string zsh = ZshCompletions(tree_);
  EXPECT_THAT(zsh, HasSubstr("'(-n --number)'{-n+,--number=}'[How many times]:N: '"));
  EXPECT_THAT(zsh, HasSubstr("'(--out)--out=[Where]:FILE:_files'"));
  EXPECT_THAT(zsh, HasSubstr(R"('go:Go [there], it'\''s\: fun')"));
  const std::string fish = FishCompletions(tree_);
  EXPECT_THAT(fish, HasSubstr("-n '__squall_is tool go' -s n -l number -x -d 'How many times'\n"));
  EXPECT_THAT(fish, HasSubstr(R"(-a go -d 'Go [there], it\'s: fun')"));
  for (const std::string& text : {bash, zsh, fish}) EXPECT_THAT(text, Not(HasSubstr("hidden")));
}

}  // namespace
}  // namespace squall
