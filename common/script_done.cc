#include "common/script_done.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <string_view>

#include <lua.hpp>

#include "common/script_thread.h"

namespace squall {
namespace {

constexpr char kMetatable[] = "squall.stats";
constexpr double kMicrosecondNs = 1e3;

const ScriptStats& Check(lua_State* lua) {
  return **static_cast<const ScriptStats**>(luaL_checkudata(lua, 1, kMetatable));
}

int Percentile(lua_State* lua) {
  lua_pushnumber(lua, Check(lua).Percentile(luaL_checknumber(lua, 2)));
  return 1;
}

int Index(lua_State* lua) {
  const ScriptStats& stats = Check(lua);
  const std::string_view key = luaL_checkstring(lua, 2);
  if (key == "percentile") {
    lua_pushcfunction(lua, &Percentile);
  } else if (key == "min") {
    lua_pushnumber(lua, stats.min);
  } else if (key == "max") {
    lua_pushnumber(lua, stats.max);
  } else if (key == "mean") {
    lua_pushnumber(lua, stats.mean);
  } else if (key == "stdev") {
    lua_pushnumber(lua, stats.stdev);
  } else {
    return luaL_error(lua,
                      "statistics have no \"%s\": they have min, max, mean, stdev and "
                      "percentile()",
                      lua_tostring(lua, 2));
  }
  return 1;
}

int Length(lua_State* lua) {
  lua_pushinteger(lua, static_cast<lua_Integer>(Check(lua).values.size()));
  return 1;
}

// stats(i), from 1: the value, and how often it was seen.
int Call(lua_State* lua) {
  const ScriptStats& stats = Check(lua);
  const lua_Number index = luaL_checknumber(lua, 2);
  if (!(index >= 1 && index <= static_cast<lua_Number>(stats.values.size()))) {
    return luaL_error(lua, "there are %d values", static_cast<int>(stats.values.size()));
  }
  const auto& [value, count] = stats.values[static_cast<size_t>(index) - 1];
  lua_pushnumber(lua, value);
  lua_pushnumber(lua, static_cast<lua_Number>(count));
  return 2;
}

void OpenStats(lua_State* lua) {
  luaL_newmetatable(lua, kMetatable);
  lua_pushcfunction(lua, &Index);
  lua_setfield(lua, -2, "__index");
  lua_pushcfunction(lua, &Length);
  lua_setfield(lua, -2, "__len");
  lua_pushcfunction(lua, &Call);
  lua_setfield(lua, -2, "__call");
  lua_pushliteral(lua, "stats");
  lua_setfield(lua, -2, "__metatable");
  lua_pop(lua, 1);
}

void PushStats(lua_State* lua, const ScriptStats& stats) {
  *static_cast<const ScriptStats**>(lua_newuserdata(lua, sizeof(const ScriptStats*))) = &stats;
  luaL_getmetatable(lua, kMetatable);
  lua_setmetatable(lua, -2);
}

void SetNumber(lua_State* lua, const char* field, uint64_t number) {
  lua_pushnumber(lua, static_cast<lua_Number>(number));
  lua_setfield(lua, -2, field);
}

void PushSummary(lua_State* lua, const ScriptSummary& summary) {
  lua_newtable(lua);
  lua_pushnumber(lua, std::floor(static_cast<double>(summary.duration) / kMicrosecondNs));
  lua_setfield(lua, -2, "duration");
  SetNumber(lua, "requests", summary.requests);
  SetNumber(lua, "bytes", summary.bytes);
  lua_newtable(lua);
  SetNumber(lua, "connect", summary.connect);
  SetNumber(lua, "read", summary.read);
  SetNumber(lua, "write", summary.write);
  SetNumber(lua, "status", summary.status);
  SetNumber(lua, "timeout", summary.timeout);
  lua_setfield(lua, -2, "errors");
}

}  // namespace

ScriptStats ScriptStats::Of(const Histogram& histogram) {
  ScriptStats stats;
  stats.count = histogram.count();
  stats.min = std::floor(static_cast<double>(histogram.min()) / kMicrosecondNs);
  stats.max = std::floor(static_cast<double>(histogram.max()) / kMicrosecondNs);
  stats.mean = histogram.Mean() / kMicrosecondNs;
  stats.stdev = histogram.StandardDeviation() / kMicrosecondNs;
  for (const Histogram::Bucket& bucket : histogram.Buckets()) {
    const uint64_t highest = std::min(bucket.highest, histogram.max());
    const double value = std::floor(static_cast<double>(highest) / kMicrosecondNs);
    if (stats.values.empty() || stats.values.back().first != value) {
      stats.values.emplace_back(value, 0);
    }
    stats.values.back().second += bucket.count;
  }
  return stats;
}

ScriptStats ScriptStats::Of(std::vector<double> values) {
  ScriptStats stats;
  if (values.empty()) return stats;
  std::sort(values.begin(), values.end());
  stats.count = values.size();
  stats.min = values.front();
  stats.max = values.back();
  const auto count = static_cast<double>(values.size());
  for (const double value : values) stats.mean += value / count;
  double square = 0;
  for (const double value : values) {
    square += (value - stats.mean) * (value - stats.mean) / count;
    stats.values.emplace_back(value, 1);
  }
  stats.stdev = std::sqrt(square);
  return stats;
}

double ScriptStats::Percentile(double percent) const {
  const double rank = std::clamp(percent, 0., 100.) / 100 * static_cast<double>(count);
  double seen = 0;
  for (const auto& [value, times] : values) {
    seen += static_cast<double>(times);
    if (seen >= rank) return value;
  }
  return max;
}

absl::Status CallScriptDone(Script& script, const ScriptSummary& summary,
                            const std::vector<v1::ScriptGlobals>& workers, Script::Print print) {
  bool has_done = false;
  absl::Status status = script.state().Run(ScriptState::kEach, [&has_done](lua_State* lua) {
    OpenStats(lua);
    lua_getglobal(lua, "done");
    has_done = lua_isfunction(lua, -1);
  });
  if (!status.ok() || !has_done) return status;
  std::deque<ScriptThread> threads;  // which stay in place
  for (const v1::ScriptGlobals& globals : workers) {
    ScriptThread& thread = threads.emplace_back();
    thread.ended = &globals;
    thread.address = script.thread().address;
    status = script.Setup(thread);
    if (!status.ok()) return status;
  }
  script.state().print = std::move(print);
  return script.state().Run(ScriptState::kOnce, [&summary](lua_State* lua) {
    lua_getglobal(lua, "done");
    PushSummary(lua, summary);
    PushStats(lua, summary.latency);
    PushStats(lua, summary.rates);
    lua_call(lua, 3, 0);
  });
}

}  // namespace squall
