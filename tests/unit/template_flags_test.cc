// Placeholders on the command line: what they become in the plan, and every way to get them wrong.
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/plan_check.h"
#include "tests/unit/run_options_support.h"

namespace squall {
namespace {

using TemplateFlagsTest = RunOptionsTest;

const std::string kUrl = "http://h/";

TEST_F(TemplateFlagsTest, GoIntoThePlan) {
  setenv("SQUALL_TEST_TOKEN", "s3cret", 1);
  Write("users.csv", "id,name\n1,a\n2,b\n3,c\n");
  Write("doc.json", "{{seq}}");
  const auto options = Run({"--feed", "users.csv", "-H", "X-Token: {{env SQUALL_TEST_TOKEN}}", "-H",
                            "X-Again: {{env SQUALL_TEST_TOKEN}}", "-d",
                            "{\"doc\":{{file doc.json}}}", "http://h/{{col id}}?n={{seq}}"});
  ASSERT_TRUE(options.ok()) << options.status();
  const v1::Plan& plan = options->plan;
  EXPECT_TRUE(plan.templates());
  EXPECT_EQ(plan.request().url(), "http://h/{{col id}}?n={{seq}}");
  EXPECT_EQ(plan.request().headers(0).value(), "{{env SQUALL_TEST_TOKEN}}");
  ASSERT_EQ(plan.insertions_size(), 2);
  EXPECT_EQ(plan.insertions(0).value(), "s3cret");
  EXPECT_EQ(plan.insertions(1).name(), "doc.json");
  EXPECT_EQ(plan.insertions(1).value(), "{{seq}}");
  EXPECT_EQ(plan.feeder().rows(), 3U);
  EXPECT_EQ(plan.feeder().size_bytes(), options->feeder_text.size());
  EXPECT_EQ(plan.feeder().order(), v1::ORDER_SEQUENTIAL);
  v1::Plan checked = plan;
  checked.set_concurrency(1);
  EXPECT_TRUE(CheckPlan(checked).ok()) << CheckPlan(checked);
}

TEST_F(TemplateFlagsTest, AreNotLookedForWithoutNeed) {
  Write("list.txt", "/a\n/b\n");
  const auto plain = Run({"--urls", "list.txt", "-d", "{\"a\":{\"b\":1}}", "http://h"});
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_FALSE(plain->plan.templates());
  const auto as_they_are = Run({"--no-templates", "-d", "{{sq}}", "http://h/{{"});
  ASSERT_TRUE(as_they_are.ok()) << as_they_are.status();
  EXPECT_FALSE(as_they_are->plan.templates());
  EXPECT_EQ(as_they_are->plan.request().body(), "{{sq}}");
}

TEST_F(TemplateFlagsTest, OfAListAlone) {
  Write("list.txt", "/a\n/b/{{col name}}\nhttp://g/{{pick x y}}\n");
  Write("f.csv", "name\nx\n");
  const auto options =
      Run({"--urls", "list.txt", "--feed", "f.csv", "--feed-order", "random", "http://h"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_TRUE(options->plan.templates());
  EXPECT_EQ(options->plan.feeder().order(), v1::ORDER_RANDOM);
}

TEST_F(TemplateFlagsTest, BadInput) {
  std::filesystem::create_directory("folder");
  setenv("SQUALL_TEST_LINES", "a\nb", 1);
  Write("users.csv", "id,name\n1,a\n2,\"b\nc\"\n");
  Write("short.csv", "id,name\n1\n");
  Write("quote.csv", "id\n\"1\n");
  Write("empty.csv", "");
  Write("header.csv", "id\n");
  Write("long.csv", "x\n" + std::string(30'000, 'y') + "\n");
  Write("bad.txt", "/ok\n/x{{int 1}}\n");
  Write("host.txt", "http://{{pick a b}}/\n");
  Write("column.txt", "/{{col nme}}\n");
  Write("binary", "\xFF");
  Write("body.json", "{\n \"id\": {{inn 1 2}}\n}\n");
  struct Case {
    std::string name;
    std::vector<std::string> words;
    std::string want;
  };
  const std::string only_path =
      "placeholders may stand in path and query, not in scheme, host or port";
  const Case cases[] = {
      {"unknown function",
       {"-u", "http://h/{{uid}}"},
       "-u column 10: {{uid}}: no placeholder is called uid: did you mean uuid?"},
      {"of the URL without a flag",
       {"http://h/{{uid}}"},
       "URL column 10: {{uid}}: no placeholder is called uid: did you mean uuid?"},
      {"unknown function, nothing near",
       {"-d", "{{ .Value }}", kUrl},
       "-d column 1: {{ .Value }}: no placeholder is called .Value: there are seq, int, zipf, "
       "uuid, "
       "hex, pick, time, env, col and file; write {{\"{{\"}} for {{ itself"},
      {"empty",
       {"-d", "{{}}", kUrl},
       "-d column 1: {{}}: empty: write e.g. {{seq}}, and {{\"{{\"}} for {{ itself"},
      {"not closed",
       {"-d", "x{{seq", kUrl},
       "-d column 2: {{seq: not closed: write }} behind it, and {{\"{{\"}} for {{ itself"},
      {"not closed on its line",
       {"-d", "x\n{{seq\n}}", kUrl},
       "-d line 2, column 1: {{seq: not closed: write }} behind it, and {{\"{{\"}} for {{ itself"},
      {"open quote",
       {"-d", "{{pick \"a}}", kUrl},
       "-d column 1: {{pick \"a}}: a quote in it is not closed"},
      {"body of a file",
       {"-D", "body.json", kUrl},
       "-D body.json: line 2, column 8: {{inn 1 2}}: no placeholder is called inn: did you mean "
       "int?"},
      {"header",
       {"-H", "X-Id: a {{seq 5}}", kUrl},
       "-H X-Id: column 3: {{seq 5}}: 5 is one value too many: write e.g. {{seq}}"},
      {"missing value",
       {"-d", "{{int 1}}", kUrl},
       "-d column 1: {{int 1}}: int needs 1 value more: write e.g. {{int 1 100000}}"},
      {"missing values",
       {"-d", "{{zipf}}", kUrl},
       "-d column 1: {{zipf}}: zipf needs 2 values more: write e.g. {{zipf 1.1 100000}}"},
      {"nothing to pick from",
       {"-d", "{{pick}}", kUrl},
       "-d column 1: {{pick}}: pick needs 1 value more: write e.g. {{pick a b c}}"},
      {"bounds the wrong way round",
       {"-d", "{{int 5 3}}", kUrl},
       "-d column 1: {{int 5 3}}: 5 is more than 3: write the smaller one first"},
      {"bound of words",
       {"-d", "{{int one 3}}", kUrl},
       "-d column 1: {{int one 3}}: one is not a whole number of 64 bits"},
      {"bound beyond 64 bits",
       {"-d", "{{int 0 9223372036854775808}}", kUrl},
       "-d column 1: {{int 0 9223372036854775808}}: 9223372036854775808 is not a whole number of "
       "64 "
       "bits"},
      {"exponent 0",
       {"-d", "{{zipf 0 5}}", kUrl},
       "-d column 1: {{zipf 0 5}}: the exponent 0 is not a number above 0 and at most 10"},
      {"exponent of no number",
       {"-d", "{{zipf nan 5}}", kUrl},
       "-d column 1: {{zipf nan 5}}: the exponent nan is not a number above 0 and at most 10"},
      {"no keys",
       {"-d", "{{zipf 1 0}}", kUrl},
       "-d column 1: {{zipf 1 0}}: number of keys 0: must be at least 1"},
      {"too many keys",
       {"-d", "{{zipf 1 1000000000001}}", kUrl},
       "-d column 1: {{zipf 1 1000000000001}}: number of keys 1000000000001: must be at most "
       "1000000000000"},
      {"no digits",
       {"-d", "{{hex 0}}", kUrl},
       "-d column 1: {{hex 0}}: number of digits 0: must be at least 1"},
      {"form of time",
       {"-d", "{{time unixms}}", kUrl},
       "-d column 1: {{time unixms}}: unixms is no form of time: there are rfc3339, unix and "
       "unix_ms: did you mean unix_ms?"},
      {"variable that is not set",
       {"-d", "{{env SQUALL_TEST_LINE}}", kUrl},
       "-d column 1: {{env SQUALL_TEST_LINE}}: there is no such variable in the environment of "
       "squall run: did you mean SQUALL_TEST_LINES?"},
      {"lines in a header",
       {"-H", "X: {{env SQUALL_TEST_LINES}}", kUrl},
       "-H X: column 1: {{env SQUALL_TEST_LINES}}: it has a line break or control character, which "
       "a "
       "header cannot hold"},
      {"file that is not there",
       {"-d", "{{file none}}", kUrl},
       "-d column 1: {{file none}}: none: No such file or directory"},
      {"file that is a folder",
       {"-d", "{{file folder}}", kUrl},
       "-d column 1: {{file folder}}: folder: Is a directory"},
      {"file of standard input",
       {"-d", "{{file -}}", kUrl},
       "-d column 1: {{file -}}: standard input is not read: name a file"},
      {"binary file in a header",
       {"-H", "X: {{file binary}}", kUrl},
       "-H X: column 1: {{file binary}}: it is not UTF-8, which a header must be"},
      {"column without a feeder",
       {"-d", "{{col id}}", kUrl},
       "-d column 1: {{col id}}: there is no feeder: name a CSV file by --feed"},
      {"unknown column",
       {"--feed", "users.csv", "-d", "{{col nmae}}", kUrl},
       "-d column 1: {{col nmae}}: the feeder has no column nmae: did you mean name?"},
      {"lines of a column in a header",
       {"--feed", "users.csv", "-H", "X: {{col name}}", kUrl},
       "-H X: column 1: {{col name}}: line 3 of the feeder has a line break or control character "
       "there, which a header cannot hold"},
      {"host", {"http://{{pick a b}}/"}, "URL column 8: " + only_path},
      {"port", {"http://h:80{{int 0 9}}/"}, "URL column 12: " + only_path},
      {"scheme", {"{{pick http https}}://h/"}, "URL column 1: " + only_path},
      {"slash of a scheme", {"http:/{{pick a}}/h"}, "URL column 7: " + only_path},
      {"behind the host", {"http://h{{pick /a /b}}"}, "URL column 9: " + only_path},
      {"no scheme", {"h/{{seq}}"}, "URL h/: no scheme: did you mean http://h/?"},
      {"blank in a URL",
       {"http://h/a b{{seq}}"},
       "URL http://h/a b: a space at position 11: write %20"},
      {"word with a blank in a URL",
       {"http://h/{{pick \"a b\"}}"},
       "URL column 10: {{pick \"a b\"}}: a b has what may not be in a URL: percent-encode it"},
      {"word with a fragment in a URL",
       {"http://h/{{pick a#b}}"},
       "URL column 10: {{pick a#b}}: a#b has what may not be in a URL: percent-encode it"},
      {"URL that gets too long",
       {"--feed", "long.csv", "http://h/{{col x}}"},
       "URL with its values it may get 90009 bytes long: at most 65535 are possible"},
      {"body that gets too long",
       {"-d", "{{hex 65537}}", kUrl},
       "-d column 1: {{hex 65537}}: number of digits 65537: must be at most 65536"},
      {"URL beside a list",
       {"--urls", "bad.txt", "http://h/{{seq}}"},
       "URL http://h/{{seq}}: beside --urls, placeholders stand in the lines of the list"},
      {"line of a list",
       {"--urls", "bad.txt", "http://h"},
       "bad.txt:2:3: {{int 1}}: int needs 1 value more: write e.g. {{int 1 100000}}"},
      {"host in a list", {"--urls", "host.txt"}, "host.txt:1:8: " + only_path},
      {"unknown column in a list",
       {"--urls", "column.txt", "--feed", "users.csv", "http://h"},
       "column.txt:1:2: {{col nme}}: the feeder has no column nme: did you mean name?"},
      {"feeder missing",
       {"--feed", "none.csv", kUrl},
       "--feed none.csv: No such file or directory"},
      {"feeder with a short row",
       {"--feed", "short.csv", kUrl},
       "short.csv:2:1: 1 value where the header names 2 columns"},
      {"feeder with an open quote",
       {"--feed", "quote.csv", kUrl},
       "quote.csv:2:1: this quote is never closed"},
      {"feeder empty",
       {"--feed", "empty.csv", kUrl},
       "empty.csv: empty: its first line names the columns, the others are rows"},
      {"feeder without rows",
       {"--feed", "header.csv", kUrl},
       "header.csv: has no rows: only a line that names columns"},
      {"feeder that nothing uses",
       {"--feed", "users.csv", kUrl},
       "--feed users.csv: nothing uses it: write {{col id}} where a value is to stand"},
      {"--feed-order alone",
       {"--feed-order", "each", kUrl},
       "--feed-order is about a feeder: name one by --feed"},
      {"--feed-order unknown",
       {"--feed", "users.csv", "--feed-order", "any", kUrl},
       "--feed-order any: must be each or random"},
      {"--feed --no-templates",
       {"--feed", "users.csv", "--no-templates", kUrl},
       "--feed and --no-templates exclude each other: remove one"},
      {"length of a body that differs",
       {"-H", "Content-Length: 1", "-d", "{{seq}}", kUrl},
       "-H Content-Length: the body has placeholders, so its length differs: leave it out"},
  };
  for (const Case& c : cases) {
    const auto options = Run(c.words);
    EXPECT_EQ(options.status().code() == absl::StatusCode::kOk, false) << c.name;
    EXPECT_EQ(options.status().message(), c.want) << c.name;
  }
}

}  // namespace
}  // namespace squall
