import { type JsonRecord, recordOf } from "../../core/base/index.ts";
import type { HttpResponse } from "../../core/http/index.ts";
import { answerInvalid, isCaUrl, objectOf, text } from "./answer.ts";
import { canonicalAddress } from "../../core/x509/index.ts";
import type { Identifier } from "./solver.ts";

/** RFC 8555 §7.1.3. */
export interface Order {
  readonly url: string;
  readonly status: "pending" | "ready" | "processing" | "valid" | "invalid";
  readonly identifiers: readonly Identifier[];
  readonly authorizations: readonly string[];
  readonly finalize: string;
  readonly certificate: string | undefined;
  readonly error: unknown;
}

/** RFC 8555 §7.1.5. */
export interface Challenge {
  readonly type: string;
  readonly url: string;
  readonly status: "pending" | "processing" | "valid" | "invalid";
  /** Empty for types that have none. */
  readonly token: string;
  readonly error: unknown;
}

/** RFC 8555 §7.1.4. */
export interface Authorization {
  readonly url: string;
  readonly status: "pending" | "valid" | "invalid" | "deactivated" | "expired" | "revoked";
  readonly identifier: Identifier;
  readonly wildcard: boolean;
  readonly challenges: readonly Challenge[];
}

/** An order to be made. */
export interface NewOrder {
  readonly names: readonly string[];
  readonly profile?: string;
  /** The certificate that this one is to replace, by its ARI identifier (RFC 9773 §5). */
  readonly replaces?: string;
}

// A certificate holds at most 100 names; of challenges there are five types.
const maxEntries = 100;
const maxChallenges = 20;
const orderStatus = ["pending", "ready", "processing", "valid", "invalid"] as const;
const challengeStatus = ["pending", "processing", "valid", "invalid"] as const;
const authorizationStatus = ["pending", "valid", "invalid", "deactivated", "expired", "revoked"] as const;
// Tokens end up in paths and are looked up in tables: RFC 8555 §8.3 allows these characters only.
const tokenShape = /^[A-Za-z0-9_-]{1,512}$/u;

function oneOf<T extends string>(url: string, allowed: readonly T[], value: unknown): T {
  const found = allowed.find((status) => status === value);
  if (found === undefined) throw answerInvalid(url, `status is ${text(value) ?? "absent"}`);
  return found;
}

function urlIn(url: string, document: JsonRecord, name: string): string {
  const value = text(document[name]);
  if (value === undefined || !isCaUrl(value)) throw answerInvalid(url, `${name} is not an https URL`);
  return value;
}

function listOf(url: string, document: JsonRecord, name: string, max = maxEntries): readonly unknown[] {
  const value = document[name];
  if (!Array.isArray(value) || value.length > max)
    throw answerInvalid(url, `${name} is not a list of at most ${max}`);
  return value as readonly unknown[];
}

function identifierOf(url: string, value: unknown): Identifier {
  const fields = recordOf(value);
  const name = text(fields["value"]);
  const { type } = fields;
  if ((type !== "dns" && type !== "ip") || name === undefined)
    throw answerInvalid(url, "an identifier is neither dns nor ip");
  return { type, value: type === "ip" ? canonicalAddress(name.toLowerCase()) : name.toLowerCase() };
}

/** Reads an order (RFC 8555 §7.1.3). */
export function readOrder(url: string, response: HttpResponse): Order {
  const document = objectOf(url, response);
  const certificate = document["certificate"] === undefined ? undefined : urlIn(url, document, "certificate");
  return {
    url,
    status: oneOf(url, orderStatus, document["status"]),
    identifiers: listOf(url, document, "identifiers").map((one) => identifierOf(url, one)),
    authorizations: listOf(url, document, "authorizations").map((one) =>
      urlIn(url, { authorization: one }, "authorization"),
    ),
    finalize: urlIn(url, document, "finalize"),
    certificate,
    error: document["error"],
  };
}

function challengeOf(url: string, value: unknown): Challenge {
  const fields = recordOf(value);
  const token = text(fields["token"]) ?? "";
  if (token !== "" && !tokenShape.test(token))
    throw answerInvalid(url, "a challenge's token has characters that no token has");
  return {
    type: text(fields["type"]) ?? "",
    url: urlIn(url, fields, "url"),
    status: oneOf(url, challengeStatus, fields["status"]),
    token,
    error: fields["error"],
  };
}

/** Reads an authorization (RFC 8555 §7.1.4). */
export function readAuthorization(url: string, response: HttpResponse): Authorization {
  const document = objectOf(url, response);
  return {
    url,
    status: oneOf(url, authorizationStatus, document["status"]),
    identifier: identifierOf(url, document["identifier"]),
    wildcard: document["wildcard"] === true,
    challenges: listOf(url, document, "challenges", maxChallenges).map((one) => challengeOf(url, one)),
  };
}
