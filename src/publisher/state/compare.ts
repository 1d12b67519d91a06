import { publishedKeys, type KeyRing } from "../source/keys.ts";
import { readState } from "../source/stored-state.ts";
import type { StoredState } from "./state.ts";

/** The key IDs that documents make public, and those that they distrust. */
export interface StateKeys {
  readonly published: readonly string[];
  readonly distrusted: readonly string[];
}

function ringOf({ documents }: StoredState, issuer: string): KeyRing {
  return documents === undefined ? [] : readState(documents, issuer, "disk").state.ring;
}

/** The keys of a state. Throws for documents that are damaged. */
export function keysOfState(kept: StoredState, issuer: string): StateKeys {
  const ring = ringOf(kept, issuer);
  return {
    published: publishedKeys(ring).map(({ kid }) => kid),
    distrusted: ring.flatMap(({ jwk, distrustedAt }) => (distrustedAt === undefined ? [] : [jwk.kid])),
  };
}

const missing = (here: readonly string[], there: readonly string[]): readonly string[] =>
  here.filter((one) => !there.includes(one));

/**
 * What a publisher has and a backup lacks, in sentences: what restoring it would lose. Empty if the backup has it all.
 * Throws what reading the texts throws.
 */
export async function lostBy(
  backup: StoredState,
  now: StoredState,
  issuer: string,
): Promise<readonly string[]> {
  const { readNamedAccount, readNamedCertificate } = await import("../../providers/tls/index.ts");
  const [old, fresh] = [keysOfState(backup, issuer), keysOfState(now, issuer)];
  const accountsOf = ({ accounts }: StoredState): readonly string[] =>
    accounts.map((text) => {
      const { directory, account, value } = readNamedAccount("an account", text);
      return [directory, account, value.uri ?? "not confirmed"].filter(Boolean).join(" ");
    });
  const certificatesOf = ({ certificates }: StoredState): ReadonlyMap<string, string> =>
    new Map(
      certificates.map((text) => {
        const { names, directory, value } = readNamedCertificate("a certificate", text);
        return [value.certificate, `${names.join(", ")} of ${directory}`];
      }),
    );
  const [before, after] = [certificatesOf(backup), certificatesOf(now)];
  return [
    ...missing(fresh.distrusted, old.distrusted).map((kid) => `the key ${kid} was distrusted since`),
    ...missing(fresh.published, old.published).map((kid) => `the key ${kid} is published since`),
    ...missing(accountsOf(now), accountsOf(backup)).map((account) => `the account ${account} is not in it`),
    ...[...after].flatMap(([pem, name]) =>
      before.has(pem) ? [] : [`the certificate for ${name} is another`],
    ),
  ];
}
