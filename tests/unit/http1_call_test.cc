#include "agent/http1_call.h"

#include <array>
#include <deque>
#include <ev.h>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "agent/request_source.h"
#include "agent/routes.h"
#include "common/draw.h"
#include "common/event_loop.h"
#include "tests/support/transport_runner.h"

namespace squall::testing {
namespace {

// A call of a plan's only request, with or without the source of what it sends.
class Caller {
 public:
  Caller(const v1::Plan& plan, const RequestSource* source)
      : call_(Setup(plan, source), 0, origins_) {}

  // Of request n; with its origin in front.
  std::string Write(uint64_t n, const std::string& url = "") { return Write(n, exchange_, url); }
  std::string Write(uint64_t n, Http1Exchange& exchange, const std::string& url = "") {
    call_.Write({kTestRun, n}, url, exchange);
    return exchange.origin->name + " " + std::string(exchange.bytes);
  }

 private:
  class Ignore final : public Transport::Sink {
    void OnOutcome(uint32_t, Nanos, const Outcome&) noexcept override {}
    void OnBatch() noexcept override {}
    void OnConnecting(uint32_t) noexcept override {}
  };

  struct Loop {
    Loop() = default;
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    ~Loop() { ev_loop_destroy(loop); }
    struct ev_loop* const loop = NewEventLoop();
  };

  TransportSetup Setup(const v1::Plan& plan, const RequestSource* source) {
    TransportSetup setup = {plan, network_, loop_.loop, sink_, 1};
    setup.source = source;
    return setup;
  }

  Network network_;
  Loop loop_;
  Ignore sink_;
  Routes routes_{v1::Transport(), network_, loop_.loop, 0};
  Http1Origins origins_{routes_};
  Http1Call call_;
  Http1Exchange exchange_;
};

void SetList(uint64_t entries, v1::Order order, v1::Plan& plan) {
  v1::UrlList& urls = *plan.mutable_urls();
  urls.set_name("l");
  urls.set_entries(entries);
  urls.set_order(order);
}

TEST(Http1Call, OfALongListKeepsWhatStandsBehindTheTarget) {
  const uint64_t entries = Http1Ready::kMostEntries + 1;
  std::string list;
  for (uint64_t i = 0; i < entries; ++i) list += fmt::format("http://127.0.0.1/{}\n", i);
  v1::Plan plan = SimplePlan();
  SetList(entries, v1::ORDER_SEQUENTIAL, plan);
  const auto source = RequestSource::Create(plan, list);
  ASSERT_TRUE(source.ok()) << source.status();
  Caller caller(plan, &*source);
  Http1Exchange exchange;
  const std::string first = caller.Write(0, exchange);
  ASSERT_NE(exchange.ending.of, nullptr);
  const size_t bytes = exchange.ending.bytes;
  exchange.own_bytes.back() = 'X';  // of the empty line
  const std::string second = caller.Write(1, exchange);
  EXPECT_EQ(second.substr(second.size() - bytes),
            first.substr(first.size() - bytes, bytes - 1) + 'X');
}

// What a call writes of a list is what it writes of the URLs alone, in whatever exchange.
void CheckRequests(v1::Plan plan, const std::string& list, uint64_t entries, uint64_t requests) {
  SetList(entries, v1::ORDER_SHUFFLED, plan);
  const auto source = RequestSource::Create(plan, list);
  ASSERT_TRUE(source.ok()) << source.status();
  Caller caller(plan, &*source);
  Caller plain(plan, nullptr);
  std::array<Http1Exchange, 3> exchanges;
  for (uint64_t n = 0; n < requests; ++n) {
    std::string url;
    source->Url(n, url);
    ASSERT_EQ(caller.Write(n, exchanges[n % 7 % 3]), plain.Write(n, url)) << n;
  }
}

TEST(Http1Call, OfAListIsTheSameInEveryPass) {
  struct Case {
    const char* name;
    uint64_t entries;
    size_t header_bytes;  // more than there is room for, where many requests have it
    bool tag;
  };
  for (const Case& c : {Case{"short", 300, 10, false}, Case{"tagged", 300, 10, true},
                        Case{"more than is kept", 2000, 4000, false},
                        Case{"each more than is kept at once", 3, 70'000, false}}) {
    SCOPED_TRACE(c.name);
    std::string list;
    for (uint64_t i = 0; i < c.entries; ++i) {
      list += fmt::format("http://127.0.0.{}/items/{}?x=1#part\n", i % 3 == 0 ? 1 : 2, i);
    }
    v1::Plan plan = SimplePlan();
    plan.mutable_request()->set_tag(c.tag);
    v1::Header& header = *plan.mutable_request()->add_headers();
    header.set_name("X");
    header.set_value(std::string(c.header_bytes, 'x'));
    CheckRequests(plan, list, c.entries, 3 * c.entries);
  }
}

TEST(Http1Call, OfALongListIsTheSameWhateverItsLinesAre) {
  struct Case {
    const char* name;
    std::vector<std::string> lines;  // as often as it takes; of each, "{}" is its number
  };
  const std::string long_path(2000, 'x');
  for (const Case& c : {
           Case{"one server", {"http://127.0.0.1/items/{}"}},
           Case{"joined", {"/items/{}", "/"}},
           Case{"servers", {"http://127.0.0.1/{}", "http://127.0.0.11/{}", "/{}"}},
           Case{"servers and fragments", {"http://127.0.0.1/{}", "/{}#x", "/{}"}},
           Case{"no path", {"http://127.0.0.1", "http://127.0.0.1?{}", "http://127.0.0.2/{}"}},
           Case{"fragments", {"http://127.0.0.1/{}#x", "/{}", "/{}?y#z", "http://127.0.0.1#"}},
           Case{"users", {"http://a:b@127.0.0.1/{}", "http://127.0.0.1/{}"}},
           Case{"long ones", {"/{}", "/{}" + long_path, "/{}" + long_path.substr(0, 900)}},
           Case{"carriage returns and comments", {"/{}\r", "# x\n/{}", "  /{} ", "\n/{}"}},
       }) {
    SCOPED_TRACE(c.name);
    std::string list;
    const uint64_t entries = Http1Ready::kMostEntries + 5;
    for (uint64_t i = 0; i < entries; ++i) {
      list += fmt::format(fmt::runtime(c.lines[i % c.lines.size()]), i) + "\n";
    }
    for (const char* base : {"http://127.0.0.1:80", "http://u@127.0.0.3/api/"}) {
      v1::Plan plan = SimplePlan();
      plan.mutable_request()->set_url(base);
      plan.mutable_request()->set_method("POST");
      plan.mutable_request()->set_body(std::string(c.lines.size() == 1 ? 5000 : 4, 'x'));
      CheckRequests(plan, list, entries, 3000);
    }
  }
}

TEST(Http1Call, OfRowsIsTheSameInEveryPass) {
  const std::string feeder = "id,name\n1,a b\n2,c\n3,\"d\"\"e\"\n";
  struct Case {
    const char* name;
    const char* url;
    const char* header;
    bool few;  // different ones
  };
  for (const Case& c : {Case{"columns", "http://127.0.0.1/{{col id}}", "{{col name}}", true},
                        Case{"a number as well", "http://127.0.0.1/{{col id}}", "{{seq}}", false},
                        Case{"fixed beside columns", "http://127.0.0.1/x", "{{col id}}", true}}) {
    v1::Plan plan = SimplePlan();
    plan.set_templates(true);
    plan.mutable_request()->set_url(c.url);
    plan.mutable_feeder()->set_name("f");
    plan.mutable_feeder()->set_rows(3);
    plan.mutable_feeder()->set_order(v1::ORDER_SHUFFLED);
    v1::Header& header = *plan.mutable_request()->add_headers();
    header.set_name("X");
    header.set_value(c.header);
    const auto source = RequestSource::Create(plan, "", feeder);
    ASSERT_TRUE(source.ok()) << source.status();
    EXPECT_EQ(source->OrderOf(0) != nullptr, c.few) << c.name;
    Caller caller(plan, &*source);
    for (uint64_t n = 0; n < 9; ++n) {
      // One that has never sent anything renders it anew.
      ASSERT_EQ(caller.Write(n), Caller(plan, &*source).Write(n)) << c.name << " " << n;
      std::string url;
      source->Url(n, url);
      EXPECT_TRUE(caller.Write(n).find(url.substr(url.rfind('/')) + " HTTP/1.1\r\n") !=
                  std::string::npos)
          << caller.Write(n);
    }
  }
}

// An exchange's memory is used again by whatever comes next, and grows with it. What ends alike is
// still there when the same comes again.
TEST(Http1Call, RenderedRequestsTakeTurns) {
  std::string feeder = "id\n";
  for (size_t i = 0; i < 40; ++i) feeder += std::string(i % 7 * i * 5, 'a') + "b\n";
  struct Case {
    const char* url;
    const char* body;
    bool tag;
    const char* end;
  };
  const std::array<Case, 6> cases = {
      Case{"http://127.0.0.1/{{seq}}/x", "", false, "Accept: */*\r\n\r\n"},
      Case{"http://127.0.0.2/{{int -50 50}}?y={{hex 16}}z", "of all", false, "h: 6\r\n\r\nof all"},
      Case{"http://127.0.0.2/{{int 0 1000000000}}?y={{uuid}}", "all of", false, "\r\nall of"},
      Case{"http://127.0.0.1/{{seq}}/{{col id}}", "", false, "Accept: */*\r\n\r\n"},
      Case{"http://127.0.0.2/{{hex 16}}", "", true, "\r\n\r\n"},
      Case{"http://127.0.0.2/{{col id}}{{uuid}}", "{{col id}}{{seq}}-", false, "-"}};
  std::vector<RequestSource> sources;
  std::vector<v1::Plan> plans;
  for (const Case& c : cases) {
    v1::Plan& plan = plans.emplace_back(SimplePlan());
    plan.set_templates(true);
    plan.mutable_request()->set_url(c.url);
    if (*c.body != '\0') plan.mutable_request()->set_body(c.body);
    plan.mutable_request()->set_tag(c.tag);
    const bool of_rows = std::string_view(c.url).find("col") != std::string_view::npos;
    if (of_rows) {
      plan.mutable_feeder()->set_name("f");
      plan.mutable_feeder()->set_rows(40);
      plan.mutable_feeder()->set_order(v1::ORDER_SEQUENTIAL);
    }
    absl::StatusOr<RequestSource> source = RequestSource::Create(plan, "", of_rows ? feeder : "");
    ASSERT_TRUE(source.ok()) << source.status();
    sources.push_back(*std::move(source));
  }
  std::deque<Caller> callers;
  for (size_t i = 0; i < plans.size(); ++i) callers.emplace_back(plans[i], &sources[i]);
  Http1Exchange exchange;
  std::map<std::pair<size_t, size_t>, int> neighbours;
  size_t before = 0;
  for (uint64_t turn = 0; turn < 1000; ++turn) {
    const size_t i = Draw(7, turn) % plans.size();
    const uint64_t n = turn * turn;
    std::string url;
    sources[i].Url(n, url);
    const std::string written = callers[i].Write(n, exchange);
    ASSERT_EQ(written, Caller(plans[i], &sources[i]).Write(n)) << turn;
    ASSERT_NE(written.find(url.substr(url.find('/', 8)) + " HTTP/1.1\r\nHost: 127.0.0."),
              std::string::npos)
        << written;
    ASSERT_TRUE(written.ends_with(cases.at(i).end)) << written;
    ++neighbours[{std::exchange(before, i), i}];
  }
  EXPECT_EQ(neighbours.size(), cases.size() * cases.size()) << "each came behind each";
}

}  // namespace
}  // namespace squall::testing
