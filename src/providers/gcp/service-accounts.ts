import { recordOf, textOf } from "../../core/base/index.ts";
import { answeredGoogleEmail } from "../../rules/oidc/index.ts";
import type { GoogleApi } from "./api.ts";
import { googleError } from "./vendor.ts";

/** The addresses of a project's service accounts. Throws `gcp-*`. */
export async function listServiceAccounts(
  api: GoogleApi,
  projectNumber: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const what = `listing the service accounts of project ${projectNumber}`;
  const path = `/v1/projects/${projectNumber}/serviceAccounts`;
  try {
    const found = await api.list(
      { method: "GET", path, query: { pageSize: "100" }, what },
      "accounts",
      signal,
    );
    return found.flatMap((one) => {
      const email = textOf(recordOf(one)["email"]) ?? "";
      // It becomes a path.
      return answeredGoogleEmail.test(email) ? [email] : [];
    });
  } catch (thrown) {
    throw googleError(thrown, what);
  }
}
