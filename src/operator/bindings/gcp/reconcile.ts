import { type Clock, defined, isoSeconds } from "../../../core/base/index.ts";
import { type ConditionContent, goneRefusal, type GrantRefusal } from "../../../rules/bindings/index.ts";
import {
  decideGoogle,
  type GoogleBinding,
  googleKeys,
  type GoogleTrust,
  mayKeepMember,
  poolId,
  readGoogleBinding,
  readGoogleTrust,
} from "../../../rules/bindings/gcp/index.ts";
import { type PoolName, principalOf, providerAudience } from "../../../rules/gcp/index.ts";
import { finding, type Finding } from "../../../stack/index.ts";
import { annotatedWith } from "../service-account.ts";
import type { BindingFacts, BindingOutcome } from "../pass.ts";
import {
  changedAtOf,
  endedWith,
  foundOf,
  isEnding,
  isTrustEnding,
  keep,
  nothingGranted,
  type PassEnding,
  passInterval,
  problemsText,
  soon,
  trustNameOf,
  versionOf,
  writeStatus,
} from "../status.ts";
import { type GoogleClients, type GooglePass, googleStatusOf, standingPool, subjectOf } from "./pass.ts";
import { fromOf, googleFinding, isGoogles } from "./projects.ts";
import { googleReady } from "./prove.ts";
import { removeGoogle } from "./removal.ts";

/** What goes into the status beside the conditions. */
type Own = Pick<GooglePass["status"], "emails" | "principal">;

const end = (pass: GooglePass, ending: PassEnding, own: Partial<Own> = {}): Promise<BindingOutcome> => {
  const { principal, emails } = { ...pass.status, ...own };
  return endedWith(pass, { drift: "MembersDrift", ...ending }, { ...defined({ principal }), emails });
};

function refused(
  pass: GooglePass,
  why: GrantRefusal,
  more: Partial<PassEnding> = {},
  own: Partial<Own> = {},
) {
  return end(pass, { found: nothingGranted(why), againIn: passInterval, ...more }, own);
}

interface Granted {
  readonly binding: GoogleBinding;
  readonly grant: string;
}

function judged(pass: GooglePass, trust: GoogleTrust | undefined): Granted | GrantRefusal {
  const read = readGoogleBinding(pass.facts.object);
  if ("problems" in read) return { reason: "BindingInvalid", message: problemsText(read.problems) };
  const binding = read.object;
  if (isTrustEnding(pass))
    return {
      reason: "NamespaceNotGranted",
      message: `GCPTrust ${binding.trust} is being deleted, and grants nothing any more`,
    };
  const decision = decideGoogle(binding, trust);
  if (decision.kind === "granted")
    return (
      goneRefusal(pass.facts.trust, [{ id: trust === undefined ? "" : poolId(trust) }]) ?? {
        binding,
        grant: decision.grant,
      }
    );
  const message = decision.refusals.map((one) => one.message).join("; ");
  return { reason: decision.refusals[0]?.reason ?? "TrustMissing", message };
}

/** What was judged, without podtrust's own service account, which no workload may become whatever a grant says. */
async function permitted(
  { clients, signal }: GooglePass,
  one: Granted | GrantRefusal,
): Promise<Granted | GrantRefusal> {
  const email = "binding" in one ? one.binding.email : undefined;
  if (email === undefined || !(await clients.google.isOwn(email, signal))) return one;
  return {
    reason: "EmailNotGranted",
    message: `the service account ${email} is podtrust's own: no workload may become it`,
  };
}

/** Of a binding that is refused, or cannot be read: the service accounts that let it in and that a grant allows, as at AWS. */
async function standing(pass: GooglePass, trust: GoogleTrust): Promise<readonly string[]> {
  if (isTrustEnding(pass)) return [];
  const { namespace = "", name } = pass.facts.object.metadata;
  const whose = { namespace, name, trust: trust.name };
  const stay: string[] = [];
  for (const email of pass.status.emails.filter((one) => mayKeepMember(trust, whose, one)))
    if (!(await pass.clients.google.isOwn(email, pass.signal))) stay.push(email);
  return stay;
}

/**
 * Removes the ServiceAccount from every service account that lets it in, except those that stay in the pool of its
 * trust. A trust that was made anew with another pool does not know the members of the first: the status does.
 */
async function cut(
  pass: GooglePass,
  trust: PoolName,
  stay: readonly (string | undefined)[],
): Promise<{ readonly emails: readonly string[]; readonly changes: BindingOutcome["changes"] }> {
  const { clients, facts, signal, status } = pass;
  const subject = subjectOf(facts.object);
  const pool = standingPool(status) ?? trust;
  const isOfTrust = principalOf(pool, subject) === principalOf(trust, subject);
  const [stays, goes] = isOfTrust
    ? [status.emails.filter((one) => stay.includes(one)), status.emails.filter((one) => !stay.includes(one))]
    : [[], status.emails];
  const changes: BindingOutcome["changes"][number][] = [];
  for (const email of goes) {
    const work = { signal, assertHeld: () => clients.assertHeld?.() };
    const done = await clients.google.settle(pool, { email, subject }, false, work);
    changes.push(...done.map(({ fields }) => ({ kind: "delete", fields }) as const));
  }
  return { emails: stays, changes };
}

/** The service account that a binding lets the ServiceAccount become, at Google. */
interface Member {
  readonly finding: Finding;
  readonly emails: readonly string[];
  readonly changes: BindingOutcome["changes"];
}

async function member(
  pass: GooglePass,
  trust: GoogleTrust,
  { binding }: Granted,
  { principal, had }: { readonly principal: string; readonly had: readonly string[] },
): Promise<Member> {
  const { clients, facts, signal, status } = pass;
  const { email, namespace, name } = binding;
  const from = fromOf(trust);
  if (email === undefined) {
    const seen = `give ${principal} roles on what it needs`;
    return { finding: finding("PrincipalNamed", { seen, from }), emails: [], changes: [] };
  }
  const emails = [email];
  const isKnown = had.includes(email);
  // Recorded before it is done: a binding that is deleted while its pass is cut off is still known to have it.
  if (!isKnown) await writeStatus(clients.cluster, facts.object, { ...status, principal, emails }, signal);
  try {
    const work = { signal, assertHeld: () => clients.assertHeld?.() };
    const done = await clients.google.settle(trust, { email, subject: subjectOf(facts.object) }, true, work);
    const kind = isKnown ? "update" : "create";
    const seen = `${email} lets in ${namespace}/${name}`;
    const changes = done.map(({ fields }) => ({ kind, fields }) as const);
    return { finding: finding("MembersMatch", { seen, from }), emails, changes };
  } catch (error) {
    signal.throwIfAborted();
    if (!isGoogles(error)) throw error;
    return { finding: googleFinding(error, from), emails, changes: [] };
  }
}

function annotations(pass: GooglePass, trust: GoogleTrust, { email }: GoogleBinding) {
  const [providerKey, emailKey, audienceKey] = googleKeys;
  const provider = providerAudience(trust).replace("//iam.googleapis.com/", "");
  const desired = {
    [providerKey]: provider,
    ...defined({ [emailKey]: email, [audienceKey]: trust.audience }),
  };
  return annotatedWith(pass, {
    party: "gcp",
    annotations: desired,
    isOurs: (key) => googleKeys.some((one) => one === key),
    conflict({ metadata: { annotations: stand = {} } }) {
      const wrong = googleKeys.find((key) => (stand[key] ?? "") !== (desired[key] ?? ""));
      if (wrong === undefined) return undefined;
      const has =
        stand[wrong] === undefined ? "lacks" : `has ${JSON.stringify(stand[wrong].slice(0, 200))} in`;
      return `${has} the annotation ${wrong}, where the binding means ${desired[wrong] ?? "none"}`;
    },
    does: `names ${email ?? provider}`,
  });
}

async function bind(
  pass: GooglePass,
  trust: GoogleTrust,
  granted: Granted,
  cutDone: Awaited<ReturnType<typeof cut>>,
) {
  const { clients, clock, facts, signal } = pass;
  await keep(clients.cluster, facts.object, true, signal);
  const { binding, grant } = granted;
  const grantedBy: ConditionContent = {
    type: "Granted",
    reason: "BindingGranted",
    message: `by grant ${grant} of GCPTrust ${trust.name}`,
  };
  const principal = principalOf(trust, subjectOf(facts.object));
  const provider = await clients.google.provider(trust, signal);
  const made: Member =
    provider.outcome === "ok"
      ? await member(pass, trust, granted, { principal, had: cutDone.emails })
      : { finding: provider, emails: cutDone.emails, changes: [] };
  const changes = [...cutDone.changes, ...made.changes];
  const changedAt = changedAtOf(pass, changes.length > 0);
  const account = await annotations(pass, trust, binding);
  const found = [
    grantedBy,
    foundOf("MemberInSync", made.finding),
    foundOf("ServiceAccount", account.finding),
  ];
  const own = { principal, emails: made.emails };
  const more = { changes, ...defined({ changedAt }) };
  const stops = [made.finding, account.finding].find(({ outcome }) => outcome !== "ok");
  if (stops !== undefined && (stops === made.finding || !account.there))
    return end(pass, { ...more, found: [...found, foundOf("Ready", stops)], againIn: soon }, own);
  const ready = await googleReady(pass, { binding, trust }, { changed: made.changes.length > 0, changedAt });
  const last = stops === undefined ? ready.found : foundOf("Ready", stops);
  const proved = ready.isProof ? { proved: isoSeconds(clock.now()) } : {};
  return end(pass, { ...more, ...proved, found: [...found, last], againIn: ready.againIn }, own);
}

async function decided(pass: GooglePass): Promise<BindingOutcome> {
  const { trust: object } = pass.facts;
  const read = object === undefined ? undefined : readGoogleTrust(object);
  if (read !== undefined && "problems" in read) {
    const message = `GCPTrust ${trustNameOf(pass.facts.object)}: ${problemsText(read.problems)}`;
    return refused(pass, { reason: "BindingInvalid", message });
  }
  const trust = read?.object;
  const one = await permitted(pass, judged(pass, trust));
  if (trust === undefined || object === undefined)
    return refused(pass, "reason" in one ? one : { reason: "TrustMissing", message: "" });
  // What no grant allows is removed first, whatever comes of the rest.
  const stays = "binding" in one ? [one.binding.email] : await standing(pass, trust);
  const cutDone = await cut(pass, trust, stays);
  const done: GooglePass = { ...pass, cutBy: versionOf(object) };
  if ("binding" in one) return bind(done, trust, one, cutDone);
  const changedAt = changedAtOf(done, cutDone.changes.length > 0);
  const { changes, emails } = cutDone;
  return refused(done, one, { changes, ...defined({ changedAt }) }, { emails });
}

/**
 * One pass of a GCPServiceAccountBinding: lets the ServiceAccount into Google's service account, annotates it, and
 * proves it by an exchange of its token. May be cut off anywhere and repeated. Throws if the status cannot be written,
 * and the signal's reason.
 */
export async function reconcileGoogle(
  facts: BindingFacts,
  clients: GoogleClients,
  clock: Clock,
  signal: AbortSignal = new AbortController().signal,
): Promise<BindingOutcome> {
  const pass: GooglePass = { facts, clients, clock, signal, status: googleStatusOf(facts.object) };
  if (isEnding(facts.object)) return removeGoogle(pass);
  try {
    return await decided(pass);
  } catch (error) {
    signal.throwIfAborted();
    if (!isGoogles(error)) throw error;
    const found = [foundOf("Ready", googleFinding(error, "Google"))];
    return end(pass, { found, againIn: soon });
  }
}
