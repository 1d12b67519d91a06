import { createHash } from "node:crypto";
import { isRecord, recordOf, textOf, textsOf } from "../../core/base/index.ts";
import type { StackOwner } from "../../rules/plan/index.ts";
import { invalidAnswer } from "./vendor.ts";

/** A federated identity credential as Azure has it. */
export interface ObservedCredential {
  readonly name: string;
  readonly issuer: string;
  /** Empty for one that matches by an expression. */
  readonly subject: string;
  readonly audiences: readonly string[];
  /** Graph's alone; empty at Resource Manager, which keeps none. */
  readonly description: string;
  /** Closed after a theft: at Azure it names an issuer that no token can have, in place of this one. */
  readonly closed?: true;
}

/** A desired federated credential: one ServiceAccount of the issuer. */
export interface DesiredCredential {
  /** NAMESPACE/NAME */
  readonly account: string;
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
}

const hashLength = 16;
/** Of what was made before there were identities. */
const namePrefixOf = (stack: string): string => `podtrust-${stack}-`;
// No stack has an underscore in its name: neither of these is another stack's.
const prefixOf = ({ stack, identity }: StackOwner): string => `podtrust-${stack}_${identity}-`;
/** What a binding makes: `up` of its stack leaves it. */
const bindingPrefixOf = (stack: string): string => `podtrust-${stack}_`;

type Pair = Pick<DesiredCredential, "issuer" | "subject">;

const hashOf = ({ issuer, subject }: Pair): string =>
  createHash("sha256").update(`${issuer}\n${subject}`).digest("hex").slice(0, hashLength);

const isHashAfter = (name: string, prefix: string): boolean => {
  const text = name.toLowerCase();
  return text.startsWith(prefix) && /^[0-9a-f]{16}$/u.test(text.slice(prefix.length));
};

/**
 * The name of a credential of ours, which marks its owner: Resource Manager keeps neither tags nor a description of
 * one. Of 98 characters at the most, of 120 that Azure takes.
 */
export function credentialName(stack: StackOwner, pair: Pair): string {
  return `${prefixOf(stack)}${hashOf(pair)}`;
}

/** The name that it has where it was made before there were identities. Azure renames nothing: it keeps it. */
export function formerCredentialName(stack: string, pair: Pair): string {
  return `${namePrefixOf(stack)}${hashOf(pair)}`;
}

/** The same of a credential that a binding of the stack's cluster makes. */
export function boundCredentialName(stack: string, pair: Pair): string {
  return `${bindingPrefixOf(stack)}${hashOf(pair)}`;
}

/** The owner of credentials, and the issuer of its config. */
export interface CredentialOwner extends StackOwner {
  readonly issuer: string;
}

/**
 * Whether a credential is one of the stack's. One whose name has no identity may be that of another stack of the same
 * name: it is ours where it is for our issuer.
 */
export function isOwnCredential(
  { name, issuer }: Pick<ObservedCredential, "name" | "issuer">,
  stack: CredentialOwner,
): boolean {
  const isFormer = isHashAfter(name, namePrefixOf(stack.stack)) && issuer === stack.issuer;
  return isFormer || isHashAfter(name, prefixOf(stack));
}

/** The issuers of credentials that have our stack's name and no identity in theirs, and are for another issuer than ours. */
export function otherIssuers(all: readonly ObservedCredential[], stack: CredentialOwner): readonly string[] {
  const former = all.filter(({ name }) => isHashAfter(name, namePrefixOf(stack.stack)));
  return [...new Set(former.map(({ issuer }) => issuer))].filter((issuer) => issuer !== stack.issuer);
}

/** Whether a credential was made for a binding of the stack's cluster. */
export function isBoundCredential({ name }: Pick<ObservedCredential, "name">, stack: string): boolean {
  return isHashAfter(name, bindingPrefixOf(stack));
}

/** Whether both let in the same subject of the same issuer: an identity can have only one of them. */
export function isSamePair(
  one: Pick<ObservedCredential, "issuer" | "subject">,
  other: Pick<ObservedCredential, "issuer" | "subject">,
): boolean {
  return one.issuer === other.issuer && one.subject === other.subject;
}

/**
 * What the issuer of a closed credential begins with: a name below .invalid, which nobody can ever have (RFC 6761, section 6.4).
 * So the credential lets no token in, stays what it is, and says at Azure itself why.
 */
const closedBase = "https://closed-after-theft.invalid/";
const scheme = "https://";

/** The issuer of a credential as it stands at Azure. */
export function issuerAtAzure({ issuer, closed }: Pick<ObservedCredential, "issuer" | "closed">): string {
  return closed === true ? `${closedBase}${issuer.slice(scheme.length)}` : issuer;
}

/** The reverse. */
function readIssuer(text: string): Pick<ObservedCredential, "issuer" | "closed"> {
  return text.startsWith(closedBase)
    ? { issuer: `${scheme}${text.slice(closedBase.length)}`, closed: true }
    : { issuer: text };
}

/** A credential of an answer, whose members are in it or in its `properties`. Throws `azure-answer-invalid`. */
export function readCredentialShape(value: unknown, what: string): ObservedCredential {
  if (!isRecord(value)) throw invalidAnswer(what, "an entry is no object");
  const inner = recordOf(value["properties"] ?? value);
  const { audiences } = inner;
  const text = (member: string): string => textOf(inner[member]) ?? "";
  const name = textOf(value["name"]) ?? "";
  // It becomes a path.
  if (!/^[A-Za-z0-9][\w-]{2,119}$/u.test(name)) throw invalidAnswer(what, "an entry has no name");
  return {
    name,
    ...readIssuer(text("issuer")),
    subject: text("subject"),
    audiences: textsOf(audiences),
    description: text("description"),
  };
}
