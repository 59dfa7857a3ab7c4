-- Functions that Drizzle cannot say: the fence of a commit, the check of a snapshot's version, blocks of ids.
-- Lock: none beyond the catalogue. Time: at once. Back: 0002_fence_commits.down.sql.

-- The first statement of every commit. Locks nothing and proves nothing; it only makes sure that a process which
-- lost its shard, or sends a group twice, hears that, and not of the rows its group stumbles over.
create function expect_commit(p_shard integer, p_epoch bigint, p_number bigint)
returns void language plpgsql as $$
begin
  perform from nodes where shard = p_shard and epoch = p_epoch and commit_number = p_number - 1;
  if not found then
    raise exception 'commit % of epoch % is not the next one of shard %', p_number, p_epoch, p_shard
      using errcode = 'MF001';
  end if;
end $$;
--> statement-breakpoint
-- The last statement of every commit. Moves the shard's commit number by exactly one under the epoch of the
-- lease and extends the lease; otherwise MF001 and the whole group is gone. It is an update and not a lock
-- taken at the start, so a paused owner blocks nobody: whoever takes the shard changes the row first, and the
-- paused owner's update then finds no row of its epoch.
create function fence_commit(p_shard integer, p_epoch bigint, p_number bigint, p_at timestamp with time zone)
returns void language plpgsql as $$
begin
  update nodes
     set commit_number = p_number,
         last_at = greatest(last_at, p_at),
         lease_until = clock_timestamp() + ttl_ms * interval '1 millisecond',
         updated_at = clock_timestamp()
   where shard = p_shard and epoch = p_epoch and commit_number = p_number - 1;
  if not found then
    raise exception 'commit % of epoch % is not the next one of shard %', p_number, p_epoch, p_shard
      using errcode = 'MF001';
  end if;
end $$;
--> statement-breakpoint
-- Called for an actor whose stored version is not the one its change started from: MS001.
create function refuse_stale(p_actor bigint)
returns void language plpgsql as $$
begin
  raise exception 'stale snapshot of actor %', p_actor using errcode = 'MS001';
end $$;
--> statement-breakpoint
-- Takes a block of ids from an identity column's sequence. Blocks never overlap: the lock makes the two steps
-- one for everybody who reserves. A block that is not used leaves a gap.
create function reserve_ids(p_sequence regclass, p_count integer, out first_id bigint, out last_id bigint)
language plpgsql as $$
begin
  perform pg_advisory_xact_lock('reserve_ids'::regproc::oid::integer, p_sequence::oid::integer);
  first_id := nextval(p_sequence);
  last_id := first_id + p_count - 1;
  perform setval(p_sequence, last_id);
end $$;
