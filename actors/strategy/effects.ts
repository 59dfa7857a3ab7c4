// What a strategy instance does to the world: it runs its module. Every command may be repeated: the host compares
// the sandbox numbers, and the answers carry them.
import { effect } from '../runtime/actor.ts';
import { textOf } from '../runtime/errors.ts';
import type { NotifySandbox, SandboxRef, StartSandbox, StrategyMessage } from './messages.ts';
import { ModuleRejected } from './sandbox/index.ts';
import type { SandboxHost } from './sandbox-host.ts';

export interface StrategyPorts {
  readonly sandboxes: SandboxHost;
}

export const startSandbox = effect<StartSandbox, StrategyPorts>({
  afterCrash: 'repeat',
  attempts: 1,
  // A cold start of the worker and QuickJS on a loaded machine takes seconds.
  timeoutMs: 60_000,
  async perform(request, { ports }): Promise<StrategyMessage> {
    const { sandbox } = request;
    try {
      return { type: 'SandboxStarted', sandbox, events: await ports.sandboxes.start(request) };
    } catch (error) {
      // What the module says about itself stays so until somebody changes it or its configuration.
      return { type: 'SandboxFailed', sandbox, reason: textOf(error), retryable: !(error instanceof ModuleRejected) };
    }
  },
  failed: ({ sandbox }, reason): StrategyMessage => ({ type: 'SandboxFailed', sandbox, reason, retryable: true }),
});

export const stopSandbox = effect<SandboxRef, StrategyPorts>({
  afterCrash: 'repeat',
  attempts: 1,
  async perform(request, { ports }): Promise<StrategyMessage> {
    await ports.sandboxes.stop(request);
    return { type: 'SandboxStopped', sandbox: request.sandbox };
  },
  failed: ({ sandbox }): StrategyMessage => ({ type: 'SandboxStopped', sandbox }),
});

/** In the order in which the instance heard of it: performing it hands it over at once. */
export const notifySandbox = effect<NotifySandbox, StrategyPorts>({
  afterCrash: 'repeat',
  attempts: 1,
  async perform(request, { ports }): Promise<null> {
    ports.sandboxes.notify(request);
    return null;
  },
});
