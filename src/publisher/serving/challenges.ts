import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { ChallengeAnswers } from "../publisher.ts";
import { reasonPhrase } from "./reasons.ts";
import type { Tallies } from "./tallies.ts";

const path = "/.well-known/acme-challenge/";
// RFC 8555 §8.3: a token is base64url.
const token = /^[A-Za-z0-9_-]{1,256}$/u;

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const problem = (status: number): Reply => ({
  status,
  type: "text/plain; charset=utf-8",
  body: `${status} ${reasonPhrase(status)}\n`,
});

function reply(request: IncomingMessage, challenges: ChallengeAnswers): Reply {
  const { url = "", method } = request;
  if (!url.startsWith(path)) return problem(404);
  if (method !== "GET" && method !== "HEAD") return problem(405);
  const asked = url.slice(path.length);
  const body = token.test(asked) ? challenges.http01?.(asked) : undefined;
  return body === undefined ? problem(404) : { status: 200, type: "application/octet-stream", body };
}

function send(response: ServerResponse, { status, type, body }: Reply): void {
  response.writeHead(status, {
    "Content-Type": type,
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    ...(status === 405 ? { Allow: "GET, HEAD" } : {}),
    Connection: "close",
  });
  response.end(body);
}

/**
 * Port 80: answers HTTP-01 challenges (RFC 8555 §8.3) and nothing else. There is no redirect to HTTPS: nobody
 * may fetch keys over a path on which they can be replaced, and Let's Encrypt retries a redirect over one
 * address family only.
 */
export function challengeHandler(challenges: () => ChallengeAnswers, tallies: Tallies): RequestListener {
  return (request, response) => {
    const answer = reply(request, challenges());
    send(response, answer);
    const place = request.url?.startsWith(path) === true ? "challenge" : "other";
    tallies.tally("", place, answer.status).count += 1;
  };
}
