import { defined } from "../../core/base/index.ts";
import { audiencesOf, missing, union } from "./acceptance.ts";
import type { AccountTrust, AdoptionFacts, DocumentFacts, ServerFacts } from "./facts.ts";
import { goesBackWhole } from "./kept.ts";

/** The new flags of one server. */
export interface ServerFlags {
  readonly issuers: readonly string[];
  /** Absent: `--api-audiences` stays unset, so that the issuers are the audiences. */
  readonly audiences?: readonly string[];
  readonly jwksUri?: string;
}

/** One server gets other flags, which is one restart. */
export interface ServerStep {
  /**
   * `accept`: it also accepts the new issuer; `sign`: the new one signs; `hold`: the old one signs again; `retire`: the
   * old ones go; `restore`: its files become what they were; `put-back`: what they were before the last change, where
   * no server answers.
   */
  readonly kind: "accept" | "sign" | "hold" | "retire" | "restore" | "put-back";
  readonly server: string;
  /** Absent where files are put back: they say it themselves. */
  readonly flags?: ServerFlags;
  readonly done: boolean;
}

/** Something has to be true before a server is touched. */
export interface Prerequisite {
  readonly kind: "publish" | "trust" | "wait";
  readonly done: boolean;
  /** What is missing, in one sentence each; none once it is done. */
  readonly missing: readonly string[];
}

export type AdoptionStep = Prerequisite | ServerStep;

/** Every former issuer, in the servers' order; those that only the config still names come last. */
export function oldIssuers({
  servers,
  wanted,
  formerIssuers,
}: Pick<AdoptionFacts, "servers" | "wanted" | "formerIssuers">): readonly string[] {
  const all = union([...servers.map(({ issuers }) => issuers), formerIssuers]);
  return all.filter((one) => one !== wanted.issuer);
}

/** Audiences for all servers: none is dropped that any of them accepts. */
function audiencesFor({ servers, wanted }: AdoptionFacts): readonly string[] | undefined {
  if (wanted.audiences !== undefined) return wanted.audiences;
  return servers.some(({ audiences }) => audiences !== undefined)
    ? union(servers.map(audiencesOf))
    : undefined;
}

/** Whether a server has all of a list. */
const hasAll = (given: readonly string[], wanted: readonly string[]): boolean =>
  missing(wanted, given).length === 0;

const signsAs =
  (issuer: string) =>
  ({ issuers }: ServerFacts): boolean =>
    issuers[0] === issuer;

const namesInUnit = ({ unit }: ServerFacts): boolean => unit !== undefined && unit.given.length > 0;

/**
 * Every server accepts all issuers: which one signs does not change, and so its `jwks_uri` does not either. An API server has one, which
 * its discovery document shows beside the first issuer: who reads that document for the issuer that signs is led to that issuer's keys.
 */
function acceptStep(facts: AdoptionFacts, all: readonly string[], server: ServerFacts): ServerStep {
  const audiences = audiencesFor(facts);
  const flags = { issuers: union([server.issuers, all]), ...defined({ audiences }) };
  const hasThem =
    hasAll(server.issuers, all) && (audiences === undefined || hasAll(audiencesOf(server), audiences));
  // Flags in its unit come behind its files: they are moved by its next change, which is this one until the new issuer signs.
  const done = hasThem && (!namesInUnit(server) || signsAs(facts.wanted.issuer)(server));
  return { kind: "accept", server: server.name, flags, done };
}

/**
 * One issuer comes first, and the others stay behind it. The address of the keys that an API server shows is that of the first, so it goes
 * with it: to the new one's, and back to what the server had before; where nobody knows that, it stays.
 */
function signStep(
  facts: AdoptionFacts,
  kind: "sign" | "hold",
  all: readonly string[],
  server: ServerFacts,
): ServerStep {
  const [signer = ""] = all;
  const audiences = audiencesFor(facts);
  // What its unit names has signed or been accepted: it stays until `finish`.
  const issuers = namesInUnit(server) ? union([all, server.issuers]) : all;
  const jwksUri = kind === "sign" ? facts.wanted.jwksUri : server.kept?.jwksUri;
  const flags = { issuers, ...defined({ jwksUri, audiences }) };
  const isShown = jwksUri === undefined || (server.jwksUri ?? "") === jwksUri;
  const done = signsAs(signer)(server) && isShown && !namesInUnit(server);
  return { kind, server: server.name, flags, done };
}

function documentsMissing({ families, kids }: DocumentFacts, servers: readonly ServerFacts[]): string[] {
  const failed = families
    .filter(({ outcome }) => outcome === "failed")
    .map(({ family, why = "no answer" }) => `over ${family} the documents cannot be read: ${why}`);
  const isSeen = families.some(({ outcome }) => outcome === "seen");
  const unpublished = missing(union(servers.map(({ kids: own = [] }) => own)), kids);
  return [
    ...failed,
    ...(isSeen ? [] : ["the documents are seen over neither IPv4 nor IPv6"]),
    // Without documents nothing is known of keys.
    ...(isSeen && unpublished.length > 0 ? [`not published: key ${unpublished.join(", ")}`] : []),
  ];
}

function trustMissing({ account, unseen, hasProvider, roles }: AccountTrust): string[] {
  if (unseen !== undefined) return [`account ${account} was not seen: ${unseen}`];
  const left = roles.filter(({ trustsNew }) => !trustsNew);
  const named = (isOurs: boolean): string =>
    left
      .filter((role) => role.isOurs === isOurs)
      .map(({ name }) => name)
      .join(", ");
  const [ours, others] = [named(true), named(false)];
  return [
    ...(hasProvider
      ? []
      : [`account ${account} has no OIDC provider of the new issuer: podtrust up makes it`]),
    ...(ours === "" ? [] : [`account ${account}: podtrust up lets the new issuer into ${ours}`]),
    ...(others === "" ? [] : [`account ${account}: others have to let the new issuer into ${others}`]),
  ];
}

function condition(kind: Prerequisite["kind"], lacks: readonly string[]): Prerequisite {
  return { kind, done: lacks.length === 0, missing: lacks };
}

/**
 * The order in which a cluster gets its new issuer without a token being refused. AWS knows it before a token names it,
 * every server accepts it before one signs as it, and servers change one after the other. A step is `done` where the
 * cluster already is as it leaves it, so that a run that was cut off continues with the first that is not. Source:
 * https://kops.sigs.k8s.io/operations/service_account_issuer_migration/
 */
export function adoptionSteps(facts: AdoptionFacts): readonly AdoptionStep[] {
  const { servers, wanted, documents, accounts } = facts;
  // Where every server signs as the new issuer, one that lacks an old one has been finished: nothing brings it back.
  const all = servers.every(signsAs(wanted.issuer)) ? [wanted.issuer] : [wanted.issuer, ...oldIssuers(facts)];
  return [
    condition("publish", documentsMissing(documents, servers)),
    condition("trust", accounts.flatMap(trustMissing)),
    ...servers.map((server) => acceptStep(facts, all, server)),
    ...servers.map((server) => signStep(facts, "sign", all, server)),
  ];
}

/** Whether the tokens that a step depends on are gone, and why not. */
export interface Gone {
  readonly done: boolean;
  readonly why: string;
}

/**
 * How the former issuers are removed, once none of their tokens lives. Audiences stay, all of them: a pod may ask for
 * one by its name.
 */
export function finishSteps(facts: AdoptionFacts, oldTokens: Gone): readonly AdoptionStep[] {
  const { servers, wanted } = facts;
  const before = servers
    .filter((server) => !signsAs(wanted.issuer)(server))
    .map(({ name }) => `${name} does not sign as ${wanted.issuer} yet`);
  const audiences = audiencesFor(facts) ?? union(servers.map(audiencesOf));
  const isAlone = ({ issuers }: ServerFacts): boolean => issuers.length === 1 && issuers[0] === wanted.issuer;
  const isFinished = servers.every(isAlone);
  return [
    condition("wait", [...before, ...(oldTokens.done || isFinished ? [] : [oldTokens.why])]),
    ...servers.map((server): ServerStep => {
      const flags = { issuers: [wanted.issuer], audiences, jwksUri: wanted.jwksUri };
      return { kind: "retire", server: server.name, flags, done: isAlone(server) };
    }),
  ];
}

/**
 * The undo, which is a change of issuer as well: every server accepts the old issuer, then each signs as it again, and
 * only once no token of the new one lives are the files put back: byte for byte, unless their keys changed since. What
 * IAM trusts stays.
 */
export function undoSteps(facts: AdoptionFacts, newTokens: Gone): readonly AdoptionStep[] {
  const { servers, wanted } = facts;
  const old = oldIssuers(facts);
  const all = [...old, wanted.issuer];
  const isOld = ({ issuers }: ServerFacts): boolean => !issuers.includes(wanted.issuer);
  const hold = servers.some(signsAs(wanted.issuer));
  // Where no server signs as the new issuer there is nothing to be accepted first.
  const back = hold
    ? [
        ...servers.map((server) => acceptStep(facts, all, server)),
        ...servers.map((server) => signStep(facts, "hold", all, server)),
      ]
    : [];
  return [
    ...back,
    condition("wait", newTokens.done || servers.every(isOld) ? [] : [newTokens.why]),
    ...servers.map((server): ServerStep => {
      const { name, kept } = server;
      // Files whose keys changed since keep these; they become what they were once the keys are those of before.
      const isLeft = kept !== undefined && goesBackWhole(kept);
      return { kind: "restore", server: name, done: isOld(server) && !isLeft };
    }),
  ];
}

/** The step that comes next; undefined where all are done. */
export function nextStep(steps: readonly AdoptionStep[]): AdoptionStep | undefined {
  return steps.find(({ done }) => !done);
}
