import { isRecord, recordOf, recordsOf, textOf } from "../../../core/base/index.ts";
import type { Config } from "../../../config/index.ts";
import { type KubernetesApi, operatorKeysSecret } from "../../../providers/kubernetes/index.ts";
import type { Jwk } from "../../../rules/gcp/index.ts";

/** What an operator that uploads keys remembers of them. */
interface Remembered {
  /** Those that the cluster had, and that it may have signed with what lives yet. */
  readonly kept: readonly Jwk[];
  readonly distrusted: readonly Jwk[];
}

const nothing: Remembered = { kept: [], distrusted: [] };

/** What the text of the Secret's entry says; nothing for one that is damaged, or of another issuer. */
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

/** All that makes a key: one that is distrusted comes back under no other kid. */
const materialOf = ({ n, x, y }: Jwk): string => JSON.stringify([n, x, y]);

/**
 * The keys of a cluster with what its operator remembers of them: one that is gone and may have signed what lives yet stays, and
 * one that was distrusted is none. So a plan undoes nothing of what the operator uploads. Throws `cluster-*`.
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
