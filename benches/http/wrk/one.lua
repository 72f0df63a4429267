-- The address on the command line, again and again: wrk makes the request once.
dofile(os.getenv("BENCH_WRK") .. "/report.lua")
