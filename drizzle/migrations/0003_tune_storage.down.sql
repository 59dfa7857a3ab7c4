alter table timers reset (autovacuum_vacuum_scale_factor);
alter table events_outbox reset (autovacuum_vacuum_scale_factor);
alter table nodes reset (fillfactor);
alter table balances reset (fillfactor);
alter table orders reset (fillfactor);
alter table actors reset (fillfactor);
