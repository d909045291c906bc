/**
 * A scenario is data: commands of Kafka's tools in order, run against a broker. What they print is normalised (names that a
 * broker makes up, times, ports, rates) and compared line by line between Apache Kafka and the broker under test.
 */
import type { ApiName } from '../../../wire/api-keys';
import type { RequestOf } from '../../handlers/support/wire-client';
import type { ToolName } from '../../support/kafka-tools';

/** A difference that is allowed, with its reason: `pattern` is replaced on both sides, or its whole line dropped (null). */
export interface AllowedDifference {
  readonly reason: string;
  readonly pattern: RegExp;
  readonly replacement: string | null;
}

interface Rules {
  /** The tool gives its lines in no particular order. */
  readonly sortLines?: boolean;
  /** JSON of kafka-log-dirs, whose directories come in any order. */
  readonly sortDirectories?: boolean;
  /** What varies from run to run even on the same broker, beside what the harness knows. */
  readonly varies?: readonly (readonly [pattern: RegExp, replacement: string])[];
  /** Each line is a JSON object whose keys come in any order; `timestamp` is left out. */
  readonly jsonLines?: boolean;
  readonly allowed?: readonly AllowedDifference[];
  readonly needs?: Need;
}

/**
 * An API that not every version of Moldau serves. While it does not, the step runs against Moldau alone, and must say so
 * to its user in these words.
 */
export interface Need {
  readonly api: ApiName;
  readonly refusal: RegExp;
}

/**
 * Runs a command to its end. `{bootstrap}`, `{dir}` and `{logs}` are filled in, for a cluster `{logs-1}` and `{snapshot-1}` and so on too;
 * `--bootstrap-server` goes first.
 */
export interface RunStep extends Rules {
  readonly tool: ToolName;
  readonly args: readonly string[];
  readonly stdin?: string;
  /** Files that are written into `{dir}` before: name to content, in which the same is filled in. */
  readonly files?: Readonly<Record<string, string>>;
  /** The command works on files and gets no `--bootstrap-server`. */
  readonly isOffline?: boolean;
  /** The command is repeated until its standard output matches: for what a broker reaches a little later. */
  readonly until?: RegExp;
  readonly timeoutMs?: number;
  /** Its output is of no interest (it only prepares what follows); its exit code is. */
  readonly isQuiet?: boolean;
}

/** Starts a command that goes on (when its API is served), and waits until its standard output matches. */
export interface StartStep {
  readonly start: string;
  readonly tool: ToolName;
  readonly args: readonly string[];
  readonly ready: RegExp;
  readonly needs?: Need;
}

/** Stops a command that was started, as SIGTERM does, and compares what it printed. */
export interface StopStep extends Rules {
  readonly stop: string;
}

/** A request that Kafka's tools do not send: they do not move a replica to a node that is away. */
export interface AskStep {
  readonly ask: 'AlterPartitionReassignments';
  readonly request: RequestOf<'AlterPartitionReassignments'>;
  readonly needs?: Need;
}

/** Takes a node of a cluster away, in order, or brings it back on its data. */
export interface NodeStep {
  readonly node: number;
  readonly action: 'stop' | 'start';
  readonly needs?: Need;
}

export type Step = RunStep | StartStep | StopStep | NodeStep | AskStep;

export interface Scenario {
  readonly name: string;
  /** The scenario is left out while Moldau does not serve this API; another one has the refusal. */
  readonly needs?: ApiName;
  readonly steps: readonly Step[];
}
