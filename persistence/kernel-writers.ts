// What a group writes to the runtime's own tables: each statement, and how a write-set becomes its values.
// In the order they are sent: actors before the rows that refer to them.

import type { DeadLetterRow, WriteSet } from '../actors/runtime/ports.ts';
import { actors, deadLetters, eventsOutbox, timers, transitions } from '../drizzle/schema/index.ts';
import { encodeArray } from './binary-arrays.ts';
import { type Call, instantText, type Parameter, rowSet, type Statement } from './row-set.ts';

/** A statement and the part of a write-set it writes; null when the set has nothing for it. */
export interface Writer {
  readonly statement: Statement;
  bind(set: WriteSet): Parameter[] | null;
}

const expectCommit: Writer = {
  statement: { name: 'expect_commit', text: 'select expect_commit($1::int4, $2::int8, $3::int8)' },
  bind: ({ shard, epoch, number }) => [String(shard), String(epoch), String(number)],
};

const created = rowSet(actors, ['id', 'key', 'kind', 'machineVersion', 'version', 'status', 'state', 'snapshot']);
const insertActors: Writer = {
  statement: {
    name: 'insert_actors',
    text: `insert into actors (${created.columns}, shard, created_at, updated_at)
select ${created.values}, ${created.extra(1)}::int4, ${created.extra(2)}::timestamptz, ${created.extra(2)}::timestamptz
  from ${created.from}`,
  },
  bind: ({ created: rows, shard, at }) =>
    rows.length === 0 ? null : [...created.bind(rows), String(shard), instantText(at)],
};

// An update of known rows costs the server two thirds of `insert ... on conflict`. A row whose stored version
// is another one is not written, and refuse_stale then ends the group.
const changed = rowSet(actors, ['id', 'machineVersion', 'version', 'status', 'state', 'snapshot'], {
  fromVersion: 'int8',
});
const updateActors: Writer = {
  statement: {
    name: 'update_actors',
    text: `with written as (
  update actors a
     set ${changed.assign('machineVersion', 'version', 'status', 'state', 'snapshot')},
         updated_at = ${changed.extra(1)}::timestamptz
    from ${changed.from}
   where a.id = x.id and a.version = x."fromVersion"
  returning a.id
)
select refuse_stale(changed.id) from unnest($1::int8[]) as changed (id)
 where changed.id not in (select id from written)`,
  },
  bind: ({ changed: rows, at }) => (rows.length === 0 ? null : [...changed.bind(rows), instantText(at)]),
};

const journal = rowSet(transitions, [
  'actorId',
  'number',
  'messageId',
  'type',
  'body',
  'fromState',
  'toState',
  'at',
  'sender',
  'cause',
  'correlation',
  'hop',
]);
const insertTransitions: Writer = {
  statement: {
    name: 'insert_transitions',
    text: `insert into transitions (${journal.columns}) select ${journal.values} from ${journal.from}`,
  },
  bind: ({ transitions: rows }) => (rows.length === 0 ? null : journal.bind(rows)),
};

const outgoing = rowSet(eventsOutbox, [
  'id',
  'lane',
  'key',
  'sourceId',
  'target',
  'type',
  'body',
  'at',
  'cause',
  'correlation',
  'hop',
  'deliveredAt',
]);
const insertOutbox: Writer = {
  statement: {
    name: 'insert_outbox',
    text: `insert into events_outbox (${outgoing.columns}) select ${outgoing.values} from ${outgoing.from}`,
  },
  bind: ({ outbox: rows }) => (rows.length === 0 ? null : outgoing.bind(rows)),
};

const deleteSettled: Writer = {
  statement: {
    name: 'delete_settled_outbox',
    text: `delete from events_outbox where id = any ($1::int8[]) and lane <> 'event'`,
  },
  bind: ({ settled }) => (settled.length === 0 ? null : [encodeArray('int8', settled)]),
};

const markDelivered: Writer = {
  statement: {
    name: 'mark_outbox_delivered',
    text: `update events_outbox set delivered_at = $2::timestamptz, updated_at = $2::timestamptz
 where id = any ($1::int8[]) and delivered_at is null`,
  },
  bind: ({ delivered, at }) => (delivered.length === 0 ? null : [encodeArray('int8', delivered), instantText(at)]),
};

const armed = rowSet(timers, ['actorId', 'timerId', 'generation', 'dueAt', 'body', 'correlation']);
const putTimers: Writer = {
  statement: {
    name: 'put_timers',
    text: `insert into timers as t (${armed.columns}) select ${armed.values} from ${armed.from}
on conflict (actor_id, timer_id) do update
   set generation = excluded.generation, due_at = excluded.due_at, body = excluded.body,
       correlation = excluded.correlation, updated_at = now()`,
  },
  bind: ({ timersPut: rows }) => (rows.length === 0 ? null : armed.bind(rows)),
};

const dropped = rowSet(timers, ['actorId', 'timerId']);
const dropTimers: Writer = {
  statement: {
    name: 'drop_timers',
    text: `delete from timers t using ${dropped.from} where t.actor_id = x.actor_id and t.timer_id = x.timer_id`,
  },
  bind: ({ timersDropped: rows }) => (rows.length === 0 ? null : dropped.bind(rows)),
};

const dead = rowSet(deadLetters, [
  'receiver',
  'messageId',
  'sender',
  'type',
  'body',
  'cause',
  'correlation',
  'hop',
  'reason',
  'error',
  'attempts',
  'at',
]);
const insertDeadLetters: Writer = {
  statement: {
    name: 'insert_dead_letters',
    text: `insert into dead_letters as d (${dead.columns}) select ${dead.values} from ${dead.from}
on conflict (receiver, message_id) do update
   set reason = excluded.reason, error = excluded.error, attempts = d.attempts + excluded.attempts,
       at = excluded.at, redriven_at = null, updated_at = now()`,
  },
  bind: ({ deadLetters: rows }) => (rows.length === 0 ? null : dead.bind(folded(rows))),
};

const redriven = rowSet(deadLetters, ['receiver', 'messageId']);
const markRedriven: Writer = {
  statement: {
    name: 'mark_dead_letters_redriven',
    text: `update dead_letters d set redriven_at = ${redriven.extra(1)}::timestamptz, updated_at = now()
  from ${redriven.from} where d.receiver = x.receiver and d.message_id = x.message_id`,
  },
  bind: ({ redriven: rows, at }) =>
    rows.length === 0
      ? null
      : [...redriven.bind(rows.map(({ key, messageId }) => ({ receiver: key, messageId }))), instantText(at)],
};

const fenceCommit: Writer = {
  statement: {
    name: 'fence_commit',
    text: 'select fence_commit($1::int4, $2::int8, $3::int8, $4::timestamptz)',
  },
  bind: ({ shard, epoch, number, at }) => [String(shard), String(epoch), String(number), instantText(at)],
};

/** The first question of a group whose owner has not committed for a moment: is the shard still ours? */
export const EXPECTING: readonly Writer[] = [expectCommit];
export const WRITERS_BEFORE_RECORDS: readonly Writer[] = [insertActors, updateActors];
export const WRITERS_AFTER_RECORDS: readonly Writer[] = [
  insertTransitions,
  insertOutbox,
  deleteSettled,
  markDelivered,
  putTimers,
  dropTimers,
  insertDeadLetters,
  markRedriven,
  fenceCommit,
];

/** Every statement above; prepared when a session opens. */
export const KERNEL_STATEMENTS: readonly Statement[] = [
  ...EXPECTING,
  ...WRITERS_BEFORE_RECORDS,
  ...WRITERS_AFTER_RECORDS,
].map(({ statement }) => statement);

export function callsOf(writers: readonly Writer[], set: WriteSet): readonly Call[] {
  return writers.flatMap(({ statement, bind }) => {
    const values = bind(set);
    return values === null ? [] : [{ statement, values }];
  });
}

/** One row per (receiver, message id), the last word with the count: a statement cannot write a row twice. */
function folded(rows: readonly DeadLetterRow[]) {
  const byMessage = new Map<string, ReturnType<typeof deadRow>>();
  for (const row of rows) {
    const key = `${row.envelope.to} ${row.envelope.id}`;
    byMessage.set(key, deadRow(row, (byMessage.get(key)?.attempts ?? 0) + 1));
  }
  return [...byMessage.values()];
}

function deadRow({ envelope, reason, error, at }: DeadLetterRow, attempts: number) {
  const { to, id, from, body, cause, correlation, hop } = envelope;
  return {
    receiver: to,
    messageId: id,
    sender: from,
    type: body.type,
    body: JSON.stringify(body),
    cause,
    correlation,
    hop,
    reason,
    error,
    attempts,
    at,
  };
}
