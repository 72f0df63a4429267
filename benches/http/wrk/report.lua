-- What every script ends with: one line of JSON that load.py reads. Percentiles are milliseconds.
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    'RESULT {"requests": %d, "micros": %d, "bytes": %d, "refused": %d, "broken": %d, "timeouts": %d, "p50": %f, "p99": %f}\n',
    summary.requests, summary.duration, summary.bytes, e.status, e.connect + e.read + e.write, e.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end

-- The lines of a file.
function lines(path)
  local all = {}
  for line in io.lines(path) do all[#all + 1] = line end
  return all
end
