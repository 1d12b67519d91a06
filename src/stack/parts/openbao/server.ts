import { PodtrustError } from "../../../core/base/index.ts";
import type { OpenBaoServer } from "../../../config/index.ts";
import { openbaoAccess, OpenBaoApi, openbaoServer } from "../../../providers/openbao/index.ts";
import type { PartContext } from "../part.ts";

/**
 * Access to a server of the config, with the environment's token. Throws `openbao-token-missing`, `credential-elsewhere`,
 * `openbao-token-refused` and `usage`.
 */
export async function serverApi(
  context: Pick<PartContext, "env" | "clock" | "consent">,
  server: OpenBaoServer,
): Promise<OpenBaoApi> {
  const access = await openbaoAccess(server, context);
  if (access.token === undefined)
    throw new PodtrustError("openbao-token-missing", `there is no token for OpenBao at ${server.address}`);
  return new OpenBaoApi(access, context.clock);
}

/** Access without a token, for logins. Throws `usage`. */
export async function loginApi(
  { clock }: Pick<PartContext, "clock">,
  server: OpenBaoServer,
): Promise<OpenBaoApi> {
  return new OpenBaoApi(await openbaoServer(server), clock);
}
