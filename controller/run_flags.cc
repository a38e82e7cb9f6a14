#include "controller/run_flags.h"

#include <algorithm>
#include <utility>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace squall {
namespace {

// Declares the flags of one group of the help text.
class Group {
 public:
  Group(CLI::App& command, std::string title) : command_(command), title_(std::move(title)) {}

  // A flag with a value, or a positional. The text is taken as it is: CLI11's own conversions
  // know neither our units nor what to tell the user.
  void Value(const std::string& names, const std::string& placeholder,
             std::optional<std::string>& to, const std::string& help) {
    command_
        .add_option_function<std::string>(
            names, [&to](const std::string& text) { to = text; }, help)
        ->type_name(placeholder)
        ->group(title_);
  }

  void Repeated(const std::string& names, const std::string& placeholder,
                std::vector<std::string>& to, const std::string& help) {
    // Without extra arguments, a value takes one word and leaves the URL alone.
    command_.add_option(names, to, help)
        ->allow_extra_args(false)
        ->type_name(placeholder)
        ->group(title_);
  }

  void Switch(const std::string& names, bool& to, const std::string& help) {
    command_.add_flag(names, to, help)->group(title_);
  }

 private:
  CLI::App& command_;
  const std::string title_;
};

constexpr char kExamples[] = R"(Examples:
  squall run http://127.0.0.1:8080/
  squall run -n 100000 -c 50 http://127.0.0.1:8080/
  squall run -z 30s --agents client1,client2:7401,[2001:db8::7]:7400 https://api.example.com/v1/items
  squall run -n 1000000 --listen 0.0.0.0:7500 --expect 2 https://api.example.com/
  squall run --urls paths.txt --order shuffled -n 200000 -u http://127.0.0.1:8080
  squall run --save monday -z 10m -q 2000 http://127.0.0.1:8080/ && squall report monday
  squall run plan.yaml -n 1000                  # flags come before what the plan says
  squall run -H 'Content-Type: application/json' -d '{"id": 7}' http://127.0.0.1:8080/items
  squall run -s checkout.lua -z 30s http://127.0.0.1:8080/ -- staging
  squall run --feed users.csv 'http://127.0.0.1:8080/users/{{col id}}?key={{zipf 1.1 100000}}'

In URL, header values, body and list, {{…}} stands for a value of its own in each request: seq,
int LOWEST HIGHEST, zipf EXPONENT KEYS, uuid, hex DIGITS, pick A B …, time rfc3339 (unix, unix_ms),
env NAME, col NAME, file NAME. {{"{{"}} is {{ itself.

Every number is for the whole fleet. Results go to standard output, progress to standard error.
Exit codes: 0 done, 2 usage error and nothing sent, 3 not completed as asked or not one response,
130 interrupted.)";

}  // namespace

CLI::App* AddRunCommand(CLI::App& app, RunFlags& flags) {
  CLI::App& run = *app.add_subcommand("run", "Send requests and report what came back");
  run.footer(kExamples);
  AddRunFlags(run, flags);
  return &run;
}

std::vector<std::string> TakeBehindMark(std::vector<std::string>& words) {
  const auto mark = std::find(words.begin(), words.end(), "--");
  if (mark == words.end()) return {};
  std::vector<std::string> behind(mark + 1, words.end());
  words.erase(mark, words.end());
  return behind;
}

void GiveBehindMark(std::vector<std::string> behind, CLI::App& run, RunFlags& flags) {
  auto word = behind.begin();
  if (word != behind.end() && !flags.url && !flags.url_argument) {
    flags.url_argument = std::move(*word++);
  }
  CLI::Option& arguments = *run.get_option("--script-arg");
  for (; word != behind.end(); ++word) arguments.add_result(std::move(*word));
  if (arguments.count() != 0) arguments.run_callback();
}

void AddRunFlags(CLI::App& run, RunFlags& flags) {
  Group what(run, "What is requested");
  what.Value("URL", "", flags.url_argument,
             "Absolute http:// or https:// URL, or a plan: FILE.yaml\n(squall plan --help)");
  what.Value("-u,--url", "URL", flags.url,
             "The same by name; with --urls, what lines that begin\nwith / are joined to");
  what.Value("--urls", "FILE", flags.urls,
             "List of URLs, one a line; blank lines and lines\nbeginning with # are skipped. Also "
             "as gzip or zstd,\nand - for standard input (at most 256 MiB)");
  what.Value(
      "--format", "FORMAT", flags.format,
      "What its lines are: urls, requests (METHOD URL), json\n(method, url, header, body) or "
      "combined: a server's\naccess log (default: what the first one is, but for a\nlog)");
  what.Value("--order", "ORDER", flags.order,
             "How the list is used: sequential (default), shuffled\n(each once, then again in "
             "another order) or random");
  what.Value("--seed", "N", flags.seed,
             "Seed of all that is drawn (default: another one each time)");
  what.Value("-m,--method", "METHOD", flags.method, "Default: GET, or POST with a body");
  what.Repeated("-H,--header", "'NAME: VALUE'", flags.headers,
                "Header; may be given more than once");
  what.Value("-d,--data", "TEXT", flags.body, "Body");
  what.Value("-D,--data-file", "FILE", flags.body_file, "Body from a file; at most 16 MiB");
  what.Switch("--tag", flags.tag,
              "Name each request by two headers, Squall-Run and\nSquall-Request: what squall "
              "reconcile knows it by in\na server's log");
  what.Value("--feed", "FILE", flags.feed,
             "CSV with a header line, whose values {{col NAME}} stands\nfor; at most 1 GiB");
  what.Value("--feed-order", "ORDER", flags.feed_order,
             "each (default): every row once before any comes again,\nor random");
  what.Switch("--no-templates", flags.no_templates, "Send {{ and }} as they are");
  what.Value("--server-counts", "URL", flags.server_counts,
             "Where the server tells as JSON what it has in flight,\nalso as a path; a squall "
             "target is asked anyway");

  AddScriptFlags(run, flags.script, "What is requested");

  Group how_much(run, "How much");
  how_much.Value("-n,--requests", "N", flags.requests,
                 "Requests in total (default: 1000, or what -z allows)");
  how_much.Value("-z,--duration", "TIME", flags.duration,
                 "For how long to send, e.g. 30s or 1m30s; with -n,\nwhichever ends first");
  how_much.Value("--drain", "TIME", flags.drain,
                 "How long answers are awaited at the end of -z or\nafter Ctrl-C (default: -t)");
  how_much.Value("--warmup", "TIME", flags.warmup,
                 "Send for so long before what is measured; its\nconnections stay, its results do "
                 "not count");
  how_much.Value("-c,--concurrency", "N", flags.concurrency,
                 "Requests in flight (default: cores + 1 of each agent,\nsummed); with -q, at most "
                 "(default: what the limit of\nopen files allows, up to 10,000 an agent)");

  Group when(run, "At which rate");
  when.Value("-q,--rate", "RATE", flags.rate,
             "Requests per second, e.g. 10000 or 333.3, whatever the\nserver does (default: one "
             "as soon as another is over)");
  when.Value("--arrivals", "PROCESS", flags.arrivals,
             "constant (default): at even distances, or poisson: at\nrandom, as from many users");
  when.Value("--max-backlog", "N", flags.max_backlog,
             "Drop requests that fall due when so many are waiting\nfor a connection (default: "
             "none is dropped)");

  when.Value("--replay-speed", "FACTOR", flags.replay_speed,
             "Send the requests of an access log when they came,\n1x, or so many times as fast: "
             "2x, 0.5x");

  AddSendFlags(run, flags.sending, "What is requested", "How it is sent");
  AddCheckFlags(run, flags.checks);

  Group how(run, "How it is sent");
  how.Value("-t,--timeout", "TIME", flags.timeout,
            "For one request, to its last byte (default: 30s)");
  how.Value(
      "--transport", "NAME", flags.transport,
      "http1, curl or auto (default): http1, which is\nfaster, where it can do what is asked");
  how.Switch("--http2", flags.http2, "HTTP/2 alone: a server that does not agree to it fails");
  how.Value("--streams", "N", flags.streams,
            "Requests in flight on one HTTP/2 connection (default: 1)");
  how.Switch("--no-keepalive", flags.no_keepalive, "A connection for each request");
  how.Switch(
      "--no-probe", flags.no_probe,
      "Do not time TCP's handshake with the server (twice a\nsecond, by connections that send "
      "nothing)");
  how.Switch("--follow", flags.follow, "Follow redirects, at most 10");
  how.Value("--proxy", "URL", flags.proxy,
            "http, https, socks5 or socks5h; variables of the\nenvironment are not looked at");
  how.Switch("-k,--insecure", flags.insecure, "Do not verify the server's certificate");
  how.Value("--cacert", "FILE", flags.ca_file, "Certificates (PEM) to verify it against");
  how.Value("--cert", "FILE", flags.certificate_file,
            "Certificate (PEM) to show servers that ask for one,\nand those between it and its "
            "authority");
  how.Value("--key", "FILE", flags.key_file,
            "Its private key (PEM), where --cert does not hold it");

  Group where(run, "Where it goes");
  where.Repeated("--resolve", "HOST:PORT:ADDRESS[,…]", flags.resolve,
                 "Addresses of a name, used in turns; the system is not\nasked");
  where.Repeated("--connect-to", "HOST1:PORT1:HOST2:PORT2", flags.connect_to,
                 "Connect to the second pair instead of the first; parts\nmay be empty: any, or as "
                 "it was");
  where.Value("--dns-refresh", "TIME", flags.dns_refresh,
              "Ask for names again when their addresses are older, at\nleast 1s (default: once)");
  where.Repeated("--source-address", "ADDRESS[,…]", flags.source_addresses,
                 "Addresses to send from, in turns; each agent uses those\nof its own machine");
  where.Value("--unix-socket", "PATH", flags.unix_socket,
              "Connect to this socket, whatever the URL's host is");

  Group who(run, "Who sends it");
  who.Value("--agents", "LIST", flags.agents,
            "host[:port],… or @FILE with one a line (# begins a\ncomment); port 7400 if none is "
            "given; also [v6]:port\nand unix:PATH (default: an agent of its own, here);\nhost*2 "
            "for twice the work of a host*1.\nssh:user@host starts one there for this run, "
            "with\nnothing installed; dns:///name[:port] is every address\nof that name");
  who.Value("--weights", "N,…", flags.weights,
            "Shares of the work, in the order of --agents (default:\ntheir cores)");
  AddFleetTlsFlags(run, flags.fleet_tls, "Who sends it");
  who.Value("--listen", "ADDRESS", flags.listen,
            "Wait there for agents that dial (squall agent --join)");
  who.Value("--expect", "K", flags.expect, "So many of them (default: 1)");
  who.Value("--wait", "TIME", flags.wait, "And no longer than that (default: 60s)");
  who.Switch("--insecure-fleet", flags.insecure_fleet,
             "Let agents of other machines join without TLS");
  who.Switch("--join-late", flags.join_late,
             "Agents that come after the start get work from then on");
  who.Value("--grace", "TIME", flags.grace,
            "For how long an agent that is out of reach may come\nback before others get its work "
            "(default: 10s)");
  who.Value("--on-agent-loss", "WHAT", flags.on_agent_loss,
            "continue (default): others do its work, or abort");

  Group output(run, "What is shown");
  output.Value("--json", "FILE", flags.json, "Write the full result; - is standard output");
  output.Value("--save", "DIR", flags.save,
               "Keep the run whole in a new or empty folder: squall\nreport DIR prints it again");
  output.Value("--coverage", "FILE", flags.coverage,
               "Write the URLs of --urls that were not requested");
  output.Switch("--quiet", flags.quiet, "No progress on standard error");
  output.Value("--log-level", "LEVEL", flags.log_level,
               "trace, debug, info, warn (default), error or off");
}

void AddNamedRequestFlags(CLI::App& command, NamedRequestFlags& flags) {
  Group what(command, "What is requested");
  what.Value("--name", "NAME", flags.name, "What its results are told by; needed");
  what.Value("--weight", "N", flags.weight,
             "How often it comes, in proportion to the others\n(default: 1)");
  what.Value("-u,--url", "URL", flags.url,
             "Also a path, which is joined to the plan's URL\n(default: that one)");
  what.Value("-m,--method", "METHOD", flags.method, "Default: GET, or POST with a body");
  what.Repeated("-H,--header", "'NAME: VALUE'", flags.headers,
                "Header, beside the plan's or in place of one of that\nname");
  what.Value("-d,--data", "TEXT", flags.body, "Body");
  what.Value("-D,--data-file", "FILE", flags.body_file, "Body from a file; at most 16 MiB");
  AddExpectFlags(command, flags.checks);
}

}  // namespace squall
