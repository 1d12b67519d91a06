import {
  asPodtrustError,
  type Clock,
  defined,
  mapLimit,
  PodtrustError,
  isoSeconds,
} from "../../core/base/index.ts";
import type { RoleState } from "../../providers/aws/index.ts";
import {
  allowedOf,
  type Binding,
  bindingMark,
  type ConditionContent,
  decide,
  type FieldProblem,
  type GrantedRole,
  type GrantRefusal,
  goneRefusal,
  scopesOf,
  readBinding,
  readTrust,
  type Trust,
  type TrustAccount,
  trustNames,
} from "../../rules/bindings/index.ts";
import { readArn } from "../../rules/oidc/index.ts";
import { annotated } from "./service-account.ts";
import {
  leftToProve,
  longestLeft,
  planFinding,
  provedOnly,
  readyFinding,
  type RolesOutcome,
  settling,
  type ToProve,
} from "./prove.ts";
import { removeBinding } from "./removal.ts";
import {
  changedAtOf,
  ended,
  foundOf,
  isEnding,
  isTrustEnding,
  keep,
  keyOf,
  passInterval,
  possibleRoles,
  problemsText,
  refused,
  soon,
  statusOf,
  trustNameOf,
  versionOf,
  remember,
} from "./status.ts";
import { rolesAfter, synced } from "./sync.ts";
import type { PartyPasses } from "./party.ts";
import type { BindingClients, BindingFacts, BindingOutcome, Pass } from "./pass.ts";

function trustOf(pass: Pass): Trust | undefined | readonly FieldProblem[] {
  const { trust } = pass.facts;
  if (trust === undefined) return undefined;
  const read = readTrust(trust);
  if ("problems" in read) return read.problems;
  return isTrustEnding(pass) ? { ...read.object, grants: [] } : read.object;
}

function grantedBy({ name }: Trust, roles: readonly GrantedRole[]): ConditionContent {
  const grants = [...new Set(roles.map(({ grant }) => grant))].map((grant) => `grant ${grant}`).join(", ");
  return { type: "Granted", reason: "BindingGranted", message: `by ${grants} of AWSTrust ${name}` };
}

/** The accounts in which podtrust makes roles. */
function managedIn(roles: readonly GrantedRole[]): readonly TrustAccount[] {
  const accounts = roles.filter(({ managed }) => managed !== undefined).map(({ account }) => account);
  return [...new Map(accounts.map((one) => [one.id, one])).values()];
}

interface Granted {
  readonly binding: Binding;
  readonly trust: Trust;
  readonly roles: readonly GrantedRole[];
  /** What this pass took from its roles, and the grants that they have. */
  readonly cut: CutRoles;
}

async function bind(pass: Pass, { binding, trust, roles, cut }: Granted): Promise<RolesOutcome> {
  const { clients, clock, signal, facts } = pass;
  // Also for an existing role: its annotation would keep giving it to pods.
  await keep(clients.cluster, facts.object, true, signal);
  const granted = grantedBy(trust, roles);
  await remember(pass, managedIn(roles));
  const sync = await synced(pass, { binding, trust, roles, granted, standing: cut.grants });
  const changes = [...cut.changes, ...sync.changes];
  const changed = changes.length > 0;
  const changedAt = changedAtOf(pass, changed);
  const [audience = ""] = trust.audiences;
  const account = await annotated(pass, { binding, roles, audience });
  const found: ConditionContent[] = [
    sync.granted,
    foundOf("RolesInSync", sync.finding),
    foundOf("ServiceAccount", account.finding),
  ];
  const after = rolesAfter(pass.status, sync.roles, sync.left);
  const more = {
    ...after,
    changes,
    ...defined({ changedAt }),
  };
  const stops = [sync.finding, account.finding].find((one) => one.outcome !== "ok");
  // STS says whether the ServiceAccount gets in anyway; without a token it cannot be asked.
  if (stops !== undefined && (stops === sync.finding || !account.there)) {
    return ended(pass, { ...more, found: [...found, foundOf("Ready", stops)], againIn: soon });
  }
  const bound = { binding, trust, roles: sync.roles };
  const ready = await readyFinding(pass, bound, { changed, changedAt });
  const last = stops === undefined ? ready.found : foundOf("Ready", stops);
  // Otherwise only what the status already says holds.
  if (sync.announced !== undefined && last.reason === settling.reason) {
    const toProve = leftToProve(pass, sync.announced, { ...after, bound, found });
    const { conditions } = sync.announced;
    return { conditions, events: [], changes, againIn: ready.againIn, toProve };
  }
  // Where anything is left to be done, it is tried each minute.
  const isWhole = stops === undefined && sync.left.length === 0;
  return ended(pass, {
    ...more,
    found: [...found, last],
    againIn: isWhole ? ready.againIn : Math.min(ready.againIn, passInterval),
    ...(ready.isProof ? { proved: isoSeconds(clock.now()) } : {}),
  });
}

/** A trust without the grants that have no room. */
const without = (trust: Trust, names: ReadonlySet<string> | undefined): Trust =>
  names === undefined ? trust : { ...trust, grants: trust.grants.filter(({ name }) => !names.has(name)) };

/** What a binding gets of a trust, or why it gets nothing. */
type DecidedBinding = { readonly binding: Binding; readonly roles: readonly GrantedRole[] } | GrantRefusal;

function fullMessage({ name, grants }: Trust, beyond: ReadonlySet<string>): string {
  const full = grants.filter((one) => beyond.has(one.name));
  const which = full.map((one) => `grant ${one.name} gives ${one.maxRoles} managed roles`).join(", ");
  return `${which} (maxRoles of AWSTrust ${name}), and older bindings have them`;
}

/** What was granted, unless a person says that an account of it is gone. */
function unlessGone({ facts }: Pass, granted: Pick<Granted, "binding" | "roles">): DecidedBinding {
  return goneRefusal(facts.trust, managedIn(granted.roles)) ?? granted;
}

function judged(pass: Pass, trust: Trust | undefined): DecidedBinding {
  const read = readBinding(pass.facts.object);
  if ("problems" in read) return { reason: "BindingInvalid", message: problemsText(read.problems) };
  const binding = read.object;
  if (isTrustEnding(pass)) {
    const message = `AWSTrust ${binding.trust} is being deleted, and grants nothing any more`;
    return { reason: "NamespaceNotGranted", message };
  }
  const beyond = trust === undefined ? undefined : pass.facts.room?.(trust).wantedBeyond;
  const decision = decide(binding, trust && without(trust, beyond));
  if (decision.kind === "granted") return unlessGone(pass, { binding, roles: decision.roles });
  if (trust !== undefined && beyond !== undefined && decide(binding, trust).kind === "granted")
    return { reason: "GrantFull", message: fullMessage(trust, beyond) };
  const message = decision.refusals.map((one) => one.message).join("; ");
  return { reason: decision.refusals[0]?.reason ?? "TrustMissing", message };
}

/** A pass with a readable trust: what no grant allows is removed first, whatever comes of the rest. */
async function byTrust(pass: Pass, trust: Trust, one: DecidedBinding): Promise<RolesOutcome> {
  const { namespace = "", name } = pass.facts.object.metadata;
  const granted = "roles" in one ? one.roles : [];
  // What stands is closed by a count only where the trust was changed since: no act of another binding does that.
  const isLowered = pass.status.observedTrust !== trustVersion(pass);
  const held = without(trust, isLowered ? pass.facts.room?.(trust).heldBeyond : undefined);
  const cut = await cutRoles(pass, { trust: held, whose: { namespace, name }, granted });
  const cutBy = trustVersion(pass);
  const done: Pass = { ...pass, ...defined({ cutBy }) };
  if ("roles" in one) return bind(done, { ...one, trust, cut });
  const changedAt = changedAtOf(done, cut.changes.length > 0);
  return refused(done, one, {
    changes: cut.changes,
    ...defined({ changedAt }),
  });
}

async function decided(pass: Pass): Promise<RolesOutcome> {
  const trust = trustOf(pass);
  if (trust !== undefined && !("grants" in trust)) {
    const message = `${trustNames.kind} ${trustNameOf(pass.facts.object)}: ${problemsText(trust)}`;
    return refused(pass, { reason: "BindingInvalid", message });
  }
  const one = judged(pass, trust);
  if (trust !== undefined) return byTrust(pass, trust, one);
  return refused(pass, "roles" in one ? { reason: "TrustMissing", message: "" } : one);
}

/**
 * One pass of a binding: brings AWS, the ServiceAccount and the binding's status to what the binding says and a grant
 * allows, and proves it by asking STS as the ServiceAccount; only the latter where its first pass has `left` that, and
 * nothing has changed since. May be cut off anywhere and repeated; two passes of one binding at a time do no harm, but
 * are not intended. Throws if the status cannot be written, and the signal's reason.
 */
export async function reconcileBinding(
  facts: BindingFacts,
  clients: BindingClients,
  clock: Clock,
  { signal = new AbortController().signal, left }: PassOptions = {},
): Promise<RolesOutcome> {
  const pass: Pass = { facts, clients, clock, signal, status: statusOf(facts.object) };
  if (isEnding(facts.object)) return removeBinding(pass);
  try {
    return (left && (await provedOnly(pass, left))) ?? (await decided(pass));
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof PodtrustError) || !error.code.startsWith("aws-")) throw error;
    const finding = planFinding(error, "AWS");
    return ended(pass, { found: [foundOf("Ready", finding)], againIn: soon });
  }
}

interface PassOptions {
  readonly signal?: AbortSignal;
  /** What the pass before left. */
  readonly left?: ToProve | undefined;
}

/** So many bindings may wait for STS at a time: the others have another whole pass. */
const maxWaiting = 1000;

/**
 * What first passes have left, by NAMESPACE/NAME: of one term of the lease, in which no other process wrote. What was
 * changed by someone else meanwhile is forgotten, and not kept by a pass that ran when that was seen.
 */
export class FirstPasses {
  readonly #left = new Map<string, ToProve>();
  /** Bindings whose pass runs, and whether something of them was seen to be changed since it began. */
  readonly #running = new Map<string, boolean>();

  get size(): number {
    return this.#left.size;
  }

  /** One pass of a binding, given what the one before has left; one at a time of each. */
  async had(
    key: string,
    pass: (left: ToProve | undefined) => Promise<RolesOutcome>,
  ): Promise<BindingOutcome> {
    const left = this.#left.get(key);
    this.#left.delete(key);
    this.#running.set(key, false);
    try {
      const { toProve, ...outcome } = await pass(left);
      if (toProve !== undefined && this.#running.get(key) === false) this.#keep(key, toProve);
      return outcome;
    } finally {
      this.#running.delete(key);
    }
  }

  #keep(key: string, left: ToProve): void {
    // In the order in which they were left: what nobody came for goes first.
    for (const [one, { at }] of this.#left) {
      if (left.at - at < longestLeft && this.#left.size < maxWaiting) break;
      this.#left.delete(one);
    }
    this.#left.set(key, left);
  }

  /** Something of the binding was changed by someone else. */
  forget(key: string): void {
    this.#left.delete(key);
    if (this.#running.has(key)) this.#running.set(key, true);
  }

  /** Another term begins. */
  clear(): void {
    this.#left.clear();
  }
}

/** Passes of bindings, each given what the one before has left. */
export function passesAfter(
  first: FirstPasses,
): PartyPasses<Pick<BindingClients, "aws">, unknown>["binding"] {
  return (facts, clients, clock, signal) =>
    first.had(keyOf(facts.object), (left) => reconcileBinding(facts, clients, clock, { signal, left }));
}

/** The binding whose roles are cut, and what limits them. */
interface Cutting {
  /** As read in this pass; without grants if it is being deleted. */
  readonly trust: Trust;
  readonly whose: Pick<Binding, "namespace" | "name">;
  /** What the binding is granted; nothing if it is invalid or refused. */
  readonly granted: readonly GrantedRole[];
}

/** Result of the cut. */
export interface CutRoles {
  /** The grant that a role now has, by the role's name; absent if it has none, or does not exist. */
  readonly grants: ReadonlyMap<string, string>;
  readonly changes: BindingOutcome["changes"];
}

/** Maximum age of a look at an account, in milliseconds, if trust or binding have changed since the last pass. */
const fresh = 2000;

/** Which trust a pass read. */
function trustVersion({ facts: { trust } }: Pick<Pass, "facts">): string | undefined {
  return trust && versionOf(trust);
}

/**
 * Whether anything that decides the cut has changed since the last complete one. For a binding that never had anything,
 * nothing has.
 */
function isJudgedAnew(pass: Pass): boolean {
  const { facts, status } = pass;
  if (status.observedTrust === undefined && possibleRoles(status).length === 0) return false;
  return (
    status.observedGeneration !== facts.object.metadata.generation ||
    status.observedTrust !== trustVersion(pass)
  );
}

/**
 * The first step of a pass: takes from every role with the binding's mark what no grant allows, whatever the binding
 * says and even if it cannot be read. Rights under the grant that allows most of a role stay untouched; if no grant is
 * left, the role is closed. Throws the first failure once all roles were tried: the pass ends there, and the next one
 * begins here.
 */
async function cutRoles(pass: Pass, { trust, whose, granted }: Cutting): Promise<CutRoles> {
  const { clients, signal, status } = pass;
  const mark = bindingMark(trust, whose);
  const grants = new Map<string, string>();
  const changes: BindingOutcome["changes"][number][] = [];
  const failures: PodtrustError[] = [];
  const preferred = new Map(granted.map(({ arn, grant }) => [readArn(arn).name, grant]));
  const own = [
    ...possibleRoles(status),
    ...granted.map(({ arn, managed }) => ({ arn, managed: managed !== undefined })),
  ].filter(({ managed }) => managed);
  const isOwn = (account: TrustAccount): boolean =>
    own.some(({ arn }) => readArn(arn).account === account.id) ||
    clients.aws.of(trust, account).showed(mark) === true;
  // An earlier binding of the same name may have left roles that this one does not know: without a look so far, a
  // binding that is granted nothing looks.
  const concerned = scopesOf(trust).filter(
    (account) =>
      isOwn(account) || (granted.length === 0 && clients.aws.of(trust, account).showed(mark) === undefined),
  );
  await mapLimit(concerned, async (account) => {
    const names = own.filter(({ arn }) => readArn(arn).account === account.id);
    const allowed = (role: RoleState) => {
      const one = allowedOf(role, whose, trust, preferred.get(role.name));
      if (one !== undefined) grants.set(role.name, one.grant);
      return one;
    };
    try {
      const cut = await clients.aws.of(trust, account).cut(
        {
          mark,
          names: names.map(({ arn }) => readArn(arn).name),
          ...(isJudgedAnew(pass) ? { oldest: fresh } : {}),
          allowed,
          assertHeld: () => clients.assertHeld?.(),
        },
        signal,
      );
      changes.push(...cut.done.map((fields) => ({ kind: "update", fields }) as const));
      failures.push(...cut.failed);
    } catch (error) {
      signal.throwIfAborted();
      // An account that cannot be reached does not matter to a binding that has no known role there.
      if (isOwn(account)) failures.push(asPodtrustError(error));
    }
  });
  const [failure] = failures;
  if (failure !== undefined) throw failure;
  return { grants, changes };
}
