// What outlives every process of a history: time, the database, the venue, the weather and what was found wrong.

import type { OpenExchange } from '../../actors/exchanges/exchange.ts';
import type { ActorDefinition } from '../../actors/runtime/actor.ts';
import type { LoadedShard } from '../../actors/runtime/ports.ts';
import { Audit } from './audit.ts';
import { type Auditor, Database, type DatabaseFlaws } from './database.ts';
import { tradeBeside } from './others.ts';
import { Random } from './random.ts';
import { Timeline } from './timeline.ts';
import { Venue } from './venue.ts';
import { CLEAR, type Forecast, forecast, type Weather } from './weather.ts';

/** What is wrong on purpose. */
export interface Flaws extends DatabaseFlaws {
  readonly actors?: readonly ActorDefinition[];
  readonly exchange?: (open: OpenExchange, world: World) => OpenExchange;
  /** What a process that starts is given of what there is. */
  readonly load?: (loaded: LoadedShard) => LoadedShard;
  /** The store takes a commit whose answer is lost for done. */
  readonly credulous?: boolean;
  /** Not wrong, but what it takes for a rare mistake to show. */
  readonly forecast?: (drawn: Forecast) => Forecast;
}

export class World {
  readonly random: Random;
  readonly forecast: Forecast;
  readonly flaws: Flaws;
  readonly timeline = new Timeline();
  readonly audit = new Audit();
  readonly database: Database;
  readonly venue: Venue;
  #weather: Weather;
  #isStormy = true;

  constructor(seed: number, flaws: Flaws) {
    this.random = new Random(seed).fork('world');
    const drawn = forecast(this.random.fork('forecast'));
    this.forecast = flaws.forecast?.(drawn) ?? drawn;
    this.flaws = flaws;
    this.#weather = this.forecast.storm;
    const { audit } = this;
    const auditor: Auditor = {
      writing: (set, database) => audit.writing(set, database),
      written: (set) => audit.written(set, this.venue, this.database),
    };
    this.database = new Database(auditor, flaws);
    this.venue = new Venue({
      timeline: this.timeline,
      random: this.random.fork('venue'),
      hidden: () => this.#weather.venue.hidden,
      onAccepted: (order) => audit.accepted(order, this.venue, this.database),
    });
    const { timeline, venue, forecast: ahead } = this;
    tradeBeside({ timeline, venue, random: this.random.fork('others'), deposits: ahead.deposits });
    if (ahead.outage !== null) this.#fail(ahead.outage);
  }

  get weather(): Weather {
    return this.#weather;
  }

  get isStormy(): boolean {
    return this.#isStormy;
  }

  /** The storm is over. */
  clear(): void {
    this.#isStormy = false;
    this.#weather = CLEAR;
  }

  #fail({ atMs, forMs, down }: NonNullable<Forecast['outage']>): void {
    this.timeline.after(atMs, () => {
      this.#weather = { ...this.#weather, down };
    });
    this.timeline.after(atMs + forMs, () => {
      this.#weather = { ...this.#weather, down: 'nothing' };
    });
  }
}
