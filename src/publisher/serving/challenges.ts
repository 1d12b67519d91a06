import type { ChallengeAnswers } from "../contract.ts";
import { HttpAnswer, type HeaderFields } from "./answer.ts";
import type { Http1Answer, Http1Answerer } from "./http1.ts";
import { reasonPhrase } from "./reasons.ts";
import type { Tallies } from "./tallies.ts";

const path = "/.well-known/acme-challenge/";
// RFC 8555 §8.3: a token is base64url.
const token = /^[A-Za-z0-9_-]{1,256}$/u;

interface ChallengeReply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const problem = (status: number): ChallengeReply => ({
  status,
  type: "text/plain; charset=utf-8",
  body: `${status} ${reasonPhrase(status)}\n`,
});

const found = (body: string | undefined): ChallengeReply =>
  body === undefined ? problem(404) : { status: 200, type: "application/octet-stream", body };

function reply(
  url: string,
  method: string,
  challenges: ChallengeAnswers,
): ChallengeReply | Promise<ChallengeReply> {
  if (!url.startsWith(path)) return problem(404);
  if (method !== "GET" && method !== "HEAD") return problem(405);
  const asked = url.slice(path.length);
  const body = token.test(asked) ? challenges.http01?.(asked) : undefined;
  return body instanceof Promise ? body.then(found) : found(body);
}

/**
 * Port 80: answers HTTP-01 challenges (RFC 8555 §8.3) and nothing else, one per connection. There is no redirect to
 * HTTPS: keys must not be fetched over a path on which they can be replaced, and Let's Encrypt retries a redirect over
 * one address family only.
 */
export function challengeAnswerer(challenges: () => ChallengeAnswers, tallies: Tallies): Http1Answerer {
  return ({ url = "", method = "" }) => {
    const given = ({ status, type, body }: ChallengeReply): Http1Answer => {
      const fields: HeaderFields = [
        ["Content-Type", type],
        ["Cache-Control", "no-store"],
        ["X-Content-Type-Options", "nosniff"],
        ...(status === 405 ? ([["Allow", "GET, HEAD"]] as const) : []),
      ];
      const tally = tallies.tally("", url.startsWith(path) ? "challenge" : "other", status);
      return { answer: new HttpAnswer({ status, fields, body, tally }), last: true };
    };
    const replied = reply(url, method, challenges());
    return replied instanceof Promise ? replied.then(given) : given(replied);
  };
}
