import { PodtrustError, recordOf, textOf } from "../../core/base/index.ts";
import { jsonOf, request, saidWords } from "../../core/http/index.ts";

/** What Entra made of a workload's token. */
export type AssertionExchange =
  | { readonly outcome: "accepted"; readonly seconds: number }
  | {
      readonly outcome: "refused";
      readonly status: number;
      readonly message: string;
      /** Entra's own error numbers: 700213 of AADSTS700213. */
      readonly codes: readonly number[];
    };

/** A workload that asks for an access token with its own. */
export interface ExchangeOrder {
  /** Entra's base, without a slash at its end. */
  readonly login: string;
  readonly tenant: string;
  readonly clientId: string;
  /** The ServiceAccount's token. */
  readonly assertion: string;
  /** `https://management.azure.com` */
  readonly resource: string;
}

/**
 * Asks for an access token as a workload does, with no credentials of ours. The answer is not kept. Throws
 * `azure-unreachable`, and `azure-unavailable` where Entra itself fails.
 */
export async function tryExchange(order: ExchangeOrder, signal: AbortSignal): Promise<AssertionExchange> {
  const { login, tenant, clientId, assertion, resource } = order;
  const url = `${login}/${tenant}/oauth2/v2.0/token`;
  const what = `a token for client ${clientId}`;
  const form = new URLSearchParams({
    client_id: clientId,
    scope: `${resource}/.default`,
    grant_type: "client_credentials",
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: assertion,
  });
  const headers = { accept: "application/json", "content-type": "application/x-www-form-urlencoded" };
  const response = await request(url, {
    method: "POST",
    headers,
    body: form.toString(),
    allowPlainHttp: url.startsWith("http:"),
    signal,
  }).catch((error: unknown) => {
    if (signal.aborted) throw error;
    const said = error instanceof Error ? error.message : String(error);
    throw new PodtrustError("azure-unreachable", `${what}: ${said}`, { cause: error });
  });
  const answer = recordOf(jsonOf(response));
  const { status } = response;
  if (status === 200) return { outcome: "accepted", seconds: Number(answer["expires_in"] ?? 0) };
  const texts = [answer["error"], answer["error_description"]];
  const message = texts.map((one) => saidWords(textOf(one) ?? "", [assertion])).filter((one) => one !== "");
  if (status >= 500 || status === 429)
    throw new PodtrustError("azure-unavailable", `${what}: status ${status}`);
  const listed = answer["error_codes"];
  const codes = Array.isArray(listed) ? listed.filter((one) => typeof one === "number") : [];
  return { outcome: "refused", status, message: message.join(": "), codes };
}
