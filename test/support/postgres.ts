// Which PostgreSQL the tests run on: the one given, a container where Docker can make one, else embedded.
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { startEmbedded } from '../../persistence/embedded/index.ts';

export type Env = Readonly<Record<string, string | undefined>>;
export type Choice = 'given' | 'testcontainers' | 'embedded';

export const DEFAULT_IMAGE = 'postgres:18-alpine';
const PING_WITHIN_MS = 1_000;
const PULL_WITHIN_MS = 90_000;

/** DATABASE_URL, then TEST_POSTGRES, then what the machine has. Asks Docker only when it matters. */
export async function chooseServer(env: Env, dockerHasImage: () => Promise<boolean>): Promise<Choice> {
  if (env['DATABASE_URL']) return 'given';
  const wanted = env['TEST_POSTGRES'] ?? '';
  if (wanted === 'embedded' || wanted === 'testcontainers') return wanted;
  if (wanted !== '') throw new Error(`TEST_POSTGRES was ${wanted}; allowed are embedded and testcontainers`);
  return (await dockerHasImage()) ? 'testcontainers' : 'embedded';
}

export type DockerAddress = { readonly socketPath: string } | { readonly host: string; readonly port: number };

/** Where a Docker engine may listen: DOCKER_HOST alone when set, else the usual sockets that exist. */
export function dockerAddresses(env: Env, exists: (file: string) => boolean): DockerAddress[] {
  const given = env['DOCKER_HOST'];
  if (given?.startsWith('unix://')) return [{ socketPath: given.slice('unix://'.length) }];
  if (given) {
    const url = URL.parse(given);
    return url?.hostname ? [{ host: url.hostname, port: Number(url.port || 2375) }] : [];
  }
  const home = env['HOME'] ?? os.homedir();
  const runtime = env['XDG_RUNTIME_DIR'];
  const files = ['/var/run/docker.sock', ...(runtime ? [path.join(runtime, 'docker.sock')] : [])];
  return [...files, path.join(home, '.docker/run/docker.sock')].filter(exists).map((socketPath) => ({ socketPath }));
}

/** The first engine that answers a ping. */
export async function findDocker(env: Env = process.env): Promise<DockerAddress | undefined> {
  for (const address of dockerAddresses(env, fs.existsSync)) {
    if ((await ask(address, 'GET', '/_ping', PING_WITHIN_MS))?.status === 200) return address;
  }
  return undefined;
}

/** Whether containers of `image` can start: an engine answers, and has the image or can pull it in time. */
export async function dockerHas(image: string, env: Env = process.env): Promise<boolean> {
  const docker = await findDocker(env);
  if (!docker) return false;
  const name = encodeURIComponent(image);
  const present = async () => (await ask(docker, 'GET', `/images/${name}/json`, 10_000))?.status === 200;
  if (await present()) return true;
  await ask(docker, 'POST', `/images/create?fromImage=${name}`, PULL_WITHIN_MS);
  return present();
}

export function ask(docker: DockerAddress, method: string, url: string, withinMs: number) {
  return new Promise<{ status: number; body: string } | undefined>((resolve) => {
    const signal = AbortSignal.timeout(withinMs);
    const request = http.request({ ...docker, method, path: url, signal }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body = (body + chunk).slice(-65_536);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', () => resolve(undefined));
    });
    request.on('error', () => resolve(undefined));
    request.end();
  });
}

export function imageFrom(env: Env): string {
  return env['TEST_POSTGRES_IMAGE'] ?? DEFAULT_IMAGE;
}

/** A started container, and its id for whoever removes it. */
export async function startContainer(image: string) {
  process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true'; // one more image to pull; we remove our own
  const { PostgreSqlContainer } = await import('@testcontainers/postgresql');
  const unsafe = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'autovacuum=off'];
  const settings = ['listen_addresses=*', 'max_connections=300', ...unsafe].flatMap((setting) => ['-c', setting]);
  return new PostgreSqlContainer(image).withCommand(['postgres', ...settings]).start();
}

/** In memory where there is room: CREATE DATABASE takes 10 to 40 ms there, up to 700 on a busy disk. */
export async function startFastEmbedded(): Promise<string> {
  const folder = fs.mkdtempSync(path.join(hasRoom('/dev/shm') ? '/dev/shm' : os.tmpdir(), 'meltica-test-'));
  fs.chmodSync(folder, 0o755);
  const server = await startEmbedded({ dataDir: folder, durable: false, removeOnStop: true, maxConnections: 300 });
  return server.url;
}

function hasRoom(folder: string): boolean {
  try {
    fs.accessSync(folder, fs.constants.W_OK);
    const { bavail, bsize } = fs.statfsSync(folder);
    return bavail * bsize > 1024 ** 3;
  } catch {
    return false;
  }
}
