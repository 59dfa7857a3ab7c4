drop function reserve_ids(regclass, integer);
drop function refuse_stale(bigint);
drop function fence_commit(integer, bigint, bigint, timestamp with time zone);
drop function expect_commit(integer, bigint, bigint);
