/** A pool that overwrites what is given back, and finds who writes to it afterwards. */
import type { PoolMemory } from '../../../wire/base/buffer-pool';

const POISON = 0xdb;

export class PoisonMemory implements PoolMemory {
  private readonly taken = new Set<Uint8Array>();
  private readonly freed: Uint8Array[] = [];

  get takenCount(): number {
    return this.taken.size;
  }

  get freedCount(): number {
    return this.freed.length;
  }

  allocate(sizeBytes: number): Uint8Array {
    const bytes = new Uint8Array(sizeBytes);
    this.taken.add(bytes);
    return bytes;
  }

  free(bytes: Uint8Array): void {
    if (!this.taken.delete(bytes)) throw new Error('given back twice, or not from here');
    bytes.fill(POISON);
    this.freed.push(bytes);
  }

  holds(bytes: Uint8Array): boolean {
    return this.taken.has(bytes);
  }

  /** How many buffers were written to after they were given back. */
  get spoiledCount(): number {
    return this.freed.filter((bytes) => bytes.some((byte) => byte !== POISON)).length;
  }
}
