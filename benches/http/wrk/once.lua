-- The paths of a file, each once: wrk -s once.lua ADDRESS -- FILE
-- wrk itself only ends when its time is over, so load.py ends it when it reads END.
dofile(os.getenv("BENCH_WRK") .. "/report.lua")

local all, at = {}, 0

function init(arguments)
  for i, path in ipairs(lines(arguments[1])) do all[i] = wrk.format(nil, path) end
end

function request()
  at = at + 1
  if at == #all then
    io.write("END\n")
    io.flush()
    wrk.thread:stop()
  end
  return all[math.min(at, #all)]
end
