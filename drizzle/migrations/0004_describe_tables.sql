-- The doc lines of drizzle/schema, where psql shows them (\d+ actors). A test holds that both say the same.
-- Lock: share update exclusive, for a moment. Back: the down script.
comment on table balances is 'What a venue said an account held: one row per provider and asset, the newest observation.';
--> statement-breakpoint
comment on column balances.locked is 'Held by open orders. The total is available + locked.';
--> statement-breakpoint
comment on column balances.observed_at is 'The venue''s time of the observation; an older one never replaces a newer.';
--> statement-breakpoint
comment on table positions is 'What we hold by our own count, per provider account, strategy instance and symbol.';
--> statement-breakpoint
comment on column positions.quantity is 'Signed: negative is short.';
--> statement-breakpoint
comment on column positions.cost_quote is 'What the open quantity cost, in the quote asset; average price = cost / quantity.';
--> statement-breakpoint
comment on column positions.execution_id is 'The last execution that is counted in.';
--> statement-breakpoint
comment on table ledger_entries is 'Double entry: the amounts of one posting sum to zero for each asset. Append-only.';
--> statement-breakpoint
comment on column ledger_entries.posting is 'What its lines have in common: the key of the execution, transfer or correction they book.';
--> statement-breakpoint
comment on column ledger_entries.execution_id is 'Null for transfers and corrections.';
--> statement-breakpoint
comment on column ledger_entries.account is '`kind:owner`, such as `strategy:mm-1`, `venue:paper`, `fees:paper`.';
--> statement-breakpoint
comment on column ledger_entries.amount is 'Signed: what the account gains.';
--> statement-breakpoint
comment on table actors is 'Durable actors: one row each, the last committed snapshot. Written by the unit of work alone. Nothing that changes at every turn is indexed: an index on such a column makes each update write every index again (22 instead of 11 µs).';
--> statement-breakpoint
comment on column actors.id is 'Reserved by the process in blocks, so that a transition can name its actor before the commit.';
--> statement-breakpoint
comment on column actors.key is '`kind/id`, the address messages are sent to.';
--> statement-breakpoint
comment on column actors.shard is 'The shard whose owner may change this row.';
--> statement-breakpoint
comment on column actors.machine_version is 'Version of machine and context that the snapshot belongs to.';
--> statement-breakpoint
comment on column actors.version is 'Number of the last transition; a writer proves which one it started from.';
--> statement-breakpoint
comment on column actors.status is 'active, suspended and failed actors are loaded at boot; done ones stay on disk until a message comes.';
--> statement-breakpoint
comment on column actors.state is 'The state value in one line: `working`, or `life.working cancel.none` for regions.';
--> statement-breakpoint
comment on column actors.snapshot is 'State value and context, byte for byte what replaying the journal produces.';
--> statement-breakpoint
comment on table nodes is 'Who owns a shard and what its last commit was: one row per shard.';
--> statement-breakpoint
comment on column nodes.node is 'The process that holds the lease, in words for an operator.';
--> statement-breakpoint
comment on column nodes.session is 'Application name of every session of that process, unique to it: how its death is seen.';
--> statement-breakpoint
comment on column nodes.epoch is 'Fencing token: raised by each take-over; a commit under an older one is refused.';
--> statement-breakpoint
comment on column nodes.commit_number is 'Number of the shard''s last commit. Every commit raises it by one, as its last statement.';
--> statement-breakpoint
comment on column nodes.ttl_ms is 'How long each commit and each renewal extends the lease.';
--> statement-breakpoint
comment on column nodes.lease_until is 'By the database''s clock. Past: anyone may take the shard.';
--> statement-breakpoint
comment on column nodes.backend_pid is 'Session that holds the lease; null when the shard was given up.';
--> statement-breakpoint
comment on column nodes.backend_start is 'With the pid it names one session for ever: pids are used again.';
--> statement-breakpoint
comment on column nodes.last_at is 'Greatest group time of any commit, so that time never runs back across a restart.';
--> statement-breakpoint
comment on column nodes.started_at is 'When this owner took the shard.';
--> statement-breakpoint
comment on table audit_log is 'Who changed what. Append-only.';
--> statement-breakpoint
comment on column audit_log.actor_id is 'The actor that wrote the entry.';
--> statement-breakpoint
comment on column audit_log.actor is 'The person, token or part of the system that acted.';
--> statement-breakpoint
comment on column audit_log.detail is 'Without secrets.';
--> statement-breakpoint
comment on column audit_log.at is 'Time of the group that recorded it.';
--> statement-breakpoint
comment on table dead_letters is 'Messages that could not be applied, kept whole so that an operator can look at them and deliver them again.';
--> statement-breakpoint
comment on column dead_letters.receiver is 'Key of the receiver. No foreign key: the receiver may never have existed.';
--> statement-breakpoint
comment on column dead_letters.reason is 'unhandled: no transition for it. poison: its turn threw. refused: the database refused its rows. undeliverable: nobody there. effect: its attempts are used up.';
--> statement-breakpoint
comment on column dead_letters.attempts is 'How often it ended here.';
--> statement-breakpoint
comment on column dead_letters.at is 'Time of the group that gave it up last.';
--> statement-breakpoint
comment on column dead_letters.redriven_at is 'Delivered again and applied; null while it waits.';
--> statement-breakpoint
comment on table transitions is 'The journal: every message an actor applied, in the order it applied them. Append-only. Folding an actor''s rows through its machine gives its snapshot again.';
--> statement-breakpoint
comment on column transitions.number is '1 is the creation (type `@init`, body = input); no gaps.';
--> statement-breakpoint
comment on column transitions.body is 'The message as it was accepted, without the time and id that the runtime adds.';
--> statement-breakpoint
comment on column transitions.from_state is 'Null for the creation.';
--> statement-breakpoint
comment on column transitions.at is 'Time of the group: what the machine saw as `at`.';
--> statement-breakpoint
comment on column transitions.sender is 'Key of the sending actor; null when the message came from outside.';
--> statement-breakpoint
comment on column transitions.cause is 'Id of the message whose turn sent this one; null when it came from outside.';
--> statement-breakpoint
comment on column transitions.correlation is 'Id of the first message of the cascade.';
--> statement-breakpoint
comment on column transitions.hop is 'Turns between this message and the outside.';
--> statement-breakpoint
comment on table orders is 'Orders, keyed by the actor that lives their life: its id is the order''s id.';
--> statement-breakpoint
comment on column orders.client_order_id is 'Ours, unique per provider, sent to the venue as the idempotency key of the submit.';
--> statement-breakpoint
comment on column orders.strategy_instance is 'Who asked for it. No foreign key: orders outlive instances, and an operator may place one.';
--> statement-breakpoint
comment on column orders.price is 'Null for market orders.';
--> statement-breakpoint
comment on column orders.state is 'Upstream''s word for it, as the compatible API shows it.';
--> statement-breakpoint
comment on column orders.life is 'The order''s life region: what we know of it, in our own words.';
--> statement-breakpoint
comment on column orders.filled_quantity is 'In the base asset. May pass `quantity`: what the venue did is a fact, whatever was asked.';
--> statement-breakpoint
comment on column orders.filled_quote is 'Sum of price × quantity of its executions, in the quote asset.';
--> statement-breakpoint
comment on column orders.signed_at is 'When the submit was signed: before it the venue has never heard of the order.';
--> statement-breakpoint
comment on column orders.deadline_at is 'After it the venue refuses the submit as too old, so that absence becomes provable.';
--> statement-breakpoint
comment on column orders.completed_at is 'Set once the order can no longer trade.';
--> statement-breakpoint
comment on column orders.reason is 'Why it was denied, rejected or canceled.';
--> statement-breakpoint
comment on table executions is 'Trades of our orders as the venue reported them. Append-only; a trade that is known already is left as it is.';
--> statement-breakpoint
comment on column executions.provider is 'The same as its order''s, kept here so that history is listed without a join.';
--> statement-breakpoint
comment on column executions.account is 'The account at the venue: trade ids are unique within it only.';
--> statement-breakpoint
comment on column executions.fee is 'Negative when the venue paid us.';
--> statement-breakpoint
comment on column executions.liquidity is 'Null when the venue does not say.';
--> statement-breakpoint
comment on table events_outbox is 'What actors said that is not yet heard: messages to other actors, effects on the world, events for the bus. Written in the commit of the turn that said it. Messages and effects are deleted once applied or settled; events stay, marked delivered, until an operator purges them.';
--> statement-breakpoint
comment on column events_outbox.id is 'Given in commit order by the process that writes, so that "everything after the last id seen" is complete.';
--> statement-breakpoint
comment on column events_outbox.lane is 'message: to an actor. effect: to the world. event: to the bus.';
--> statement-breakpoint
comment on column events_outbox.key is 'Message id or effect key: what makes a second delivery recognisable.';
--> statement-breakpoint
comment on column events_outbox.target is 'Receiver''s key, name of the effect, or topic, after the lane.';
--> statement-breakpoint
comment on column events_outbox.at is 'Time of the group that wrote it.';
--> statement-breakpoint
comment on column events_outbox.delivered_at is 'Null while pending.';
--> statement-breakpoint
comment on table providers is 'Configured venue accounts. Written by the provider''s actor.';
--> statement-breakpoint
comment on column providers.name is 'The name orders, balances and routes refer to; never changed and never used again for another account.';
--> statement-breakpoint
comment on column providers.adapter is 'Which adapter speaks to the venue.';
--> statement-breakpoint
comment on column providers.settings is 'The adapter''s settings. Credentials are references (`env:NAME`), never values.';
--> statement-breakpoint
comment on column providers.reason is 'Why it is degraded, stopped or failed.';
--> statement-breakpoint
comment on column providers.version is 'Raised by every change.';
--> statement-breakpoint
comment on table provider_routes is 'Which market data a provider carries, one row per route type and symbol; replaced as a set.';
--> statement-breakpoint
comment on column provider_routes.type is '`TRADE`, `TICKER`, `ORDERBOOK.SNAPSHOT`, ...';
--> statement-breakpoint
comment on table instruments is 'What a provider can trade, and in which steps.';
--> statement-breakpoint
comment on column instruments.symbol is 'Canonical symbol, `BASE-QUOTE`.';
--> statement-breakpoint
comment on column instruments.min_notional is 'Smallest price × quantity the venue takes, in the quote asset.';
--> statement-breakpoint
comment on table risk_limits is 'Risk limits and the kill switch, per scope. Written by the risk actor of that scope.';
--> statement-breakpoint
comment on column risk_limits.halted is 'The kill switch. It never clears itself.';
--> statement-breakpoint
comment on table strategy_instances is 'Strategy instances. Written by the instance''s actor.';
--> statement-breakpoint
comment on column strategy_instances.instance_id is 'The operator''s name for it.';
--> statement-breakpoint
comment on column strategy_instances.strategy is 'Name of the module it runs.';
--> statement-breakpoint
comment on column strategy_instances.revision is 'Content hash of the module''s source it runs.';
--> statement-breakpoint
comment on column strategy_instances.scope is 'Providers and symbols it may trade.';
--> statement-breakpoint
comment on table strategy_modules is 'Strategy modules: every revision of every module''s source, by content hash.';
--> statement-breakpoint
comment on column strategy_modules.hash is 'sha256 of the source.';
--> statement-breakpoint
comment on column strategy_modules.tag is 'A name for this revision that can be moved to another; null when it has none.';
--> statement-breakpoint
comment on column strategy_modules.metadata is 'What the module says of itself: events it wants, configuration it takes.';
--> statement-breakpoint
comment on table timers is 'Armed timers. The row goes when the timer fires, when its state is left and when its actor is done.';
--> statement-breakpoint
comment on column timers.generation is 'The actor''s transition number when it was armed; one that fires with another is stale.';
--> statement-breakpoint
comment on column timers.body is 'The message to deliver.';
--> statement-breakpoint
comment on column timers.correlation is 'Id of the first message of the cascade that armed it.';
