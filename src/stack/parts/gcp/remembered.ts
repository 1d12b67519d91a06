import { isRecord, recordOf, recordsOf, textOf } from "../../../core/base/index.ts";
import type { Config } from "../../../config/index.ts";
import {
  isProven,
  type KubernetesApi,
  keysOfStore,
  operatorKeysSecret,
  proofEntryOf,
} from "../../../providers/kubernetes/index.ts";
import type { Jwk } from "../../../rules/gcp/index.ts";

/** What an operator that uploads keys remembers of them. */
interface Remembered {
  /** Keys that the cluster had, and that may have signed tokens that are still valid. */
  readonly kept: readonly Jwk[];
  readonly distrusted: readonly Jwk[];
  /** Whether the operator wrote it. What it did not write names distrusts, and no key. */
  readonly isProven: boolean;
}

const nothing: Remembered = { kept: [], distrusted: [], isProven: true };

/** Content of the Secret's entry; nothing for one that is damaged, or of another issuer. */
function rememberedIn(text: string, issuer: string): Remembered {
  let stored: unknown;
  try {
    stored = JSON.parse(text);
  } catch {
    return nothing;
  }
  if (!isRecord(stored) || stored["issuer"] !== issuer) return nothing;
  const keys = recordsOf(stored["keys"]);
  const of = (isDistrusted: boolean): readonly Jwk[] =>
    keys
      .filter(({ distrustedAt }) => (distrustedAt !== undefined) === isDistrusted)
      .map(({ jwk }) => recordOf(jwk));
  return { kept: of(false), distrusted: of(true), isProven: true };
}

async function readRemembered(
  cluster: Pick<KubernetesApi, "read">,
  { stack, issuer }: Pick<Config, "issuer" | "stack">,
  signal: AbortSignal,
): Promise<Remembered> {
  const secret = await cluster.read({ kind: "Secret", ...operatorKeysSecret }, { signal });
  const data = recordOf(secret?.["data"]);
  const entry = `documents.${stack}`;
  const [text, proof] = [entry, proofEntryOf(entry)].map((name) => {
    const encoded = textOf(data[name]);
    return encoded === undefined ? undefined : Buffer.from(encoded, "base64").toString("utf8");
  });
  if (text === undefined) return nothing;
  const remembered = rememberedIn(text, issuer);
  const keys = await keysOfStore(operatorKeysSecret, cluster);
  if (isProven(keys, entry, text, proof)) return remembered;
  return { ...remembered, kept: [], isProven: false };
}

/** The key's material only: a distrusted key does not come back under another kid. */
const materialOf = ({ n, x, y }: Jwk): string => JSON.stringify([n, x, y]);

/**
 * The keys of a cluster combined with its operator's memory: one that is gone and may have signed valid tokens stays,
 * and a distrusted one is left out. So a plan reverts nothing that the operator uploads. Of what the operator did not
 * write no key is taken. Throws `cluster-*`.
 */
export async function withRemembered(
  cluster: Pick<KubernetesApi, "read">,
  keys: readonly Jwk[],
  config: Pick<Config, "issuer" | "stack">,
  signal: AbortSignal,
): Promise<readonly Jwk[]> {
  const { kept, distrusted, isProven: isOurs } = await readRemembered(cluster, config, signal);
  const kids = new Set(keys.map(({ kid }) => kid));
  const out = new Set(distrusted.flatMap((key) => [String(key["kid"]), materialOf(key)]));
  const all = [...keys, ...kept.filter(({ kid }) => !kids.has(kid))];
  const left = all.filter((key) => !out.has(String(key["kid"])) && !out.has(materialOf(key)));
  // Whoever may write the Secret takes keys away, but not the last.
  return left.length === 0 && !isOurs ? keys : left;
}
