import {
  defined,
  isRecord,
  isTexts,
  type JsonRecord,
  PodtrustError,
  recordOf,
} from "../../core/base/index.ts";
import type { ForgedToken, TokenSpec } from "../cluster/index.ts";

/** Throws the refusal of a request that is not as it should be. */
export function refuseRequest(message: string, next?: string): never {
  throw new PodtrustError("sandbox-control-request", message, defined({ next }));
}

const isKey = (value: unknown): value is ForgedToken["signedBy"] =>
  value === "cluster" || value === "foreign-key" || (isRecord(value) && typeof value["kid"] === "string");

/** A member of the body: what it has to be, in words, and whether it is. */
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

/** What TokenRequest has no member for: with any of these a token is forged. */
const forging = {
  claims: object,
  withoutClaims: texts,
  header: object,
  withoutHeader: texts,
  signedBy: { form: '"cluster", "foreign-key" or {"kid": KID}', is: isKey },
  issuedAt: number,
};

const members: Readonly<Record<string, Member>> = { ...asked, ...forging };

/** Checks the form of what is there; a misspelt member would make a token that nobody asked for. */
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

/** Members by name, of which undefined takes one out of the token. */
function changed(set: unknown, removed: unknown): JsonRecord {
  const names = isTexts(removed) ? removed : [];
  return { ...Object.fromEntries(names.map((name) => [name, undefined])), ...recordOf(set) };
}

/** Whose token it is, or nobody's of the cluster's. */
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
    "the token is nobody's",
    "Name the ServiceAccount by namespace and serviceAccount, or say in claims whose it is: sub.",
  );
}

/** A token as a request of the control API asks for it. */
export type AskedToken =
  | { readonly forged: false; readonly spec: TokenSpec }
  | { readonly forged: true; readonly spec: ForgedToken };

/** Reads what `POST issuer/token` was sent. Throws `sandbox-control-request`. */
export function askedToken(body: JsonRecord): AskedToken {
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
