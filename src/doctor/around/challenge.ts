import { asPodtrustError, defined, hostNameOf, textOf } from "../../core/base/index.ts";
import { connectTarget, request } from "../../core/http/index.ts";
import type { IssuerRoute } from "../../issuer/index.ts";
import type { ChallengeFacts } from "../facts.ts";

/** No CA has asked for this token, so that a good server answers 404. */
const path = "/.well-known/acme-challenge/podtrust-doctor";
const maxBytes = 65_536;

const isHtml = (body: Buffer): boolean =>
  /^\s*<(?:!doctype|html|head|body)\b/iu.test(body.toString("latin1"));

/** Whether `--connect-to` leads the host elsewhere on 443 and says nothing of 80: there is no port 80 to look at. */
export function hasPort80(host: string, { connectTo = [] }: IssuerRoute): boolean {
  const [secure, plain] = [connectTarget(connectTo, host, 443), connectTarget(connectTo, host, 80)];
  const isLed = secure.host !== host || secure.port !== 443;
  return !isLed || plain.host !== host || plain.port !== 80;
}

/** What a CA meets that comes to port 80 for an http-01 challenge (RFC 8555 §8.3). */
export async function challengeFacts(
  issuer: string,
  { route = {}, timeoutMs, signal }: { route?: IssuerRoute; timeoutMs: number; signal: AbortSignal },
): Promise<ChallengeFacts> {
  const url = `http://${hostNameOf(issuer)}${path}`;
  const { connectTo = [], mayConnect = () => true } = route;
  const options = { timeoutMs, maxBytes, signal, allowPlainHttp: true, connectTo, mayConnect };
  try {
    const { status, headers, body } = await request(url, options);
    const { location } = headers;
    return { url, status, html: isHtml(body), ...defined({ location }) };
  } catch (error) {
    signal.throwIfAborted();
    const { cause, reason } = asPodtrustError(error).detail;
    return { url, error: textOf(cause) ?? String(reason) };
  }
}
