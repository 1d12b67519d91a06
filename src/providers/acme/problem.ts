import { defined, type ErrorCode, isRecord, mapped, PodtrustError, recordOf } from "../../core/base/index.ts";
import type { HttpResponse } from "../../core/http/index.ts";
import { parseObject, retryAfterMs, text } from "./answer.ts";

/** One name's part of a problem (RFC 8555 §6.7.1). */
export interface Subproblem {
  readonly type: string;
  readonly detail: string;
  readonly identifier: string | undefined;
}

interface Meaning {
  readonly code: ErrorCode;
  readonly next?: string;
}

// A sentence with more than a few names is unreadable; `detail` has them all.
const maxSubproblems = 5;
const prefix = "urn:ietf:params:acme:error:";

const challengeFailed = (next: string): Meaning => ({ code: "acme-challenge-failed", next });
const refusedAccount = (next: string): Meaning => ({ code: "acme-account-refused", next });

// RFC 8555 §6.7, RFC 9773 §7.4 and the profiles draft, by what can be done about them.
const meanings: Readonly<Record<string, Meaning>> = {
  accountDoesNotExist: { code: "acme-account-unknown" },
  alreadyReplaced: {
    code: "acme-refused",
    next: "The certificate was renewed already; the next attempt asks for a new one.",
  },
  badCSR: { code: "acme-refused" },
  badNonce: { code: "acme-unavailable", next: "The CA rejected every nonce; try again later." },
  badPublicKey: refusedAccount("Remove the stored account key, so that a new one is made."),
  badSignatureAlgorithm: { code: "acme-refused", next: "The CA does not take ES256; use another CA." },
  caa: { code: "acme-caa" },
  compound: { code: "acme-challenge-failed", next: "Look at each name's own problem." },
  connection: challengeFailed(
    "Open port 80 (HTTP-01) or 443 (TLS-ALPN-01) to the whole internet, and check the address that the name leads to.",
  ),
  dns: challengeFailed(
    "Check that the name exists in public DNS and leads to this machine, in IPv6 too where it has an AAAA record.",
  ),
  externalAccountRequired: refusedAccount(
    "Give the key id and HMAC key that the CA hands out (external account binding).",
  ),
  incorrectResponse: challengeFailed(
    "Something else answers for this name: check where it leads, and proxies in front of this machine.",
  ),
  invalidContact: refusedAccount("Give a mail address that the CA accepts as contact."),
  invalidProfile: { code: "acme-profile-unknown" },
  rateLimited: { code: "acme-rate-limited" },
  rejectedIdentifier: { code: "acme-name-refused" },
  serverInternal: { code: "acme-unavailable" },
  tls: challengeFailed("The CA could not finish a TLS handshake: check what listens on port 443."),
  unauthorized: {
    code: "acme-challenge-failed",
    next: "Something else answers for this name, or the account has no right to it.",
  },
  unsupportedContact: refusedAccount("Give a mail address as contact."),
  unsupportedIdentifier: { code: "acme-name-refused" },
  userActionRequired: refusedAccount(
    "Open the address that the CA names, agree to its terms, and try again.",
  ),
};

function meaningOf(type: string, status: number): Meaning {
  const name = type.startsWith(prefix) ? type.slice(prefix.length) : "";
  const known = Object.hasOwn(meanings, name) ? meanings[name] : undefined;
  if (known !== undefined) return known;
  if (status === 429) return { code: "acme-rate-limited" };
  return { code: status >= 500 ? "acme-unavailable" : "acme-refused" };
}

function subproblemsOf(value: unknown): readonly Subproblem[] {
  const list = Array.isArray(value) ? (value as readonly unknown[]) : [];
  return list
    .slice(0, 100)
    .filter(isRecord)
    .map((one) => ({
      type: text(one["type"]) ?? "about:blank",
      detail: text(one["detail"]) ?? "",
      identifier: text(recordOf(one["identifier"])["value"]),
    }));
}

/** What the CA said was wrong. `detail` of the error is `{url, status, type, subproblems, retryAfterSeconds}`. */
export class AcmeProblem extends PodtrustError {
  /** A URN of RFC 8555 §6.7, or `about:blank`. */
  readonly type: string;
  /** The HTTP status; 0 for a problem inside another resource. */
  readonly status: number;
  readonly subproblems: readonly Subproblem[];
  /** Milliseconds after which the CA would be asked again. */
  readonly retryAfterMs: number | undefined;

  constructor(
    document: unknown,
    where: { url: string; status?: number; retryAfterMs?: number; about?: string },
  ) {
    const fields = recordOf(document);
    const type = text(fields["type"]) ?? "about:blank";
    const status = where.status ?? 0;
    const subproblems = subproblemsOf(fields["subproblems"]);
    const { code, next } = meaningOf(type, status);
    const parts = subproblems
      .slice(0, maxSubproblems)
      .map((one) => `; ${one.identifier ?? "?"}: ${one.detail}`);
    const said = text(fields["detail"]) ?? (status === 0 ? "no reason given" : `status ${status}`);
    super(code, `${where.about ?? where.url}: ${said}${parts.join("")}`, {
      ...defined({ next }),
      detail: {
        url: where.url,
        status,
        type,
        subproblems,
        ...defined({
          retryAfterSeconds: mapped(where.retryAfterMs, (ms) => Math.ceil(ms / 1000)),
        }),
      },
    });
    this.type = type;
    this.status = status;
    this.subproblems = subproblems;
    this.retryAfterMs = where.retryAfterMs;
  }

  /** Whether the problem is of this type, named without its prefix: `badNonce`. */
  is(type: string): boolean {
    return this.type === prefix + type;
  }
}

/** The problem in an answer of status 400 and above; a body without one still makes one. `now` in ms. */
export function problemOf(url: string, response: HttpResponse, now: number): AcmeProblem {
  const wait = retryAfterMs(response.headers, now);
  return new AcmeProblem(parseObject(response.body), {
    url,
    status: response.status,
    ...defined({ retryAfterMs: wait }),
  });
}

/** Whether an error will likely pass by itself: worth another look before a deadline. */
export function isPassing(error: unknown): boolean {
  if (error instanceof AcmeProblem)
    return error.code === "acme-unavailable" || error.code === "acme-rate-limited";
  const passing = ["http-unreachable", "http-timeout"];
  return error instanceof PodtrustError && passing.includes(error.code);
}
