-- With BENCH_HOSTS the requests are for so many hosts, chosen at random.
local hosts = tonumber(os.getenv("BENCH_HOSTS") or "0")
if hosts > 0 then
  local ready = {}
  init = function()
    math.randomseed(17)
    for i = 0, hosts - 1 do
      ready[i] = wrk.format("GET", nil, {["Host"] = "product-" .. i .. ".bench.test"})
    end
  end
  request = function()
    return ready[math.random(0, hosts - 1)]
  end
end

-- Prints what wrk counted as one line of JSON.
done = function(summary, latency, requests)
  io.write(string.format(
    'BENCH {"requests":%d,"micros":%d,"status":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d,"p50":%d,"p99":%d}\n',
    summary.requests, summary.duration, summary.errors.status, summary.errors.connect, summary.errors.read,
    summary.errors.write, summary.errors.timeout, latency:percentile(50), latency:percentile(99)))
end
