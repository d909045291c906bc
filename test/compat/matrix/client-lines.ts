/** What a client script writes, one JSON object per line (test/compat/clients/lines.cjs). */
export interface RecordLine {
  /** Partition and offset. */
  readonly p: number;
  readonly o: number;
  readonly id: string;
  /** Key, digest of the value, headers. */
  readonly k: string | null;
  readonly d: string | null;
  readonly h: readonly (readonly [string, string])[];
}

export type ClientLine =
  | RecordLine
  | { readonly pid: number }
  | { readonly assigned: readonly number[] }
  | { readonly committed: Readonly<Record<string, number>> }
  | { readonly done: number };
