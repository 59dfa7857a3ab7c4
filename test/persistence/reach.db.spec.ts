import { inspect } from 'node:util';
import test from 'ava';
import { migrateDown } from '../../persistence/migrate.ts';
import { MigrationFault } from '../../persistence/migration-records.ts';
import { checkDatabase, DatabaseFault, reachServer } from '../../persistence/reach.ts';
import { emptyDatabase, testDatabase } from '../support/db.ts';
import { query } from '../support/system.ts';
import { tcpProxy } from '../support/tcp-proxy.ts';

test('a database with our schema is reported with its version and what weakens its promises', async (t) => {
  const url = await testDatabase();
  const { serverVersion, warnings } = await checkDatabase(url);
  t.regex(serverVersion, /^\d+/);
  const [settings] = await query<{ fsync: string }>(url, 'show fsync');
  t.is(
    warnings.some((warning) => warning.startsWith('fsync is off')),
    settings?.fsync === 'off',
  );
});

test('a database without our schema says what it lacks', async (t) => {
  await t.throwsAsync(checkDatabase(await emptyDatabase()), {
    instanceOf: MigrationFault,
    message: /^MIGRATION_PENDING: the database lacks 0000_create_kernel_tables/,
  });
  const url = await testDatabase();
  await migrateDown(url, 1);
  await t.throwsAsync(checkDatabase(url), { message: /lacks \d{4}_\w+; run "meltica migrate up"/ });
});

test('nobody at that address is unreachable, and the advice names the setting', async (t) => {
  const url = new URL(await testDatabase());
  url.port = '1';
  const fault = await t.throwsAsync(reachServer(url.href), { instanceOf: DatabaseFault });
  t.regex(
    fault?.message ?? '',
    /^DATABASE_UNREACHABLE: 127\.0\.0\.1:1\/\w+ does not answer: .*ECONNREFUSED.*\(DATABASE_URL\) right\?$/,
  );
});

test('a server that takes the connection and says nothing is unreachable after the timeout', async (t) => {
  const url = await testDatabase();
  await using proxy = await tcpProxy({ host: '127.0.0.1', port: Number(new URL(url).port) });
  proxy.delay(600_000);
  const fault = await t.throwsAsync(reachServer(proxy.urlOf(url), { connectTimeoutMs: 200 }), {
    instanceOf: DatabaseFault,
  });
  t.is(fault?.code, 'DATABASE_UNREACHABLE');
});

test('a start waits for a server that comes up in time', async (t) => {
  const url = await testDatabase();
  await using proxy = await tcpProxy({ host: '127.0.0.1', port: Number(new URL(url).port) });
  proxy.refuse(true);
  const reached = reachServer(proxy.urlOf(url), { waitMs: 60_000 });
  await t.throwsAsync(reachServer(proxy.urlOf(url)), { instanceOf: DatabaseFault });
  proxy.refuse(false);
  t.truthy(await reached);
});

test('a missing database and a wrong password are refusals, and no password is repeated', async (t) => {
  const url = new URL(await testDatabase());
  const other = new URL(url);
  other.pathname = '/no_such_database';
  const missing = await t.throwsAsync(reachServer(other.href, { waitMs: 60_000 }), { instanceOf: DatabaseFault });
  t.regex(
    missing?.message ?? '',
    /^DATABASE_REFUSED: .*database "no_such_database" does not exist \(sqlstate=3D000\)$/,
  );
  url.password = 'CANARY';
  const result = await reachServer(url.href).catch((error: unknown) => error);
  // A server that trusts this host lets anybody in.
  if (result instanceof Error) t.is(result instanceof DatabaseFault && result.code, 'DATABASE_REFUSED');
  t.notRegex(inspect(result, { depth: 9, showHidden: true }), /CANARY/);
});
