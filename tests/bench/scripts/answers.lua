-- The same, and a look at each answer.
local sent, bytes = 0, 0

function request()
   sent = sent + 1
   return wrk.format("GET", "/items/" .. sent)
end

function response(status, headers, body)
   if status == 200 and headers["Content-Length"] then bytes = bytes + #body end
end
