import type { AwsSession } from "../providers/aws/index.ts";
import { type Clock, defined, type Logger, PodtrustError } from "../core/base/index.ts";
import { adminSession, type AwsSide, putParameters } from "./aws-side.ts";
import { chainChapters, type Chapters } from "./chapters.ts";
import { example } from "./example.ts";
import type { Workload } from "./job.ts";
import { outsideLinks } from "./links.ts";
import { LinkReporter } from "./link-reporter.ts";
import { privateThumbprints } from "../issuer/index.ts";
import { reportProviderAndRole } from "./provider-and-role.ts";
import { showRefusals } from "./refusals.ts";
import { Rotating } from "./rotating.ts";
import { startEnvironment, type DemoEnvironment } from "./environment.ts";
import type { NotShown, DemoEvent, DemoReport, RefusalReport, OnEvent } from "./report.ts";
import type { Stage } from "./stage.ts";
import { expiredToken, mintToken } from "./tokens.ts";
import { type WorkloadAccess, reportWorkload } from "./workload.ts";

/** How the chain is shown. */
export interface DemoChainOptions {
  /** The program and first arguments that run podtrust's `job`. */
  readonly program: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly onEvent: OnEvent;
  /** The headings of the links; the chain's own by default. */
  readonly chapters?: Chapters;
  /** Further stand-ins, in words. */
  readonly standIns?: readonly string[];
  /** When it began, if something came before. */
  readonly start?: number;
  /** Called after the beginning, before the first chapter. */
  readonly before?: () => Promise<void>;
  /** Called after the last chapter. */
  readonly after?: () => Promise<void>;
}

export interface DemoOptions extends DemoChainOptions {
  /** A real cluster in place of the stand-in. */
  readonly kubeconfig?: string;
  readonly context?: string;
  /** The stand-in cluster's issuer; by default one that cannot be guessed. */
  readonly issuer?: string;
  /** Called when the report is over and everything still runs; it all ends when the promise does. */
  readonly keep?: (environment: DemoEnvironment) => Promise<void>;
}

function standIns(stage: Stage): string[] {
  return [
    ...(stage.standIn === undefined ? [] : ["a cluster that signs tokens as Kubernetes does"]),
    "a certificate authority that speaks ACME as public ones do",
    "IAM, STS and Parameter Store that decide as AWS does, in one sandbox",
    "a rule (--connect-to) that leads the issuer's name to this machine, as public DNS would",
  ];
}

/** The first event of a demo: its stand-ins, and what takes less time than in real life. */
export function startedOn(stage: Stage, more: readonly string[] = []): DemoEvent {
  const shortened = [
    "IAM's propagation delay is one second here",
    ...(stage.publisher === undefined ? [] : ["keys are cached for one second"]),
  ];
  return {
    kind: "started",
    issuer: stage.issuer.url,
    standIns: [...more, ...standIns(stage)],
    shortened,
  };
}

/** Reports what is visible of the issuer from outside, under its headings. Throws `demo-link-broken`. */
export async function reportOutside(
  stage: Stage,
  reporter: LinkReporter,
  { chapters = chainChapters, onEvent }: Pick<DemoChainOptions, "chapters" | "onEvent">,
): Promise<void> {
  for (const { title, links, make } of chapters.outside) {
    onEvent({ kind: "heading", title });
    const [first] = links;
    if (make !== undefined && first !== undefined) await reporter.during(first, make);
    for (const name of links) await reporter.link(name, () => outsideLinks[name](stage));
  }
}

async function reportRefusals(
  stage: Stage,
  workload: Workload,
  goodToken: string,
  onEvent: OnEvent,
): Promise<{ refusals: RefusalReport[]; notShown: NotShown[] }> {
  const full = (name: string): string => `${example.namespace}/${name}`;
  const accounts = { trusted: example.serviceAccount, other: example.otherServiceAccount };
  const expired = expiredToken(stage);
  onEvent({ kind: "heading", title: "Every other attempt is denied." });
  return showRefusals(
    {
      workload,
      goodToken,
      trusted: full(accounts.trusted),
      other: full(accounts.other),
      audience: example.audience,
      otherAudience: example.otherAudience,
      deniedParameter: example.deniedParameter.name,
      tokenFor: (who, audience) => mintToken(stage, accounts[who], audience),
      ...defined({ expiredToken: expired }),
    },
    (refusal) => onEvent({ kind: "refusal", refusal }),
  );
}

const noRotation: NotShown = {
  what: "a rotation of the signing key",
  why: "the keys are the cluster's own",
};

/** Everything from the workload on, with the rotation running beside it. */
async function runWorkload(
  { stage, reporter, onEvent }: { stage: Stage; reporter: LinkReporter; onEvent: OnEvent },
  workload: Workload,
  session: AwsSession,
): Promise<{ access: WorkloadAccess } & Pick<DemoReport, "refusals" | "notShown" | "rotation">> {
  const { standIn, publisher } = stage;
  const { roleArn, signal } = workload;
  const rotating =
    standIn === undefined || publisher === undefined
      ? undefined
      : new Rotating({ ...stage, standIn, publisher }, { session, roleArn, signal });
  try {
    const access = await reportWorkload(stage, workload, reporter);
    const shown = await reportRefusals(stage, workload, access.goodToken, onEvent);
    const rotation = await rotating?.report(onEvent);
    const notShown = [...shown.notShown, ...(rotation === undefined ? [noRotation] : [])];
    for (const one of notShown) onEvent({ kind: "not-shown", notShown: one });
    const { refusals } = shown;
    return { access, refusals, notShown, ...defined({ rotation }) };
  } finally {
    await rotating?.end();
  }
}

async function runAll(
  stage: Stage,
  session: AwsSession,
  options: DemoChainOptions,
): Promise<Omit<DemoReport, "seconds">> {
  const { onEvent, signal } = options;
  const reporter = new LinkReporter(onEvent, signal);
  const { chapters = chainChapters, before = () => Promise.resolve() } = options;
  onEvent(startedOn(stage, options.standIns));
  await before();
  await reportOutside(stage, reporter, options);
  const { connectTo, ca } = stage;
  const route = { connectTo, ca: ca.root };
  const side: AwsSide = {
    session,
    account: stage.sandbox.account,
    issuer: stage.issuer.url,
    thumbprints: (await privateThumbprints(stage.issuer.url, route, signal)) ?? [],
    signal,
  };
  if (chapters.trust !== undefined) onEvent({ kind: "heading", title: chapters.trust });
  await reporter.during("permission", () => putParameters(side));
  const workload: Workload = {
    program: options.program,
    folder: stage.folder,
    endpoint: stage.sandbox.url,
    region: example.region,
    roleArn: await reportProviderAndRole(stage, side, reporter, onEvent),
    sessionName: example.sessionName,
    signal,
  };
  if (chapters.workload !== undefined) onEvent({ kind: "heading", title: chapters.workload });
  const { access, ...shown } = await runWorkload({ stage, reporter, onEvent }, workload, session);
  const { arn, parameters } = access;
  return { links: reporter.links, identity: { arn }, parameters, ...shown };
}

async function runIn<S extends Stage>(
  stage: S,
  options: DemoChainOptions,
  keep: ((stage: S) => Promise<void>) | undefined,
): Promise<DemoReport> {
  const { clock, start = clock.elapsed() } = options;
  const session = adminSession(stage.sandbox, clock);
  try {
    const seen = await runAll(stage, session, options);
    await options.after?.();
    const report: DemoReport = { ...seen, seconds: (clock.elapsed() - start) / 1000 };
    options.onEvent({ kind: "finished", report });
    await keep?.(stage);
    return report;
  } finally {
    session.close();
    await stage.close();
  }
}

/** The result of a demo, or that it was interrupted: any other failure while it ends is a consequence of that. */
export async function interruptible<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!signal.aborted) throw cause;
    throw new PodtrustError("interrupted", "the demo was interrupted", {
      cause,
      next: "Nothing of it is left running. Run podtrust demo again to see all of it.",
    });
  }
}

/**
 * Shows the chain on a stage, reports each step, and returns all of it as data. Throws as `runDemo` does, and
 * what keeps the stage from starting.
 */
export async function runOn<S extends Stage>(
  open: () => Promise<S>,
  options: DemoChainOptions,
  keep?: (stage: S) => Promise<void>,
): Promise<DemoReport> {
  const { start = options.clock.elapsed() } = options;
  return interruptible(options.signal, async () => runIn(await open(), { ...options, start }, keep));
}

/**
 * Runs the whole flow on this machine, reports each step, and gives all of it as data. Throws `demo-link-broken` with
 * the link where it broke, `demo-not-refused` when an attempt was not denied, `interrupted`, or what keeps a part
 * from starting.
 */
export function runDemo(options: DemoOptions): Promise<DemoReport> {
  return runOn(() => startEnvironment(options), options, options.keep);
}
