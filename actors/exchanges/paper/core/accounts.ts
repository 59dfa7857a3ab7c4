// Balances: what each account has free and locked of each asset. Postings only move value between accounts;
// AccountOpened and Transferred alone let it in or out. The house may go below zero, a client may not.
import type { Decimal } from '../../../market/decimal.ts';
import { FEES, HOUSE } from './facts.ts';

export interface Balance {
  free: Decimal;
  locked: Decimal;
}

export class Accounts {
  private readonly byName = new Map<string, Map<string, Balance>>();

  has(account: string): boolean {
    return this.byName.has(account);
  }

  /** Of somebody, not the venue's own. */
  isClient(account: string): boolean {
    return this.has(account) && account !== HOUSE && account !== FEES;
  }

  names(): string[] {
    return [...this.byName.keys()];
  }

  /** A client with nothing in it, until it is credited. */
  open(account: string): void {
    if (account === HOUSE || account === FEES) {
      throw new RangeError(`ACCOUNT_RESERVED: account=${account}, allowed: any other name`);
    }
    if (!this.byName.has(account)) this.byName.set(account, new Map());
  }

  /** The balance itself, created at zero. */
  balance(account: string, asset: string): Balance {
    let assets = this.byName.get(account);
    if (!assets) {
      assets = new Map();
      this.byName.set(account, assets);
    }
    let balance = assets.get(asset);
    if (!balance) {
      balance = { free: 0n, locked: 0n };
      assets.set(asset, balance);
    }
    return balance;
  }

  free(account: string, asset: string): Decimal {
    return this.byName.get(account)?.get(asset)?.free ?? 0n;
  }

  /** Asset and balance in order of first use. */
  list(account: string): [asset: string, balance: Readonly<Balance>][] {
    return [...(this.byName.get(account) ?? [])];
  }

  credit(account: string, asset: string, amount: Decimal): void {
    this.balance(account, asset).free += amount;
  }

  lock(account: string, asset: string, amount: Decimal): void {
    const balance = this.balance(account, asset);
    balance.free -= amount;
    balance.locked += amount;
    this.check(account, asset, balance);
  }

  unlock(account: string, asset: string, amount: Decimal): void {
    this.lock(account, asset, -amount);
  }

  /** Spends what was locked for it. */
  spendLocked(account: string, asset: string, amount: Decimal): void {
    const balance = this.balance(account, asset);
    balance.locked -= amount;
    this.check(account, asset, balance);
  }

  private check(account: string, asset: string, balance: Balance): void {
    if (balance.free >= 0n && balance.locked >= 0n) return;
    throw new Error(`a client's balance is never negative: account=${account}, asset=${asset}`);
  }
}
