/** Runs a scenario against one broker and writes down what it answered. */
import { setTimeout as pause } from 'node:timers/promises';
import { apis } from '../../../../wire/api-keys';
import { decode } from '../../../../wire/codec';
import type { Message } from '../../../../wire/schema';
import { forVersion } from '../../../handlers/support/for-version';
import { ConnectionClosed, NoAnswer, WireClient, type RequestOf } from '../../../handlers/support/wire-client';
import { Normaliser } from './normalise';
import { MAIN, Vars, type AskStep, type RawStep, type Scenario, type Step, type TellStep } from './steps';

export interface StepOutcome {
  /** Such as `CreateTopics v5`, with a number where a scenario asks the same more than once. */
  readonly step: string;
  readonly outcome: unknown;
}

const RETRIES = 100;
const RETRY_MS = 100;
/** Timed requests either wait for longer, or are answered at once. */
const WAITED_MS = 900;

export async function runScenario(scenario: Scenario, port: number, withMessages: boolean): Promise<StepOutcome[]> {
  const run = new Run(port, withMessages);
  try {
    for (const step of scenario.steps) await run.take(step);
    return run.outcomes;
  } finally {
    await run.close();
  }
}

class Run {
  readonly outcomes: StepOutcome[] = [];
  private readonly vars = new Vars();
  private readonly normaliser = new Normaliser();
  private readonly clients = new Map<string, WireClient>();
  private readonly parked = new Map<string, { readonly step: AskStep; readonly answer: Promise<unknown> }>();
  private readonly counts = new Map<string, number>();

  constructor(
    private readonly port: number,
    private readonly withMessages: boolean,
  ) {}

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'ask':
        return this.ask(step);
      case 'tell':
        return this.tell(step);
      case 'raw':
        return this.raw(step);
      case 'settle':
        return this.settle(step.name);
      case 'hang-up':
        return this.hangUp(step.on);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.clients.values()].map((client) => client.close()));
    await Promise.all([...this.parked.values()].map(({ answer }) => answer));
  }

  private async ask(step: AskStep): Promise<void> {
    const { parked, until } = step.options;
    if (parked !== undefined) {
      // Once the connection stands, what is sent on it comes before what is sent later on another.
      await this.client(step.options.on ?? MAIN).ask('ApiVersions', 0, {});
      this.parked.set(parked, { step, answer: this.outcomeOf(step) });
      return;
    }
    let outcome = await this.outcomeOf(step);
    for (let left = RETRIES; until !== undefined && !(isAnswer(outcome) && until(outcome)); left--) {
      if (left === 0)
        throw new Error(`${labelOf(step)}: what was waited for did not come, but ${JSON.stringify(outcome)}`);
      await pause(RETRY_MS);
      outcome = await this.outcomeOf(step);
    }
    await this.write(step, outcome);
  }

  private async settle(name: string): Promise<void> {
    const waiting = this.parked.get(name);
    if (waiting === undefined) throw new Error(`nothing is parked as ${name}`);
    this.parked.delete(name);
    await this.write(waiting.step, await waiting.answer);
  }

  /** The answer, or a word for what came instead of one. */
  private async outcomeOf(step: AskStep): Promise<unknown> {
    const { api, version } = step;
    const client = this.client(step.options.on ?? MAIN);
    const startMs = performance.now();
    try {
      const answer = await client.ask(api, version, this.requestOf(step));
      return step.options.isTimed === true ? { ...answer, hasWaited: performance.now() - startMs > WAITED_MS } : answer;
    } catch (error) {
      if (error instanceof ConnectionClosed || error instanceof NoAnswer) return error.name;
      throw error;
    }
  }

  private async tell(step: TellStep): Promise<void> {
    const client = this.client(step.on);
    client.tell(step.api, step.version, this.requestOf(step));
    // Answered in order: once this is answered, what was told has been dealt with.
    const after = await client.ask('ApiVersions', 0, {}).then(
      () => 'open',
      () => 'closed',
    );
    if (after === 'closed') this.clients.delete(step.on);
    this.outcomes.push({ step: this.numbered(labelOf(step)), outcome: { connection: after } });
  }

  /** On a connection of its own, since it may not survive. */
  private async raw({ label, apiKey, version, body, answer }: RawStep): Promise<void> {
    const client = new WireClient(this.port);
    const { response } = apis[answer.api];
    const outcome: unknown = await client
      .exchange({ ...apis[answer.api], key: apiKey }, version, body, answer.headerVersion)
      .then(
        (bytes) => decode(response as Message, answer.version, bytes),
        (error: unknown) => {
          if (error instanceof ConnectionClosed) return error.name;
          throw error;
        },
      );
    await client.close();
    const normal = this.normaliser.normalise(outcome, { isOrdered: false, withMessages: this.withMessages });
    this.outcomes.push({ step: this.numbered(label), outcome: normal });
  }

  private async hangUp(on: string): Promise<void> {
    await this.clients.get(on)?.close();
    this.clients.delete(on);
  }

  private requestOf({ api, version, request }: AskStep | TellStep): RequestOf<typeof api> {
    return forVersion(apis[api].request, version, request(this.vars)) as RequestOf<typeof api>;
  }

  private async write(step: AskStep, outcome: unknown): Promise<void> {
    const { save, isOrdered, isSilent, on } = step.options;
    if (isAnswer(outcome)) save?.(outcome, this.vars);
    else await this.hangUp(on ?? MAIN);
    const normal = this.normaliser.normalise(outcome, {
      isOrdered: isOrdered ?? false,
      withMessages: this.withMessages,
    });
    if (isSilent !== true) this.outcomes.push({ step: this.numbered(labelOf(step)), outcome: normal });
  }

  private client(name: string): WireClient {
    const known = this.clients.get(name);
    if (known !== undefined) return known;
    const client = new WireClient(this.port, name);
    this.clients.set(name, client);
    return client;
  }

  private numbered(label: string): string {
    const count = (this.counts.get(label) ?? 0) + 1;
    this.counts.set(label, count);
    return count === 1 ? label : `${label} #${count}`;
  }
}

function labelOf({ api, version }: AskStep | TellStep): string {
  return `${api} v${version}`;
}

/** Decoded by our own codec, so of whatever API; callers know which. */
function isAnswer(outcome: unknown): outcome is never {
  return typeof outcome === 'object' && outcome !== null;
}
