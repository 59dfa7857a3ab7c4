import test from 'ava';
import pg from 'pg';
import { emptyDatabase } from './db.ts';

test('every call gives an empty database of its own', async (t) => {
  const [first, second] = await Promise.all([emptyDatabase(), emptyDatabase()]);
  t.not(first, second);
  for (const url of [first, second]) {
    const client = new pg.Client(url);
    await client.connect();
    t.teardown(() => client.end());
    const tables = await client.query(`select 1 from pg_tables where schemaname = 'public'`);
    t.is(tables.rowCount, 0);
    await client.query('create table t (id int)'); // would fail in a shared one
  }
});
