import { errorText, isRecord, PodtrustError, recordsOf } from "../core/base/index.ts";
import { request } from "../core/http/index.ts";
import type { Agreement } from "./signer.ts";

/** The API servers of a cluster, and the client certificate that may read their JWK Sets and nothing else. PEM. */
export interface PeerOptions {
  /** `https://10.0.0.2:6443`, each server by its own address. */
  readonly urls: readonly string[];
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

const timeoutMs = 5000;
const maxBytes = 1024 * 1024;

/** The key IDs that an API server shows. Throws what `request` throws, a SyntaxError, or an Error for another status. */
async function kidsAt(url: string, options: PeerOptions, signal: AbortSignal): Promise<readonly unknown[]> {
  const { ca, certificate: cert, key } = options;
  const tools = { ca, cert, key, timeoutMs, maxBytes, signal, direct: true };
  const { status, body } = await request(new URL("/openid/v1/jwks", url).href, tools);
  if (status !== 200) throw new Error(`it answered ${status}`);
  const read: unknown = JSON.parse(body.toString("utf8"));
  return isRecord(read) ? recordsOf(read["keys"]).map(({ kid }) => kid) : [];
}

async function missingAt(
  url: string,
  kid: string,
  options: PeerOptions,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    return (await kidsAt(url, options, signal)).includes(kid) ? [] : [`${url} does not have it`];
  } catch (error) {
    return [`${url} could not be asked: ${errorText(error)}`];
  }
}

/**
 * Asks every API server at its own address, since a load balancer's would answer for only one of them. A
 * server that does not answer counts as one that lacks the key. Throws `usage` where `without` names another
 * server than those.
 */
export function peersAgreement(options: PeerOptions): Agreement {
  return async (kid, without, signal) => {
    const unknown = without.find((url) => !options.urls.includes(url));
    if (unknown !== undefined)
      throw new PodtrustError("usage", `${unknown} is none of the API servers that this signer asks`, {
        next: `It asks ${options.urls.join(", ")}.`,
      });
    const asked = options.urls.filter((url) => !without.includes(url));
    return (await Promise.all(asked.map((url) => missingAt(url, kid, options, signal)))).flat();
  };
}
