import type { AwsSession } from "../aws/index.ts";
import { type Clock, type Logger, PodtrustError } from "../base/index.ts";
import { adminSession, type AwsSide, putParameters } from "./aws-side.ts";
import { cast } from "./cast.ts";
import type { Workload } from "./job.ts";
import { outsideLinks } from "./links.ts";
import { Narrator } from "./narrator.ts";
import { showRefusals } from "./refusals.ts";
import { Rotating } from "./rotating.ts";
import { setStage, type Stage } from "./stage.ts";
import type { NotShown, Story, StoryRefusal, Tell } from "./story.ts";
import { expiredToken, mintToken } from "./tokens.ts";
import { tellTrust } from "./trust.ts";
import { type Inside, tellWorkload } from "./workload.ts";

export interface DemoOptions {
  /** The program and first arguments that run podtrust's `job`. */
  readonly program: readonly string[];
  /** A real cluster in place of the stand-in. */
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly tell: Tell;
  /** Called when the story is over and everything still runs; it all ends when the promise does. */
  readonly keep?: (stage: Stage) => Promise<void>;
}

function standIns(stage: Stage): string[] {
  return [
    ...(stage.standIn === undefined ? [] : ["a cluster that signs tokens as Kubernetes does"]),
    "a certificate authority that speaks ACME as public ones do",
    "IAM, STS and Parameter Store that decide as AWS does, in one sandbox",
    "a rule (--connect-to) that leads the issuer's name to this machine, as public DNS would",
  ];
}

async function tellOutside(stage: Stage, narrator: Narrator): Promise<void> {
  for (const name of ["cluster", "discovery", "jwks", "dns", "tls", "reachability"] as const) {
    await narrator.link(name, () => outsideLinks[name](stage));
  }
}

async function tellRefusals(
  stage: Stage,
  workload: Workload,
  goodToken: string,
  tell: Tell,
): Promise<{ refusals: StoryRefusal[]; notShown: NotShown[] }> {
  const full = (name: string): string => `${cast.namespace}/${name}`;
  const accounts = { trusted: cast.serviceAccount, other: cast.otherServiceAccount };
  const expired = expiredToken(stage);
  tell({ kind: "chapter", title: "Everybody else is turned away." });
  return showRefusals(
    {
      workload,
      goodToken,
      trusted: full(accounts.trusted),
      other: full(accounts.other),
      audience: cast.audience,
      otherAudience: cast.otherAudience,
      deniedParameter: cast.deniedParameter.name,
      tokenFor: (who, audience) => mintToken(stage, accounts[who], audience),
      ...(expired === undefined ? {} : { expiredToken: expired }),
    },
    (refusal) => tell({ kind: "refusal", refusal }),
  );
}

const noRotation: NotShown = {
  what: "a rotation of the signing key",
  why: "the keys are the cluster's own",
};

/** The story from the workload on, with the rotation going on beside it. */
async function tellInside(
  { stage, narrator, tell }: { stage: Stage; narrator: Narrator; tell: Tell },
  workload: Workload,
  session: AwsSession,
): Promise<{ inside: Inside } & Pick<Story, "refusals" | "notShown" | "rotation">> {
  const { standIn } = stage;
  const { roleArn, signal } = workload;
  const rotating =
    standIn === undefined ? undefined : new Rotating({ ...stage, standIn }, { session, roleArn, signal });
  try {
    const inside = await tellWorkload(stage, workload, narrator);
    const shown = await tellRefusals(stage, workload, inside.goodToken, tell);
    const rotation = await rotating?.tell(tell);
    const notShown = [...shown.notShown, ...(rotation === undefined ? [noRotation] : [])];
    for (const one of notShown) tell({ kind: "not-shown", notShown: one });
    const { refusals } = shown;
    return { inside, refusals, notShown, ...(rotation === undefined ? {} : { rotation }) };
  } finally {
    await rotating?.end();
  }
}

async function tellAll(
  stage: Stage,
  session: AwsSession,
  options: DemoOptions,
): Promise<Omit<Story, "seconds">> {
  const { tell, signal } = options;
  const narrator = new Narrator(tell, signal);
  tell({ kind: "opening", issuer: stage.issuer.url, standIns: standIns(stage) });
  tell({ kind: "chapter", title: "The chain, link by link" });
  await tellOutside(stage, narrator);
  const side: AwsSide = { session, account: stage.sandbox.account, issuer: stage.issuer.url, signal };
  await narrator.during("permission", () => putParameters(side));
  const workload: Workload = {
    program: options.program,
    folder: stage.folder,
    endpoint: stage.sandbox.url,
    region: cast.region,
    roleArn: await tellTrust(stage, side, narrator, tell),
    sessionName: cast.sessionName,
    signal,
  };
  const { inside, ...shown } = await tellInside({ stage, narrator, tell }, workload, session);
  const { arn, parameters } = inside;
  return { links: narrator.links, identity: { arn }, parameters, ...shown };
}

async function onStage(stage: Stage, options: DemoOptions, start: number): Promise<Story> {
  const session = adminSession(stage.sandbox, options.clock);
  try {
    const told = await tellAll(stage, session, options);
    const story: Story = { ...told, seconds: (options.clock.now() - start) / 1000 };
    options.tell({ kind: "closing", story });
    await options.keep?.(stage);
    return story;
  } finally {
    session.close();
    await stage.close();
  }
}

/**
 * Tells the whole story on this machine and gives it as data. Throws `demo-link-broken` with the link where it
 * broke, `demo-not-refused` when somebody was let in, `interrupted`, or what keeps the stage from being set.
 */
export async function runDemo(options: DemoOptions): Promise<Story> {
  const start = options.clock.now();
  try {
    return await onStage(await setStage(options), options, start);
  } catch (cause) {
    if (!options.signal.aborted) throw cause;
    throw new PodtrustError("interrupted", "the demo was ended in the middle of its story", {
      cause,
      next: "Nothing of it is left running. Run podtrust demo again for the whole story.",
    });
  }
}
