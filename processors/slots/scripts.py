"""What is done to slots in Redis, each in one step there: sorted sets of (name of the attempt, expiry by Redis' clock).

`EPOCH` is `<run id of the server>:<who made it>`. Without it, or with another server's, Redis has lost what it knew: it
was flushed, restarted (with an old dump, too), or a replica has taken over.
"""

from __future__ import annotations

from typing import Final

_CLOCK: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""
_EPOCH: Final = """
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local function epoch()
  local found = redis.call('GET', KEYS[1])
  return found and string.sub(found, 1, #run + 1) == run .. ':' and found
end
"""

TAKE: Final = (
    _CLOCK
    + _EPOCH
    + """
-- KEYS: EPOCH, four of each released slot, four of each wanted one.
-- ARGV: epoch, ms to live, number of released, their holders; of each wanted one its holder and four caps, -1: none.
local key, arg = 2, 4
for _ = 1, ARGV[3] do
  for i = 0, 3 do redis.call('ZREM', KEYS[key + i], ARGV[arg]) end
  key, arg = key + 4, arg + 1
end
if epoch() ~= ARGV[1] then return false end
local answers, pruned = {}, {}
while key <= #KEYS do
  local holder, full = ARGV[arg], 0
  for i = 0, 3 do
    local set, cap = KEYS[key + i], tonumber(ARGV[arg + 1 + i])
    if not pruned[set] then
      redis.call('ZREMRANGEBYSCORE', set, '-inf', now)
      pruned[set] = true
    end
    if full == 0 and cap >= 0 and not redis.call('ZSCORE', set, holder) and redis.call('ZCARD', set) >= cap then
      full = i + 1
    end
  end
  if full == 0 then
    for i = 0, 3 do redis.call('ZADD', KEYS[key + i], now + ARGV[2], holder) end
  end
  answers[#answers + 1] = full
  key, arg = key + 4, arg + 5
end
return answers
"""
)
"""Releases, then takes: each slot wholly or not at all. Answers 0 or the number of the cap that is full; nil: the epoch
is another. Who holds it already has it."""

PUT: Final = (
    _CLOCK
    + """
-- KEYS: four of each slot. ARGV: ms to live, holders.
for i = 1, #KEYS do
  redis.call('ZADD', KEYS[i], 'GT', now + ARGV[1], ARGV[2 + math.floor((i - 1) / 4)])
end
"""
)
"""What the log says is there, whatever the caps say: put there, or prolonged."""

CLEAR: Final = (
    _CLOCK
    + """
-- KEYS: sets. ARGV: ms to live.
local up = string.match(redis.call('INFO', 'server'), 'uptime_in_seconds:(%d+)')
local began = now - (up + 1) * 1000
for _, key in ipairs(KEYS) do redis.call('ZREMRANGEBYSCORE', key, '-inf', '(' .. began + ARGV[1]) end
"""
)
"""Removes what was last prolonged before the server began: what came with an old dump."""

PROLONG: Final = PUT.replace("'GT'", "'XX', 'GT'")
"""The same, as far as it is there: what was released in between stays away."""

ADOPT: Final = (
    _EPOCH
    + """
-- KEYS: EPOCH. ARGV: the server's run id as it was before the slots were put, a new epoch.
if run ~= ARGV[1] then return false end
local found = epoch()
if not found then
  found = ARGV[2]
  redis.call('SET', KEYS[1], found)
end
return found
"""
)
"""The epoch that holds now, made where there is none; nil: it is another server, and knows nothing."""

STATE: Final = _EPOCH + "return {run, epoch()}"

RENEW: Final = (
    _CLOCK
    + """
-- KEYS: of each attempt its lease and four of its slot. ARGV: ms to live of leases, of slots; of each lease and holder.
local refused = 0
for n = 0, #KEYS / 5 - 1 do
  local lease, holder = ARGV[3 + 2 * n], ARGV[4 + 2 * n]
  local held = tonumber(redis.call('GET', KEYS[1 + 5 * n]))
  if not held or held <= tonumber(lease) then
    redis.call('SET', KEYS[1 + 5 * n], lease, 'PX', ARGV[1])
    for i = 2 + 5 * n, 5 + 5 * n do
      local until_ms = tonumber(redis.call('ZSCORE', KEYS[i], holder) or '-1')
      if until_ms > now then redis.call('ZADD', KEYS[i], 'GT', now + ARGV[2], holder) end
    end
  else
    refused = refused + 1
  end
end
return refused
"""
)
"""The holder says that it goes on: its leases, and its slots as far as they are there. Who follows the log puts back
what is not: a holder may be a sleeper whose attempt is long over. Answers how many were refused: a later attempt has
said so meanwhile."""

READ: Final = (
    _CLOCK
    + """
-- KEYS: sets. Of each its holders with the ms that they have left.
local found = {}
for i, key in ipairs(KEYS) do
  local members = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  for j = 2, #members, 2 do members[j] = tostring(members[j] - now) end
  found[i] = members
end
return found
"""
)

REMOVE: Final = """
-- KEYS: sets. ARGV: the holder to be removed from each.
local removed = 0
for i, key in ipairs(KEYS) do removed = removed + redis.call('ZREM', key, ARGV[i]) end
return removed
"""
