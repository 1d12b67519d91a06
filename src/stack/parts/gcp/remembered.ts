import { isRecord, recordOf, recordsOf, textOf } from "../../../core/base/index.ts";
import type { Config } from "../../../config/index.ts";
import { type KubernetesApi, operatorKeysSecret } from "../../../providers/kubernetes/index.ts";
import type { Jwk } from "../../../rules/gcp/index.ts";

/** What an operator that uploads keys remembers of them. */
interface Remembered {
  /** Keys that the cluster had, and that may have signed tokens that are still valid. */
  readonly kept: readonly Jwk[];
  readonly distrusted: readonly Jwk[];
}

const nothing: Remembered = { kept: [], distrusted: [] };

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
  return { kept: of(false), distrusted: of(true) };
}

async function readRemembered(
  cluster: Pick<KubernetesApi, "read">,
  { stack, issuer }: Pick<Config, "issuer" | "stack">,
  signal: AbortSignal,
): Promise<Remembered> {
  const secret = await cluster.read({ kind: "Secret", ...operatorKeysSecret }, { signal });
  const encoded = textOf(recordOf(secret?.["data"])[`documents.${stack}`]);
  if (encoded === undefined) return nothing;
  return rememberedIn(Buffer.from(encoded, "base64").toString("utf8"), issuer);
}

/** The key's material only: a distrusted key does not come back under another kid. */
const materialOf = ({ n, x, y }: Jwk): string => JSON.stringify([n, x, y]);

/**
 * The keys of a cluster combined with its operator's memory: one that is gone and may have signed valid tokens stays,
 * and a distrusted one is left out. So a plan reverts nothing that the operator uploads. Throws `cluster-*`.
 */
export async function withRemembered(
  cluster: Pick<KubernetesApi, "read">,
  keys: readonly Jwk[],
  config: Pick<Config, "issuer" | "stack">,
  signal: AbortSignal,
): Promise<readonly Jwk[]> {
  const { kept, distrusted } = await readRemembered(cluster, config, signal);
  const kids = new Set(keys.map(({ kid }) => kid));
  const out = new Set(distrusted.flatMap((key) => [String(key["kid"]), materialOf(key)]));
  const all = [...keys, ...kept.filter(({ kid }) => !kids.has(kid))];
  return all.filter((key) => !out.has(String(key["kid"])) && !out.has(materialOf(key)));
}
