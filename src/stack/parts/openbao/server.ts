import { PodtrustError } from "../../../core/base/index.ts";
import type { OpenBaoServer } from "../../../config/index.ts";
import {
  isOriginOf,
  openbaoAccess,
  OpenBaoApi,
  openbaoServer,
  requireNamedServer,
} from "../../../providers/openbao/index.ts";
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

/** Access with the environment's token where that may go there, and without one elsewhere. Throws `openbao-token-refused` and `usage`. */
export async function apiWithTokenIfAny(
  context: Pick<PartContext, "env" | "clock" | "consent">,
  server: OpenBaoServer,
): Promise<OpenBaoApi> {
  try {
    return new OpenBaoApi(await openbaoAccess(server, context), context.clock);
  } catch (error) {
    if (!(error instanceof PodtrustError) || error.code !== "credential-elsewhere") throw error;
    return new OpenBaoApi(await openbaoServer(server), context.clock);
  }
}

/**
 * Access without a token of ours, for logins with a token of the cluster. One whose audience is not the server's own address
 * is worth something elsewhere too, and goes only where the environment names the server, or after a person's yes. Throws
 * `credential-elsewhere` and `usage`.
 */
export async function loginApi(
  context: Pick<PartContext, "env" | "clock" | "consent">,
  server: OpenBaoServer,
): Promise<OpenBaoApi> {
  const access = await openbaoServer(server);
  if (!isOriginOf(server.audience, access.address))
    await requireNamedServer(access, server.audience, context);
  return new OpenBaoApi(access, context.clock);
}
