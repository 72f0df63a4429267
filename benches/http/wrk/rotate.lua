-- The paths of a file, one after the other and from the beginning again: wrk -s rotate.lua ADDRESS -- FILE
dofile(os.getenv("BENCH_WRK") .. "/report.lua")

local all, at = {}, 0

function init(arguments)
  for i, path in ipairs(lines(arguments[1])) do all[i] = wrk.format(nil, path) end
end

function request()
  at = at % #all + 1
  return all[at]
end
