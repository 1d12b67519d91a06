import { PodtrustError, textOf, textsOf } from "../../core/base/index.ts";
import type { OpenBaoApi } from "./api.ts";
import { invalidAnswer } from "./failure.ts";

/** Our identity to the server: `token-ci, policies default and podtrust`. Throws `openbao-*`. */
export async function openbaoCaller(api: OpenBaoApi, signal: AbortSignal): Promise<string> {
  const what = "asking OpenBao who we are";
  const data = await api.read(["auth", "token", "lookup-self"], what, signal).catch((error: unknown) => {
    if (!(error instanceof PodtrustError) || error.code !== "openbao-denied") throw error;
    throw new PodtrustError("openbao-token-refused", error.message, { cause: error });
  });
  if (data === undefined) throw invalidAnswer(what, "it has no data");
  const policies: unknown = data["policies"];
  const names = textsOf(policies);
  return `${textOf(data["display_name"]) ?? "token"} with ${names.length === 0 ? "no policy" : names.join(", ")}`;
}

/** Whether a policy exists; undefined where we may not read it. Throws `openbao-*`. */
export async function policyExists(
  api: OpenBaoApi,
  name: string,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  try {
    return (
      (await api.read(["sys", "policies", "acl", name], `looking for policy ${name}`, signal)) !== undefined
    );
  } catch (error) {
    if (error instanceof PodtrustError && error.code === "openbao-denied") return undefined;
    throw error;
  }
}
