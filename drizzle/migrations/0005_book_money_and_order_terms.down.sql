alter table position_fees reset (fillfactor);
alter table positions reset (fillfactor);
alter table ledger_balances reset (fillfactor);
alter table orders
  drop constraint orders_status_check,
  drop constraint orders_order_type_check,
  drop constraint orders_time_in_force_check,
  drop column stop_price,
  drop column asked_quantity,
  drop column asked_price,
  drop column good_till_at,
  drop column linked_to,
  drop column replaces,
  drop column replaced_by,
  drop column is_external,
  drop column status,
  add constraint orders_order_type_check check (order_type in ('Limit', 'Market')),
  add constraint orders_time_in_force_check check (time_in_force in ('GTC', 'IOC', 'FOK'));
alter table executions
  drop constraint executions_origin_check,
  drop column origin,
  drop column busted_at,
  drop column updated_at;
drop table instrument_versions;
alter table instruments
  drop column max_quantity,
  drop column version,
  drop column valid_from;
drop table ledger_balances;
drop table position_fees;
alter table positions
  add column execution_id bigint constraint positions_execution_id_executions_id_fk references executions (id);
alter table ledger_entries
  drop constraint ledger_entries_kind_check,
  add column execution_id bigint constraint ledger_entries_execution_id_executions_id_fk references executions (id),
  add constraint ledger_entries_kind_check check (kind in ('trade', 'fee', 'transfer', 'correction'));
create index ledger_entries_account_idx on ledger_entries (account, asset, id);
create index ledger_entries_execution_id_idx on ledger_entries (execution_id);
comment on column positions.cost_quote is 'What the open quantity cost, in the quote asset; average price = cost / quantity.';
comment on column positions.realized_quote is null;
comment on column positions.version is null;
comment on column ledger_entries.posting is 'What its lines have in common: the key of the execution, transfer or correction they book.';
comment on column ledger_entries.account is '`kind:owner`, such as `strategy:mm-1`, `venue:paper`, `fees:paper`.';
comment on column ledger_entries.kind is null;
comment on column ledger_entries.booked_at is null;
comment on table executions is 'Trades of our orders as the venue reported them. Append-only; a trade that is known already is left as it is.';
comment on column executions.fee is 'Negative when the venue paid us.';
comment on column positions.execution_id is 'The last execution that is counted in.';
comment on column ledger_entries.execution_id is 'Null for transfers and corrections.';
