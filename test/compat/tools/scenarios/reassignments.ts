/** Files of moves for kafka-reassign-partitions. */
import type { RunStep } from '../scenario';

export interface Move {
  readonly topic: string;
  readonly partition: number;
  readonly replicas: readonly number[];
  readonly log_dirs?: readonly string[];
}

export const reassign = (moves: readonly Move[], ...args: readonly string[]): RunStep => ({
  tool: 'kafka-reassign-partitions',
  args: ['--reassignment-json-file', '{dir}/moves.json', ...args],
  files: { 'moves.json': JSON.stringify({ version: 1, partitions: moves }) },
});
