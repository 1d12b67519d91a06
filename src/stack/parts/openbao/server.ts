import { PodtrustError } from "../../../core/base/index.ts";
import type { OpenBaoServer } from "../../../config/index.ts";
import { openbaoAccess, OpenBaoApi } from "../../../providers/openbao/index.ts";
import type { PartContext } from "../part.ts";

/**
 * Access to a server of the config, with the environment's token. A login needs none, so it may be `optional`. Throws
 * `openbao-token-missing`, `openbao-token-refused` and `usage`.
 */
export async function serverApi(
  { env, clock }: Pick<PartContext, "env" | "clock">,
  server: OpenBaoServer,
  token: "needed" | "optional" = "needed",
): Promise<OpenBaoApi> {
  const access = await openbaoAccess(server, env);
  if (token === "needed" && access.token === undefined)
    throw new PodtrustError("openbao-token-missing", `there is no token for OpenBao at ${server.address}`);
  return new OpenBaoApi(access, clock);
}
