// The same server the tests can run on, made by Testcontainers: the other half of test/support/postgres.ts.
import test from 'ava';
import pg from 'pg';
import { migrateUp } from '../../persistence/migrate.ts';
import { dockerHas, imageFrom, startContainer } from './postgres.ts';

const image = imageFrom(process.env);
const available = process.env['TEST_POSTGRES'] !== 'embedded' && (await dockerHas(image));
const onlyWithDocker = available ? test : test.skip;

onlyWithDocker(
  `migrations apply to ${image} in a container${available ? '' : ' (no Docker engine with it)'}`,
  async (t) => {
    const container = await startContainer(image);
    t.teardown(() => container.stop());
    const url = container.getConnectionUri();
    await migrateUp(url);
    const client = new pg.Client(url);
    await client.connect();
    t.teardown(() => client.end());
    const { rows } = await client.query<{ count: number }>(
      `select count(*)::int as count from pg_tables where schemaname = 'public'`,
    );
    t.true((rows[0]?.count ?? 0) > 10);
  },
);
