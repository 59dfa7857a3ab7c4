// The HTTP edge. It reads a running system through the Inspector and shows it; it holds no state of its own.
//
// Order of one request: host, site and token (auth.ts) before anything is parsed; then the route; errors by
// problem.ts. A request without a token learns nothing, not even which paths exist. Answers are never cached, and
// values under secret-like keys never leave, whatever an actor put into its snapshot.
import type { Socket } from 'node:net';
import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { Registry } from 'prom-client';
import type { Inspector } from '../runtime/inspect.ts';
import type { Clock, Log } from '../runtime/ports.ts';
import { hidingSecrets } from '../telemetry/redact.ts';
import { type Address, isLoopback, listenFault, parseAddress, urlOf } from './address.ts';
import { type Access, type AuthOptions, createGuard, type Guard } from './auth.ts';
import { type ControlLimits, controlLimits } from './limits.ts';
import { answerTo, Problem } from './problem.ts';
import { type AccountLists, accountRoutes } from './routes/accounts.ts';
import { debugRoutes } from './routes/debug.ts';
import { healthRoutes, type ReadinessReport } from './routes/health.ts';
import { countAnswers, metricsRoutes } from './routes/metrics.ts';
import { type Operate, operateRoutes } from './routes/operate.ts';
import { pageRoutes } from './routes/page.ts';
import { createStreamHub } from './transition-stream.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call the route; `operator` when a route does not say. */
    access?: Access;
    /** On the route that refuses the other methods of a path: those it has. */
    allow?: string;
  }
}

export interface ControlOptions {
  readonly inspector: Inspector;
  /** Positions, balances and the ledger, as the database has them. */
  readonly accounts: AccountLists;
  readonly auth: AuthOptions;
  readonly operate: Operate;
  readonly health: () => ReadinessReport;
  readonly metrics: Registry;
  readonly clock: Clock;
  readonly log: Log;
  /** Host names besides the loopback ones under which it may be called, without port. */
  readonly allowedHosts: readonly string[];
  readonly limits?: Partial<ControlLimits>;
}

export interface Control {
  /** Takes `host:port`, gives the URL. Throws ListenFault with a sentence that says what to do. */
  listen(address: string): Promise<string>;
  /** Ends the streams, lets requests under way finish for a moment, and closes. Harmless when repeated. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
  /** Null until it listens. */
  readonly url: string | null;
}

export function createControl(options: ControlOptions): Control {
  const { clock, log } = options;
  const limits = controlLimits(options.limits);
  const app = buildServer(options);
  let url: string | null = null;
  let closing: Promise<void> | null = null;

  async function listen(text: string): Promise<string> {
    const address = parseAddress(text);
    url = urlOf(await listenAt(app, address));
    log.info({ url }, 'the control API listens');
    if (!isLoopback(address.host)) {
      const risk = 'other machines can reach the control API, and what they say is not encrypted: use a TLS proxy';
      log.warn({ host: address.host, allowedHosts: options.allowedHosts }, risk);
    }
    return url;
  }

  async function shut(): Promise<void> {
    const cancel = clock.after(limits.closeMs, () => app.server.closeAllConnections());
    await app.close();
    cancel();
  }

  const close = () => {
    closing ??= shut();
    return closing;
  };
  return {
    listen,
    close,
    [Symbol.asyncDispose]: close,
    get url() {
      return url;
    },
  };
}

/** Without a socket, for createControl and for tests that inject requests. */
export function buildServer(options: ControlOptions): FastifyInstance {
  const { inspector, health, metrics, clock, log } = options;
  const limits = controlLimits(options.limits);
  const guard = createGuard(options.auth, options.allowedHosts);
  const app = createApp(limits, clock, log, guard);
  const stream = createStreamHub({ inspector, clock, log, limits });
  app.addHook('preClose', async () => stream.close());
  countAnswers(app, metrics, stream);
  app.register(async (scope) => {
    const table = tableOf(scope);
    healthRoutes(scope, health, log);
    metricsRoutes(scope, metrics);
    debugRoutes(scope, { inspector, stream, clock, limits });
    accountRoutes(scope, { accounts: options.accounts, inspector, limits });
    operateRoutes(scope, options.operate);
    pageRoutes(scope);
    refuseOtherMethods(scope, table);
  });
  return app;
}

function createApp(limits: ControlLimits, clock: Clock, log: Log, guard: Guard): FastifyInstance {
  const boot = clock.now().toString(36);
  let asked = 0;
  const app: FastifyInstance = fastify({
    logger: false,
    bodyLimit: limits.bodyBytesMax,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionTimeout: limits.idleMs,
    return503OnClosing: false,
    http: {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersMs,
      connectionsCheckingInterval: limits.requestCheckMs,
    },
    routerOptions: { maxParamLength: limits.idLengthMax },
    ajv: { customOptions: { removeAdditional: false } },
    genReqId: () => `${boot}-${++asked}`,
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (error, request, reply) => answerUnroutable(error, request, reply),
  });
  app.server.maxConnections = limits.connectionsMax;
  app.server.on('drop', () =>
    log.warn({ connectionsMax: limits.connectionsMax }, 'a connection was refused: too many'),
  );
  app.register(helmet, { contentSecurityPolicy: { useDefaults: false, directives: OWN_ASSETS_ONLY }, hsts: false });
  app.register(cookie);
  app.setReplySerializer((payload) => JSON.stringify(payload, hidingSecrets));
  app.addHook('onRequest', async (request, reply) => admit(guard, request, reply));
  app.addHook('onResponse', async (request, reply) => tell(log, request, reply));
  app.setNotFoundHandler(() => {
    throw new Problem('ROUTE_NOT_FOUND', 'there is nothing at this path; GET / is the page, /debug/actors the list');
  });
  app.setErrorHandler((error, request, reply) => answer(log, error, request, reply));
  return app;

  function answerUnroutable(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
    try {
      admit(guard, request, reply);
      answer(log, error, request, reply);
    } catch (refusal) {
      answer(log, refusal, request, reply);
    }
  }
}

const OWN_ASSETS_ONLY = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'connect-src': ["'self'"],
  'img-src': ['data:'],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
  'require-trusted-types-for': ["'script'"],
  'trusted-types': ["'none'"],
};

/** Throws the refusal, or logs the browser in by sending it to the same page without the token in its address. */
function admit(guard: Guard, request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
  reply.header('cache-control', 'no-store');
  const { access = 'operator' } = request.routeOptions.config;
  const query = new URLSearchParams(request.url.split('?')[1]);
  const outcome = guard.admit({
    access,
    headers: request.headers,
    cookies: request.server.parseCookie(request.headers.cookie ?? ''),
    queryToken: query.get('token') ?? undefined,
    localAddress: request.socket.localAddress,
  });
  if (outcome === 'admitted') return undefined;
  query.delete('token');
  const rest = query.size > 0 ? `?${query.toString()}` : '';
  reply.setCookie(guard.cookie.name, guard.cookie.value, { path: '/', httpOnly: true, sameSite: 'strict' });
  return reply.redirect(`${request.routeOptions.url}${rest}`, 303);
}

function answer(log: Log, error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { status, headers, body, unexpected } = answerTo(error, request.id);
  if (unexpected) log.error({ err: error, requestId: request.id, route: request.routeOptions.url }, 'a request failed');
  reply.code(status).headers(headers).type('application/json; charset=utf-8').send(JSON.stringify(body));
}

/** The path only: a query may hold the token. */
function tell(log: Log, request: FastifyRequest, reply: FastifyReply): void {
  const path = request.url.split('?')[0]?.slice(0, 200);
  const ms = Math.round(reply.elapsedTime);
  log.debug({ requestId: request.id, method: request.method, path, status: reply.statusCode, ms }, 'answered');
}

/** What Node's parser refuses, before there is a request. */
function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const kinds: { readonly [code: string]: readonly [string, string, string] } = {
    HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'HEADERS_TOO_LARGE', 'the headers are too large'],
    ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'REQUEST_TIMEOUT', 'the request took too long to arrive'],
  };
  const [status, code, sentence] = kinds[error.code ?? ''] ?? [
    '400 Bad Request',
    'REQUEST_INVALID',
    'this is not HTTP',
  ];
  const body = JSON.stringify({ status: 'error', error: sentence, code });
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json; charset=utf-8\r\nconnection: close\r\n`;
  socket.end(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`, () => socket.destroy());
}

/** Method names by path, as routes are added. */
function tableOf(app: FastifyInstance): Map<string, { readonly methods: string[]; readonly access: Access }> {
  const table = new Map<string, { methods: string[]; access: Access }>();
  app.addHook('onRoute', ({ url, method, config }) => {
    if (config?.allow !== undefined) return;
    const entry = table.get(url) ?? { methods: [], access: config?.access ?? 'operator' };
    entry.methods.push(...[method].flat());
    table.set(url, entry);
  });
  return table;
}

/** 405 with `Allow`, before a body is read. Who may not call the path is not told its methods either; no login here. */
function refuseOtherMethods(app: FastifyInstance, table: ReturnType<typeof tableOf>): void {
  for (const [url, { methods, access }] of table) {
    const allow = methods.join(', ');
    const refuse = async () => {
      throw new Problem('METHOD_NOT_ALLOWED', `this path answers to ${allow}`, { allow });
    };
    const others = app.supportedMethods.filter((method) => !methods.includes(method));
    const config = { access: access === 'public' ? 'public' : 'operator', allow } as const;
    app.route({ method: others, url, config, onRequest: refuse, handler: refuse });
  }
}

async function listenAt(app: FastifyInstance, address: Address): Promise<Address> {
  const host = address.host === 'localhost' ? '127.0.0.1' : address.host;
  try {
    await app.listen({ host, port: address.port });
  } catch (error) {
    await app.close();
    throw listenFault(error, address);
  }
  const bound = app.server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
  return { host, port };
}
