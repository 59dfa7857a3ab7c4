// Admin paths of the fault switch: rules for requests, bad lines for sockets, bad order for reports.
import { z } from 'zod';
import { type Routes, reading, reply } from './admin-form.ts';
import { type Faults, faultRules } from './faults.ts';
import type { RateLimits, RateLimitTerms } from './rate-limits.ts';
import { type ReportFaults, reportFaultForm } from './report-faults.ts';
import type { Sockets } from './sockets.ts';

const socketForm = z.object({ sockets: z.enum(['user', 'market', 'all']) });

const banForm = z.strictObject({
  status: z.union([z.literal(418), z.literal(429)]),
  seconds: z.int().min(0).max(86_400),
});
const count = z.int().min(1).optional();
const limitForm = z.strictObject({ weightPerMinute: count, ordersPer10s: count, ordersPerDay: count });

export interface Weather {
  readonly limits: RateLimits;
  readonly faults: Faults;
  readonly reports: ReportFaults;
  readonly sockets: Sockets;
}

export function weatherRoutes({ faults, reports, sockets, limits }: Weather): Routes {
  return [
    ['GET /faults', (_, response) => reply(response, 200, { rules: faults.list() })],
    [
      'POST /faults',
      reading(faultRules, ({ rules }, response) => {
        faults.set(rules);
        reply(response, 200, { rules: faults.list() });
      }),
    ],
    [
      'DELETE /faults',
      (_, response) => {
        faults.set([]);
        reports.set();
        sockets.resume('all');
        limits.ban(429, 0);
        reply(response, 200, { rules: [] });
      },
    ],
    [
      'POST /faults/ban',
      reading(banForm, ({ status, seconds }, response) => {
        limits.ban(status, seconds);
        reply(response, 200, { status, seconds });
      }),
    ],
    [
      'POST /venue/limits',
      reading(limitForm, (terms, response) => reply(response, 200, limits.set(withoutUndefined(terms)))),
    ],
    ['POST /faults/reports', reading(reportFaultForm, (terms, response) => reply(response, 200, reports.set(terms)))],
    [
      'POST /faults/cut',
      reading(socketForm, ({ sockets: kind }, response) => reply(response, 200, { cut: sockets.cut(kind) })),
    ],
    [
      'POST /faults/stall',
      reading(socketForm, ({ sockets: kind }, response) => reply(response, 200, { stalled: sockets.stall(kind) })),
    ],
    [
      'POST /faults/resume',
      reading(socketForm, ({ sockets: kind }, response) => reply(response, 200, { resumed: sockets.resume(kind) })),
    ],
  ];
}

function withoutUndefined(terms: { readonly [name: string]: number | undefined }): Partial<RateLimitTerms> {
  return Object.fromEntries(Object.entries(terms).filter(([, value]) => value !== undefined));
}
