-- What wrk sends: the lines of a file (method, path and body, with tabs between), from a random one on.
-- Token, file, and the pause of each connection come from the environment; the result is one line.
local requests, at, pause = {}, 0, tonumber(os.getenv("BENCH_PAUSE_MS") or "0")

function init(_)
  local headers = {}
  local token = os.getenv("BENCH_TOKEN")
  if token then headers["Authorization"] = "Bearer " .. token end
  for line in io.lines(os.getenv("BENCH_REQUESTS")) do
    local method, path, body = line:match("^(%u+)\t([^\t]+)\t?(.*)$")
    headers["Content-Type"] = body ~= "" and "application/json" or nil
    requests[#requests + 1] = wrk.format(method, path, headers, body ~= "" and body or nil)
  end
  math.randomseed(tonumber(os.getenv("BENCH_SEED") or "1"))
  at = math.random(#requests)
end

function request()
  at = at % #requests + 1
  return requests[at]
end

if pause > 0 then
  function delay() return pause end
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format("BENCH %d %d %d %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), latency.max, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout, summary.bytes))
end
