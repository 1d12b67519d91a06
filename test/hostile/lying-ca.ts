/** CAs that do their work up to a point, and then lie in one way each. */
import { startAuthority, type CaAnswer, type CaFault, type StandInCa } from "../../src/sandbox/ca/index.ts";
import { parseConnectTo } from "../../src/core/http/index.ts";

type Fields = Record<string, unknown>;

const fieldsOf = ({ body }: CaAnswer): Fields => (typeof body === "object" ? (body as Fields) : {});
const lie = (at: (CaFault & { what: "lie" })["at"], tell: (answer: CaAnswer) => CaAnswer): CaFault => ({
  what: "lie",
  at,
  lie: tell,
});

const large = (): string => " ".repeat(20 << 20);
const many = 100_000;

/** What CAs may say, by what a report calls it. */
export const caLies: Readonly<Record<string, CaFault>> = {
  "a directory of 20 MiB": lie(["directory"], (answer) => ({ ...answer, body: large() })),
  "a directory nested deeply": lie(["directory"], (answer) => ({ ...answer, body: "[".repeat(200_000) })),
  "nothing at all": { what: "hang", at: ["newAccount"] },
  "a nonce of 7 KB": lie(["newNonce"], (answer) => ({
    ...answer,
    headers: { ...answer.headers, "replay-nonce": "a".repeat(7000) },
  })),
  "an account of 20 MiB": lie(["newAccount"], (answer) => ({ ...answer, body: large() })),
  "an order of a hundred thousand authorizations": lie(["newOrder"], (answer) => ({
    ...answer,
    body: {
      ...fieldsOf(answer),
      authorizations: Array.from({ length: many }, (_, index) => `https://127.0.0.1/authorization/${index}`),
    },
  })),
  "an authorization of a hundred thousand challenges": lie(["authorization"], (answer) => ({
    ...answer,
    body: {
      ...fieldsOf(answer),
      challenges: Array.from({ length: many }, () => ({
        type: "x",
        url: "https://127.0.0.1/",
        status: "pending",
      })),
    },
  })),
  "an order that is processed for ever": lie(["order", "finalize"], (answer) => ({
    ...answer,
    body: { ...fieldsOf(answer), status: "processing" },
    headers: { ...answer.headers, "retry-after": "0" },
  })),
  "a certificate of 20 MiB": lie(["certificate"], (answer) => ({ ...answer, body: large() })),
  "a chain of ten thousand certificates": lie(["certificate"], (answer) => ({
    ...answer,
    body: typeof answer.body === "string" ? answer.body.repeat(5000) : large(),
  })),
  "a problem of 20 MiB": lie(["newOrder"], () => ({
    status: 400,
    body: { type: "urn:ietf:params:acme:error:malformed", detail: large() },
    headers: { "content-type": "application/problem+json" },
  })),
  "429 for the next thousand years": { what: "rate-limit", retryAfter: 31_536_000_000, at: ["newOrder"] },
};

/** Never validates what was proven, so that the challenge stands on. */
export const undecided: CaFault = lie(["authorization", "challenge"], (answer) => {
  const body = fieldsOf(answer);
  const pending = (one: unknown): unknown => ({ ...(one as Fields), status: "pending" });
  return {
    ...answer,
    body: {
      ...body,
      status: "pending",
      ...(Array.isArray(body["challenges"]) ? { challenges: body["challenges"].map(pending) } : {}),
    },
  };
});

/** A CA that lies from the start; it proves names on a port of this machine. */
export async function startLyingCa(fault: CaFault, httpsPort: number): Promise<StandInCa> {
  const ca = await startAuthority({ connectTo: [parseConnectTo(`:443:127.0.0.1:${httpsPort}`)] });
  ca.misbehave(fault);
  return ca;
}
