import { PodtrustError, until } from "../../core/base/index.ts";
import { audienceFor } from "../../config/index.ts";
import { boundsOf } from "../../rules/oidc/index.ts";
import { type DemoEnvironment, demoTimes, startEnvironment } from "../environment.ts";
import { example } from "../example.ts";
import { type DemoOptions, interruptible } from "../demo.ts";
import { makeServiceAccounts } from "../service-accounts.ts";
import { mintToken } from "../tokens.ts";
import { type OtherAudience, showRefused } from "./attempts.ts";
import { makeAll, sharedConfig, type SharedConfig } from "./make.ts";
import type { DemoParty, OpenedParty } from "./party.ts";
import type { NotShown } from "../report.ts";
import type { OnPartiesEvent, PartiesReport, PartyGrant, ShownParty } from "./report.ts";
import { partiesOf } from "./rows.ts";

/** How the demo of several relying parties goes. */
export interface PartiesDemoOptions extends Pick<DemoOptions, "clock" | "logger" | "program" | "signal"> {
  /** Those that are shown: `aws,gcp`. */
  readonly list: string;
  /** Where other programs are looked for: PATH. */
  readonly path: string;
  readonly onEvent: OnPartiesEvent;
}

/** A relying party, and its running parts. */
interface RunningParty {
  readonly party: DemoParty;
  readonly opened: OpenedParty;
}

interface Shown extends RunningParty {
  readonly title: string;
  /** Of the workload's tokens. */
  readonly audience: string;
}

interface Showing {
  readonly environment: DemoEnvironment;
  readonly onEvent: OnPartiesEvent;
  readonly signal: AbortSignal;
}

const account = { namespace: example.namespace, name: example.serviceAccount };
const serviceAccount = `${account.namespace}/${account.name}`;

/** Tries the right token until it is accepted. Throws `demo-link-broken` for a refusal that does not pass. */
function untilGranted({ party, opened, title, audience }: Shown, showing: Showing): Promise<PartyGrant> {
  const { environment, onEvent, signal } = showing;
  const { clock } = environment;
  let isReported = false;
  return until<PartyGrant>({
    clock,
    withinMs: demoTimes.ready,
    delays: [250],
    signal,
    async look() {
      const token = await mintToken(environment, example.serviceAccount, audience);
      const answer = await opened.exchange(token);
      if (answer.outcome === "granted") return { is: { identity: answer.identity, read: answer.read } };
      const { code, message, rule, why } = answer;
      const reason = party.settling[rule];
      if (reason !== undefined) return { waitsFor: reason };
      throw new PodtrustError(
        "demo-link-broken",
        `${title} refuses the right token: ${code}: ${message} (${rule}: ${why})`,
      );
    },
    onWait(reason, deadline) {
      if (isReported) return;
      isReported = true;
      onEvent({ kind: "waiting", reason, seconds: Math.ceil((deadline - clock.elapsed()) / 1000) });
    },
    late: (reason) =>
      new PodtrustError("demo-link-broken", `${title} still refuses the right token: ${reason}`),
  });
}

async function showParty(shown: Shown, other: OtherAudience, showing: Showing): Promise<ShownParty> {
  const { environment, onEvent } = showing;
  const { party, opened, title, audience } = shown;
  onEvent({ kind: "heading", title });
  const granted = await untilGranted(shown, showing);
  onEvent({ kind: "granted", who: serviceAccount, granted });
  const refusals = await showRefused(environment, { party, opened, audience, other }, (refusal) =>
    onEvent({ kind: "party-refusal", refusal }),
  );
  return { name: party.name, title, audience, granted, refusals };
}

/** What is shown of each, once the config of all of them has the audiences. */
function shownOf(running: readonly RunningParty[], { config }: SharedConfig): Promise<readonly Shown[]> {
  return Promise.all(
    running.map(async (one) => {
      const { name } = one.party;
      return { ...one, title: boundsOf(name).title, audience: await audienceFor(config, name, account) };
    }),
  );
}

/** The next of them, whose tokens this one must not accept; another party if there is only one. */
function otherThan(all: readonly Shown[], index: number): OtherAudience {
  const next = all[(index + 1) % all.length];
  return next === undefined || all.length === 1
    ? { audience: example.otherAudience, title: example.otherAudience }
    : next;
}

function began(environment: DemoEnvironment, parties: readonly DemoParty[], onEvent: OnPartiesEvent): void {
  onEvent({
    kind: "parties",
    issuer: environment.issuer.url,
    titles: parties.map(({ name }) => boundsOf(name).title),
    standIns: [
      "a cluster that signs tokens as Kubernetes does",
      "a certificate authority that speaks ACME as public ones do",
      ...parties.map(({ standIn }) => standIn),
      "rules that lead the names of issuer and clouds to this machine, as public DNS would",
    ],
    shortened: parties.flatMap(({ shortened = [] }) => shortened),
  });
}

async function showAll(
  running: readonly RunningParty[],
  showing: Showing,
): Promise<Pick<PartiesReport, "made" | "parties">> {
  const { environment, onEvent } = showing;
  const opened = running.map((one) => one.opened);
  onEvent({ kind: "heading", title: "One config for all of them, and podtrust up" });
  for (const text of opened.flatMap(({ given }) => given)) onEvent({ kind: "step", text: `given: ${text}` });
  await makeServiceAccounts(environment);
  const shared = await sharedConfig(environment, opened);
  const made = await makeAll(environment, shared, showing);
  const all = await shownOf(running, shared);
  const reports: ShownParty[] = [];
  for (const [index, one] of all.entries())
    reports.push(await showParty(one, otherThan(all, index), showing));
  return { made, parties: reports };
}

/** Which of a list can be shown here, and which cannot, listed or not. Throws `usage` if none of the list can. */
async function choose(
  list: string,
  path: string,
): Promise<{ readonly parties: readonly DemoParty[]; readonly notShown: readonly NotShown[] }> {
  const { listed, others } = await partiesOf(list);
  const parties = listed.filter(({ missing }) => missing?.(path) === undefined);
  const notShown = [...listed, ...others].flatMap(({ name, missing }) => {
    const why = missing?.(path);
    return why === undefined ? [] : [{ what: boundsOf(name).title, why }];
  });
  const [first] = notShown;
  if (parties.length > 0 || first === undefined) return { parties, notShown };
  throw new PodtrustError("usage", `${first.what} cannot be shown: ${first.why}`, {
    next: "Install it, or name another relying party with --for.",
  });
}

async function runIn(options: PartiesDemoOptions): Promise<PartiesReport> {
  const { list, path, clock, logger, signal, onEvent, program } = options;
  const start = clock.elapsed();
  const { parties, notShown } = await choose(list, path);
  const beside = Object.assign({}, ...parties.map(({ sandbox }) => sandbox)) as DemoParty["sandbox"];
  const environment = await startEnvironment({ beside, clock, logger, signal });
  try {
    began(environment, parties, onEvent);
    for (const one of notShown) onEvent({ kind: "not-shown", notShown: one });
    const running: RunningParty[] = [];
    for (const party of parties) {
      const opened = await party.open({ environment, program, path, signal });
      environment.atEnd(() => opened.close());
      running.push({ party, opened });
    }
    const seen = await showAll(running, { environment, onEvent, signal });
    const seconds = (clock.elapsed() - start) / 1000;
    const { url } = environment.issuer;
    const report: PartiesReport = { issuer: url, serviceAccount, ...seen, notShown, seconds };
    onEvent({ kind: "parties-shown", report });
    return report;
  } finally {
    await environment.close();
  }
}

/**
 * Shows one ServiceAccount of one cluster at several relying parties: what podtrust makes there from one
 * config, and which tokens are accepted and which are not. Throws `usage` for a list with an unknown name,
 * `demo-link-broken` if the right token is refused, `demo-not-refused` if another is granted, `interrupted`,
 * and what keeps a part from starting.
 */
export function runPartiesDemo(options: PartiesDemoOptions): Promise<PartiesReport> {
  return interruptible(options.signal, () => runIn(options));
}
