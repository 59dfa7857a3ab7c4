// What people set up and what they did: strategy instances, risk limits, the audit log.
import type { AuditRow, RiskLimitsRow, StrategyInstanceRow } from '../../actors/market/records.ts';
import { auditLog, riskLimits, strategyInstances } from '../../drizzle/schema/index.ts';
import { instantText, rowSet, type Statement } from '../row-set.ts';
import { lastByKey, type Projection } from './projection.ts';

const instance = rowSet(strategyInstances, [
  'instanceId',
  'actorId',
  'strategy',
  'revision',
  'status',
  'config',
  'scope',
  'reason',
]);
const upsertInstances: Statement = {
  name: 'upsert_strategy_instances',
  text: `insert into strategy_instances as s (${instance.columns}) select ${instance.values} from ${instance.from}
on conflict (instance_id) do update
   set actor_id = excluded.actor_id, strategy = excluded.strategy, revision = excluded.revision,
       status = excluded.status, config = excluded.config, scope = excluded.scope, reason = excluded.reason,
       version = s.version + 1, deleted_at = null, updated_at = ${instance.extra(1)}::timestamptz`,
};

export const strategyInstanceProjection: Projection<StrategyInstanceRow> = {
  table: 'strategy_instances',
  statements: [upsertInstances],
  bind: (recorded, { at }) => {
    const rows = lastByKey(recorded, ({ row }) => row.instanceId).map(({ actorId, row }) => ({ ...row, actorId }));
    return [{ statement: upsertInstances, values: [...instance.bind(rows), instantText(at)] }];
  },
};

const limits = rowSet(riskLimits, ['scope', 'actorId', 'limits', 'halted', 'reason']);
const upsertLimits: Statement = {
  name: 'upsert_risk_limits',
  text: `insert into risk_limits as r (${limits.columns}) select ${limits.values} from ${limits.from}
on conflict (scope) do update
   set actor_id = excluded.actor_id, limits = excluded.limits, halted = excluded.halted, reason = excluded.reason,
       version = r.version + 1, deleted_at = null, updated_at = ${limits.extra(1)}::timestamptz`,
};

export const riskLimitsProjection: Projection<RiskLimitsRow> = {
  table: 'risk_limits',
  statements: [upsertLimits],
  bind: (recorded, { at }) => {
    const rows = lastByKey(recorded, ({ row }) => row.scope).map(({ actorId, row }) => ({ ...row, actorId }));
    return [{ statement: upsertLimits, values: [...limits.bind(rows), instantText(at)] }];
  },
};

const audit = rowSet(auditLog, ['actorId', 'actor', 'action', 'detail', 'at']);
const insertAudit: Statement = {
  name: 'insert_audit_log',
  text: `insert into audit_log (${audit.columns}) select ${audit.values} from ${audit.from}`,
};

export const auditProjection: Projection<AuditRow> = {
  table: 'audit_log',
  statements: [insertAudit],
  bind: (recorded, { at }) => [
    { statement: insertAudit, values: audit.bind(recorded.map(({ actorId, row }) => ({ ...row, actorId, at }))) },
  ],
};
