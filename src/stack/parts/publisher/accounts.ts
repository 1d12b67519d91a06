import { defined, PodtrustError, withNextStep } from "../../../core/base/index.ts";
import { acmeAuthorities, type AcmeConfig, acmeIssuers } from "../../../config/index.ts";
import type { AccountAtCa, MachineAccountRecords, ObservedRecords } from "../../../providers/host/index.ts";
import type { PartContext } from "../part.ts";

/** The error of registering at a CA that cannot be verified, with the setting that names its roots. */
function explained(error: unknown): unknown {
  if (!(error instanceof PodtrustError) || error.code !== "http-tls") return error;
  return withNextStep(
    error,
    "Name the roots of a private CA's own HTTPS in publisher.https.acme.caFile (of the fallback in fallback.caFile).",
  );
}

/**
 * The accounts of a config's publisher, at every CA and environment in use. The config's files are read when one is
 * registered. Connections to the CA follow those rules of the run that name its port: others are about the issuer.
 */
export async function accountsOf(
  acme: AcmeConfig,
  { clock, route }: Pick<PartContext, "clock" | "route">,
): Promise<readonly AccountAtCa[]> {
  // The folders that speak to CAs are loaded only when needed.
  const { accountStore, directoriesOf, readAccount, registerAccount } =
    await import("../../../providers/tls/index.ts");
  const { email = "" } = acme;
  const connectTo = (route?.connectTo ?? []).filter(({ port }) => port !== undefined);
  return acmeAuthorities(acme).flatMap((authority, index) =>
    directoriesOf([authority]).map((directory) => ({
      directory,
      async kept(records: ObservedRecords) {
        const stored = await readAccount(records, directory, email);
        if (stored === undefined) return undefined;
        // The key is left out: what is found goes into plans.
        const { uri, caaIdentities } = stored;
        return defined({ uri, caaIdentities });
      },
      async register(records: MachineAccountRecords, signal: AbortSignal) {
        const issuer = (await acmeIssuers(acme))[index];
        if (issuer === undefined) throw new TypeError(`no authority ${index}`);
        const store = accountStore(records);
        const options = {
          issuer: { ...issuer, connectTo },
          directory,
          store,
          termsOfServiceAgreed: true,
          clock,
        };
        try {
          return await registerAccount(options, signal);
        } catch (error) {
          throw explained(error);
        }
      },
    })),
  );
}
