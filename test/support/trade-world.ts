// Orders and their risk scope, each hearing what the other says; a provider that lets everything go.
import type { OrderInput, OrderMessage } from '../../actors/order/messages.ts';
import type { RiskMessage } from '../../actors/risk/messages.ts';
import type { Effect } from '../../actors/runtime/effect.ts';
import { type OrderScene, orderIn } from './orders.ts';
import type { RiskScene } from './risks.ts';

export class TradeWorld {
  readonly orders = new Map<string, OrderScene>();
  /** Everything that was said and recorded, in its order. */
  readonly effects: Effect[] = [];
  risk: RiskScene;
  constructor(scope: RiskScene) {
    this.risk = scope;
  }

  place(id: string, change: Partial<OrderInput>): void {
    const scene = orderIn('intent', { clientOrderId: id, ...change });
    this.orders.set(id, scene);
    this.#carry(scene.effects);
  }

  tell(id: string, message: OrderMessage): void {
    const scene = this.orders.get(id);
    if (scene === undefined) return;
    const next = scene.hears(message);
    this.orders.set(id, next);
    this.#carry(next.effects);
  }

  #carry(effects: readonly Effect[]): void {
    this.effects.push(...effects);
    for (const effect of effects) {
      if (effect.type !== 'send') continue;
      const { to, message } = effect;
      if (to.startsWith('order/')) this.tell(to.slice('order/'.length), message as OrderMessage);
      else if (message.type === 'SubmitRequested') {
        this.tell((message as typeof message & { clientOrderId: string }).clientOrderId, { type: 'SubmitGranted' });
      } else if (to.startsWith('risk/')) {
        this.risk = this.risk.hears(message as RiskMessage);
        this.#carry(this.risk.effects);
      }
    }
  }
}
