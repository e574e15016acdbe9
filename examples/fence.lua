-- A fencing guard as one Redis script (docs/recipes/fencing.md).
-- KEYS: the guard, a list to append to. ARGV: token, entry. Answers the list's new length, or an error if a larger token has passed.
local newest = redis.call('GET', KEYS[1])
if newest and newest > ARGV[1] then
    return redis.error_reply('STALE ' .. newest .. ' has passed')
end
redis.call('SET', KEYS[1], ARGV[1])
return redis.call('RPUSH', KEYS[2], ARGV[2])
