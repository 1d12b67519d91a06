import { type Clock, PodtrustError, recordOf, retry, type RetrySchedule, textOf } from "../base/index.ts";
import { apiError, ApiUnanswered, type ApiVendor } from "./api-vendor.ts";
import { isHeldByProxy } from "./failure.ts";
import { jsonOf } from "./json.ts";
import { type HttpResponse, request } from "./request.ts";
import { saidWords } from "./said.ts";

/** What a token service is asked for. */
export interface TokenGrant {
  /** In a person's words: `a token for deployer@…`. */
  readonly what: string;
  readonly url: string;
  /** Those of the body, where that is no form. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  /** Texts of the request that no message may hold. */
  readonly secrets: readonly string[];
}

const passing: RetrySchedule = {
  name: "a token service that gave no answer is asked again within half a minute",
  delays: [500, 1500, 4000, 8000],
  giveUpAfter: 30_000,
};

/** An answer that is no token, in a person's words. OAuth's errors are two texts (RFC 6749 §5.2), the APIs' an object. */
function refusalOf(
  { codes, tokenService }: ApiVendor,
  { status, ...response }: HttpResponse,
  { what, secrets }: TokenGrant,
): unknown {
  const answer = recordOf(jsonOf(response));
  const error = recordOf(answer["error"]);
  const wordsOf = (...texts: readonly unknown[]): string =>
    texts.flatMap((one) => saidWords(textOf(one) ?? "", secrets) || []).join(": ");
  const code = wordsOf(answer["error"], error["status"]);
  const message = wordsOf(answer["error_description"], error["message"]);
  const words = [code, message].filter((one) => one !== "").join(": ") || `status ${status}`;
  if (status >= 500 || status === 429) return new ApiUnanswered(words);
  return new PodtrustError(codes.credentials, `${tokenService} refused ${what}: ${words}`, {
    detail: { status, code, message },
  });
}

/**
 * Asks a vendor's token service, and again where that fails. Throws the vendor's error of refused credentials, whose detail has
 * the vendor's own code and message, and those of a service that gives no answer.
 */
export async function askTokenService(
  vendor: ApiVendor,
  grant: TokenGrant,
  clock: Clock,
  signal: AbortSignal,
): Promise<HttpResponse> {
  const { url, headers = { "content-type": "application/x-www-form-urlencoded" }, body, what } = grant;
  const ask = async (): Promise<HttpResponse> => {
    const response = await request(url, {
      method: "POST",
      headers: { accept: "application/json", "user-agent": "podtrust", ...headers },
      body,
      timeoutMs: 20_000,
      maxBytes: 64 * 1024,
      allowPlainHttp: url.startsWith("http:"),
      signal,
    }).catch((error: unknown) => {
      if (signal.aborted) throw error;
      throw new ApiUnanswered(error instanceof Error ? error.message : String(error), { cause: error });
    });
    if (response.status !== 200) throw refusalOf(vendor, response, grant);
    return response;
  };
  const retryable = (error: unknown): boolean =>
    error instanceof ApiUnanswered && !signal.aborted && !isHeldByProxy(error);
  return retry(ask, { schedule: passing, clock, signal, retryable }).catch((error: unknown) => {
    throw apiError(vendor, error, what);
  });
}
