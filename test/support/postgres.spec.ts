import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import { chooseServer, dockerAddresses, dockerHas, findDocker } from './postgres.ts';

const yes = () => Promise.resolve(true);
const no = () => Promise.resolve(false);

test('a given DATABASE_URL wins over everything else', async (t) => {
  t.is(await chooseServer({ DATABASE_URL: 'postgres://x', TEST_POSTGRES: 'embedded' }, yes), 'given');
});

test('TEST_POSTGRES decides without asking Docker', async (t) => {
  const asked = () => Promise.reject(new Error('Docker was asked'));
  t.is(await chooseServer({ TEST_POSTGRES: 'embedded' }, asked), 'embedded');
  t.is(await chooseServer({ TEST_POSTGRES: 'testcontainers' }, asked), 'testcontainers');
});

test('an unknown TEST_POSTGRES is refused with the allowed values', async (t) => {
  const message = 'TEST_POSTGRES was docker; allowed are embedded and testcontainers';
  await t.throwsAsync(chooseServer({ TEST_POSTGRES: 'docker' }, yes), { message });
});

test('containers are used where Docker has the image, the embedded server elsewhere', async (t) => {
  t.is(await chooseServer({}, yes), 'testcontainers');
  t.is(await chooseServer({}, no), 'embedded');
});

test('DOCKER_HOST is the only place looked at when it is set', (t) => {
  const everything = () => true;
  t.deepEqual(dockerAddresses({ DOCKER_HOST: 'unix:///run/d.sock' }, everything), [{ socketPath: '/run/d.sock' }]);
  t.deepEqual(dockerAddresses({ DOCKER_HOST: 'tcp://box:99' }, everything), [{ host: 'box', port: 99 }]);
  t.deepEqual(dockerAddresses({ DOCKER_HOST: 'nonsense' }, everything), []);
});

test('without DOCKER_HOST the usual sockets are tried, where they exist', (t) => {
  const env = { HOME: '/home/u', XDG_RUNTIME_DIR: '/run/user/7' };
  t.deepEqual(
    dockerAddresses(env, (file) => file !== '/var/run/docker.sock'),
    [{ socketPath: '/run/user/7/docker.sock' }, { socketPath: '/home/u/.docker/run/docker.sock' }],
  );
  t.deepEqual(
    dockerAddresses(env, () => false),
    [],
  );
});

test('an engine is found by its answer to a ping, and its images by name', async (t) => {
  const asked: string[] = [];
  const engine = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.statusCode = request.url === '/images/postgres%3Amissing/json' ? 404 : 200;
    response.end('OK');
  });
  const socketPath = path.join(
    os.tmpdir(),
    `meltica-docker-${process.pid}-${Math.random().toString(36).slice(2)}.sock`,
  );
  await new Promise<void>((resolve) => engine.listen(socketPath, resolve));
  t.teardown(() => engine.close());
  const env = { DOCKER_HOST: `unix://${socketPath}` };
  t.deepEqual(await findDocker(env), { socketPath });
  t.true(await dockerHas('postgres:here', env));
  t.false(await dockerHas('postgres:missing', env));
  t.true(asked.includes('POST /images/create?fromImage=postgres%3Amissing'), asked.join(', '));
});

test('a socket that nobody answers on is no engine, and is given up soon', async (t) => {
  const silent = net.createServer();
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  t.teardown(() => silent.close());
  const address = silent.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  t.is(await findDocker({ DOCKER_HOST: `tcp://127.0.0.1:${port}` }), undefined);
  t.is(await findDocker({ DOCKER_HOST: 'unix:///nowhere.sock' }), undefined);
});
