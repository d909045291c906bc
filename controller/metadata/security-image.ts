/** Access control entries (KIP-801), SCRAM credentials (KIP-554) and delegation tokens (KIP-900), as their records hold them. */
import type {
  AccessControlEntryRecord,
  DelegationTokenRecord,
  RemoveUserScramCredentialRecord,
  UserScramCredentialRecord,
} from '../../wire/schema/metadata-records-settings';
import type { RecordedDelta } from './recorded-delta';
import { ReplayError } from './replay-error';

function scramKey(mechanism: number, user: string): string {
  return `${mechanism}:${user}`;
}

export class SecurityImage {
  private readonly aclsById = new Map<string, AccessControlEntryRecord>();
  private readonly scram = new Map<string, UserScramCredentialRecord>();
  private readonly tokensById = new Map<string, DelegationTokenRecord>();

  get acls(): ReadonlyMap<string, AccessControlEntryRecord> {
    return this.aclsById;
  }

  get delegationTokens(): ReadonlyMap<string, DelegationTokenRecord> {
    return this.tokensById;
  }

  scramCredential(mechanism: number, user: string): UserScramCredentialRecord | undefined {
    return this.scram.get(scramKey(mechanism, user));
  }

  scramCredentials(): Iterable<UserScramCredentialRecord> {
    return this.scram.values();
  }

  addAcl(record: AccessControlEntryRecord, delta: RecordedDelta | null): void {
    if (this.aclsById.has(record.id)) throw new ReplayError(`access control entry ${record.id} exists`);
    this.aclsById.set(record.id, record);
    delta?.noteAcl(record.id);
  }

  removeAcl(id: string, delta: RecordedDelta | null): void {
    if (!this.aclsById.delete(id)) throw new ReplayError(`access control entry ${id} does not exist`);
    delta?.noteAcl(id);
  }

  setScramCredential(record: UserScramCredentialRecord, delta: RecordedDelta | null): void {
    this.scram.set(scramKey(record.mechanism, record.name), record);
    delta?.noteScramUser(record.mechanism, record.name);
  }

  removeScramCredential(record: RemoveUserScramCredentialRecord, delta: RecordedDelta | null): void {
    if (!this.scram.delete(scramKey(record.mechanism, record.name))) {
      throw new ReplayError(`user ${record.name} has no credential of mechanism ${record.mechanism}`);
    }
    delta?.noteScramUser(record.mechanism, record.name);
  }

  setDelegationToken(record: DelegationTokenRecord, delta: RecordedDelta | null): void {
    this.tokensById.set(record.tokenId, record);
    delta?.noteDelegationToken(record.tokenId);
  }

  removeDelegationToken(tokenId: string, delta: RecordedDelta | null): void {
    if (!this.tokensById.delete(tokenId)) throw new ReplayError(`delegation token ${tokenId} does not exist`);
    delta?.noteDelegationToken(tokenId);
  }

  copy(): SecurityImage {
    const copy = new SecurityImage();
    for (const [id, record] of this.aclsById) copy.aclsById.set(id, record);
    for (const [key, record] of this.scram) copy.scram.set(key, record);
    for (const [id, record] of this.tokensById) copy.tokensById.set(id, record);
    return copy;
  }
}
