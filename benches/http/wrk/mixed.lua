-- Of a hundred requests 95 read the paths of a file in turn, 4 count a view by a new visitor, 1 changes the title of an article:
-- wrk -s mixed.lua ADDRESS -- FILE IDS TOKEN SEED
dofile(os.getenv("BENCH_WRK") .. "/report.lua")

local all, ids, at, n = {}, {}, 0, 0
local seed, edit

function init(arguments)
  for i, path in ipairs(lines(arguments[1])) do all[i] = wrk.format(nil, path) end
  ids, seed = lines(arguments[2]), tonumber(arguments[4])
  edit = { ["Authorization"] = "Bearer " .. arguments[3], ["Content-Type"] = "application/merge-patch+json", ["If-Match"] = "*", ["Host"] = wrk.headers["Host"] }
  math.randomseed(seed)
end

function request()
  n = n + 1
  local turn = n % 100
  if turn == 50 then
    return wrk.format("PATCH", "/api/v1/manage/articles/" .. ids[math.random(#ids)], edit, string.format('{"title":"改过的标题 %d-%d"}', seed, n))
  elseif turn % 25 == 1 then
    local visitor = seed * 1000003 + n
    local headers = {
      ["Host"] = wrk.headers["Host"],
      ["User-Agent"] = "Mozilla/5.0 (X11; Linux x64) bench/" .. (visitor % 1000),
      ["X-Forwarded-For"] = string.format("10.%d.%d.%d", math.floor(visitor / 65536) % 256, math.floor(visitor / 256) % 256, visitor % 256),
    }
    return wrk.format("POST", "/api/v1/articles/" .. ids[math.random(#ids)] .. "/views", headers)
  end
  at = at % #all + 1
  return all[at]
end
