// The operator's page: these files, read once at start, under these names.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { FastifyInstance } from 'fastify';

const FILES = [
  { url: '/', file: '../console/index.html', type: 'text/html; charset=utf-8' },
  { url: '/console/console.css', file: '../console/console.css', type: 'text/css; charset=utf-8' },
  { url: '/console/console.js', file: '../console/console.js', type: 'text/javascript; charset=utf-8' },
  { url: '/console/dom.js', file: '../console/dom.js', type: 'text/javascript; charset=utf-8' },
  { url: '/console/feed.js', file: '../console/feed.js', type: 'text/javascript; charset=utf-8' },
  { url: '/console/model.js', file: '../console/model.js', type: 'text/javascript; charset=utf-8' },
  { url: '/console/panel.js', file: '../console/panel.js', type: 'text/javascript; charset=utf-8' },
  { url: '/console/table.js', file: '../console/table.js', type: 'text/javascript; charset=utf-8' },
] as const;

export function pageRoutes(app: FastifyInstance): void {
  for (const { url, file, type } of FILES) {
    const content = readFileSync(path.join(import.meta.dirname, file), 'utf8');
    const config = { access: url === '/' ? 'page' : 'operator' } as const;
    app.get(url, { config }, (_request, reply) => reply.type(type).send(content));
  }
}
