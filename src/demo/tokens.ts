import { example } from "./example.ts";
import type { Stage } from "./stage.ts";

/** A token by TokenRequest for one of the example's ServiceAccounts: what kubelet would project into its pod. */
export async function mintToken(stage: Stage, name: string, audience: string): Promise<string> {
  const spec = { audiences: [audience], expirationSeconds: example.tokenSeconds };
  const { token } = await stage.cluster.requestToken(example.namespace, name, spec);
  return token;
}

/** A token that the stand-in cluster signed long ago; undefined for a real one, which would need a wait. */
export function expiredToken(
  { standIn, clock }: Stage,
  audience: string = example.audience,
): (() => Promise<string>) | undefined {
  if (standIn === undefined) return undefined;
  const forged = {
    namespace: example.namespace,
    name: example.serviceAccount,
    audiences: [audience],
    // Beyond the largest clock leeway of five minutes; nothing else is wrong with it.
    issuedAt: Math.floor(clock.now() / 1000) - 7200,
    expirationSeconds: 3600,
  };
  return () => Promise.resolve(standIn.forgeToken(forged));
}
