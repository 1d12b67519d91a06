import { recordOf, textOf, textsOf } from "../../core/base/index.ts";
import type { OpenBaoApi } from "./api.ts";
import { openbaoError, OpenBaoRefusal } from "./failure.ts";

/** The outcome of a login. */
export type Login =
  | { readonly outcome: "accepted"; readonly policies: readonly string[]; readonly seconds: number }
  | { readonly outcome: "refused"; readonly status: number; readonly message: string };

/**
 * Logs in as a workload does, which takes no token of ours. The returned token is revoked at once, and not shown.
 * Throws `openbao-unreachable` and `openbao-unavailable` where the server gave no answer of its own.
 */
export async function tryLogin(
  api: OpenBaoApi,
  asked: { readonly mount: string; readonly role: string; readonly jwt: string },
  signal: AbortSignal,
): Promise<Login> {
  const { mount, role, jwt } = asked;
  const what = `logging in at auth/${mount} as role ${role}`;
  const call = {
    method: "POST",
    path: ["auth", mount, "login"],
    body: { role, jwt },
    token: "",
    what,
  } as const;
  try {
    const auth = recordOf((await api.send(call, signal))["auth"]);
    const { policies, lease_duration: seconds } = auth;
    const token = textOf(auth["client_token"]);
    if (token !== undefined) {
      const revoking = { method: "POST", path: ["auth", "token", "revoke-self"], token } as const;
      await api.call({ ...revoking, what: "revoking the token of a login" }, signal);
    }
    return {
      outcome: "accepted",
      policies: textsOf(policies),
      seconds: typeof seconds === "number" ? seconds : 0,
    };
  } catch (thrown) {
    if (!(thrown instanceof OpenBaoRefusal)) throw openbaoError(thrown, what);
    return { outcome: "refused", status: thrown.status, message: thrown.message };
  }
}
