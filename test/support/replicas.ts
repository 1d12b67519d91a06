import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { SharedStore } from "../../src/publisher/replicas/store.ts";
import { storeKeys } from "../../src/publisher/replicas/store-keys.ts";
import type { PublicJwk } from "../../src/rules/keys/index.ts";
import type { TestClock } from "./clock.ts";
import type { OneSecret } from "./one-secret.ts";
import { MemoryLog, startTestPublisher, type TestPublisher } from "./publisher.ts";

/** The issuer of such replicas, whose stack is `test`. */
export const issuer = "https://oidc.example.test";
/** A key that proves what replicas share. */
export const storeKey = "k".repeat(43);

const day = 86_400_000;

/** A folder with keys of a store, by their names, as a pod has it mounted. */
export function keyFolderOf(
  t: TestContext,
  keys: Readonly<Record<string, string>> = { key: storeKey },
): string {
  const folder = mkdtempSync(join(tmpdir(), "podtrust-store-key-"));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(keys)) writeFileSync(join(folder, name), text);
  return folder;
}

/** Where replicas share what they know, and the folder of the key that proves it. */
interface ReplicaPlace {
  readonly t: TestContext;
  readonly secret: OneSecret;
  readonly clock: TestClock;
  readonly folder: string;
}

/** A replica of a publisher, and how it is ended before its test is. */
export interface Replica {
  readonly to: TestPublisher;
  readonly end: () => Promise<void>;
}

/** Starts one that keeps all it knows in the Secret; an empty folder is a pod without a key. */
export async function startReplica(
  { t, secret, clock, folder }: ReplicaPlace,
  keys: PublicJwk[],
): Promise<Replica> {
  const name = { namespace: "podtrust", name: "podtrust-publisher" };
  const noSecretOfKeys = { read: () => Promise.resolve(undefined) };
  const proof = storeKeys(name, folder, noSecretOfKeys);
  const store = new SharedStore(name, { cluster: secret, clock, logger: new MemoryLog(), keys: proof });
  const shared = store.documents({ stack: "test", issuer, keyRetention: day, part: "documents" });
  const to = await startTestPublisher({ keys, clock, issuerOptions: { shared } });
  let ended: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await to[Symbol.asyncDispose]();
    await store.close();
  };
  const end = (): Promise<void> => (ended ??= close());
  t.after(end);
  return { to, end };
}
