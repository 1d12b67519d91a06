import {
  defined,
  isRecord,
  isTexts,
  type JsonRecord,
  PodtrustError,
  recordOf,
} from "../../core/base/index.ts";
import type { ForgedToken, TokenSpec } from "../cluster/index.ts";

/** Throws the refusal of an invalid request. */
export function refuseRequest(message: string, next?: string): never {
  throw new PodtrustError("sandbox-control-request", message, defined({ next }));
}

const isKey = (value: unknown): value is ForgedToken["signedBy"] =>
  value === "cluster" || value === "foreign-key" || (isRecord(value) && typeof value["kid"] === "string");

/** A member of the body: its required form, in words, and the check. */
interface Member {
  readonly form: string;
  readonly is: (value: unknown) => boolean;
}

const text: Member = { form: "a text", is: (value) => typeof value === "string" };
const texts: Member = { form: "a list of texts", is: isTexts };
const number: Member = { form: "a number", is: (value) => typeof value === "number" };
const object: Member = { form: "an object", is: isRecord };

const asked = {
  issuer: text,
  namespace: text,
  serviceAccount: text,
  audiences: texts,
  expirationSeconds: number,
};

/** Members that TokenRequest does not have: any of these makes a forged token. */
const forging = {
  claims: object,
  withoutClaims: texts,
  header: object,
  withoutHeader: texts,
  signedBy: { form: '"cluster", "foreign-key" or {"kid": KID}', is: isKey },
  issuedAt: number,
};

const members: Readonly<Record<string, Member>> = { ...asked, ...forging };

/** Checks the form of the members; a misspelt one would otherwise make an unintended token. */
function checkMembers(body: JsonRecord): void {
  for (const [name, value] of Object.entries(body)) {
    const member = Object.hasOwn(members, name) ? members[name] : undefined;
    if (member === undefined)
      return refuseRequest(
        `a token has no ${name.slice(0, 100)}`,
        `It has ${Object.keys(members).join(", ")}.`,
      );
    if (!member.is(value)) refuseRequest(`${name} is not ${member.form}`);
  }
}

/** Members by name, of which undefined removes one from the token. */
function changed(set: unknown, removed: unknown): JsonRecord {
  const names = isTexts(removed) ? removed : [];
  return { ...Object.fromEntries(names.map((name) => [name, undefined])), ...recordOf(set) };
}

/** The subject of a token, if it has one. */
function subjectOf({
  namespace,
  serviceAccount: name,
  claims,
}: JsonRecord): Pick<ForgedToken, "namespace" | "name"> {
  if (typeof namespace === "string" && typeof name === "string") return { namespace, name };
  if (namespace !== undefined || name !== undefined)
    refuseRequest("namespace and serviceAccount go together");
  if (isRecord(claims) && claims["sub"] !== undefined) return {};
  return refuseRequest(
    "the token has no subject",
    "Name the ServiceAccount by namespace and serviceAccount, or set the subject in claims: sub.",
  );
}

/** A token, by a request to the control API. */
export type RequestedToken =
  | { readonly forged: false; readonly spec: TokenSpec }
  | { readonly forged: true; readonly spec: ForgedToken };

/** Reads the body of `POST issuer/token`. Throws `sandbox-control-request`. */
export function requestedToken(body: JsonRecord): RequestedToken {
  checkMembers(body);
  const { audiences, expirationSeconds, issuedAt, signedBy } = body as Partial<ForgedToken>;
  const common = defined({ audiences, expirationSeconds });
  const subject = subjectOf(body);
  const isForged = Object.keys(forging).some((name) => body[name] !== undefined);
  if (!isForged)
    return { forged: false, spec: { ...common, ...(subject as Pick<TokenSpec, "namespace" | "name">) } };
  return {
    forged: true,
    spec: {
      ...subject,
      ...common,
      claims: changed(body["claims"], body["withoutClaims"]),
      header: changed(body["header"], body["withoutHeader"]),
      ...defined({ issuedAt, signedBy }),
    },
  };
}
