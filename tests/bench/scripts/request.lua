-- A path and a header of its own for each request, as wrk's counter.lua has them.
local sent = 0

function request()
   sent = sent + 1
   wrk.headers["X-Number"] = sent
   return wrk.format("GET", "/items/" .. sent)
end
