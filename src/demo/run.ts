import { assumeWithWebIdentity, type AwsSession, isAwsCode } from "../aws/index.ts";
import {
  asPodtrustError,
  type Clock,
  epochSeconds,
  errorText,
  type Link,
  type Logger,
  PodtrustError,
} from "../base/index.ts";
import { parseJws } from "../oidc/index.ts";
import type { ApplyEvent } from "../plan/index.ts";
import { adminSession, type AwsSide, makeTrust, putParameters } from "./aws-side.ts";
import { cast } from "./cast.ts";
import { runJob, type Workload } from "./job.ts";
import { outsideLinks } from "./links.ts";
import { showRefusals } from "./refusals.ts";
import { showRotation } from "./rotation.ts";
import { demoTimes, setStage, type Stage } from "./stage.ts";
import type { NotShown, Story, StoryLink, StoryRefusal, StoryRotation, Tell } from "./story.ts";

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

/** One telling: collects what was seen, and says at which link it broke. */
class Telling {
  readonly links: StoryLink[] = [];
  readonly #options: DemoOptions;

  constructor(options: DemoOptions) {
    this.#options = options;
  }

  /** Shows a link; a failure is told at its place and ends the story. */
  async link(name: Link, look: () => Promise<string>): Promise<void> {
    try {
      this.#add({ name, ok: true, detail: await look() });
    } catch (cause) {
      if (this.#options.signal.aborted) throw cause;
      const error = asPodtrustError(cause);
      this.#add({ name, ok: false, detail: errorText(cause) });
      const next = error.code === "internal" ? {} : { next: error.next };
      throw new PodtrustError("demo-link-broken", `the chain broke at ${name}: ${error.message}`, {
        cause,
        detail: { link: name, links: this.links },
        ...next,
      });
    }
  }

  #add(link: StoryLink): void {
    this.links.push(link);
    this.#options.tell({ kind: "link", link });
  }
}

function standIns(stage: Stage): string[] {
  const cluster = "a cluster that signs tokens as Kubernetes does, for the real one";
  return [
    ...(stage.standIn === undefined ? [] : [cluster]),
    "a certificate authority speaking ACME, for a public one",
    "IAM, STS and Parameter Store in one sandbox, for AWS",
    "--connect-to, for public DNS; IAM's propagation is cut to a second and caches to one, to keep the story short",
  ];
}

async function tellOutside(stage: Stage, telling: Telling): Promise<void> {
  for (const name of ["cluster", "discovery", "jwks", "dns", "tls", "reachability"] as const) {
    await telling.link(name, () => outsideLinks[name](stage));
  }
}

function token(stage: Stage, name: string, audience: string): Promise<string> {
  const wish = { audiences: [audience], expirationSeconds: cast.tokenSeconds };
  return stage.cluster.requestToken(cast.namespace, name, wish).then((minted) => minted.token);
}

/** Tells each reason to wait once, however often it is waited for. */
function tellWaits({ clock, tell }: DemoOptions): (event: ApplyEvent) => void {
  const told = new Set<string>();
  return (event) => {
    if (event.type !== "waiting" || told.has(event.reason)) return;
    told.add(event.reason);
    tell({
      kind: "waiting",
      reason: event.reason,
      seconds: Math.ceil((event.deadline - clock.now()) / 1000),
    });
  };
}

async function tellTrust(
  side: AwsSide,
  stage: Stage,
  telling: Telling,
  options: DemoOptions,
): Promise<string> {
  await makeServiceAccounts(stage);
  const made = await makeTrust(
    side,
    () => token(stage, cast.serviceAccount, cast.audience),
    tellWaits(options),
  );
  for (const name of ["provider", "trust"] as const) await telling.link(name, () => made.link(name));
  return made.roleArn;
}

/** Makes the two ServiceAccounts, and sees to it that those which were not there before go when the stage does. */
async function makeServiceAccounts(stage: Stage): Promise<void> {
  await stage.cluster.createNamespace(cast.namespace);
  for (const name of [cast.serviceAccount, cast.otherServiceAccount]) {
    const made = await stage.cluster.createServiceAccount(cast.namespace, name);
    if (made === "created" && stage.standIn === undefined) {
      stage.atEnd(() => stage.cluster.deleteServiceAccount(cast.namespace, name));
    }
  }
}

function tokenDetail(jwt: string, clock: Clock): string {
  const { claims } = parseJws(jwt);
  const left = Math.round((Number(claims["exp"]) * 1000 - clock.now()) / 60_000);
  return `sub ${String(claims["sub"])}, aud ${String(claims["aud"])}, good for ${left} minutes`;
}

interface Inside {
  readonly goodToken: string;
  readonly arn: string;
  readonly parameters: readonly string[];
}

async function tellWorkload(
  stage: Stage,
  workload: Workload,
  telling: Telling,
  clock: Clock,
): Promise<Inside> {
  const goodToken = await token(stage, cast.serviceAccount, cast.audience);
  await telling.link("serviceaccount", () => Promise.resolve(`${cast.namespace}/${cast.serviceAccount}`));
  const variables = "AWS_REGION, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME and AWS_WEB_IDENTITY_TOKEN_FILE";
  await telling.link("injection", () =>
    Promise.resolve(`${variables} in a child process that gets nothing else of ours (stand-in for a pod)`),
  );
  await telling.link("token", () => Promise.resolve(tokenDetail(goodToken, clock)));
  const result = await runJob(workload, { token: goodToken, path: "/demo" });
  const complaint =
    result.error === undefined ? "" : `${result.error.call}: ${result.error.code}: ${result.error.message}`;
  await telling.link("sts", async () => {
    if (result.identity === undefined) throw new PodtrustError("demo-job-failed", complaint);
    return Promise.resolve(`GetCallerIdentity answers ${result.identity.arn}`);
  });
  await telling.link("permission", async () => {
    if (result.parameters === undefined) throw new PodtrustError("demo-job-failed", complaint);
    return Promise.resolve(`may read ${result.parameters.join(", ")}`);
  });
  return { goodToken, arn: result.identity?.arn ?? "", parameters: result.parameters ?? [] };
}

async function tellRefusals(
  stage: Stage,
  workload: Workload,
  inside: Inside,
  tell: Tell,
): Promise<{ refusals: StoryRefusal[]; notShown: NotShown[] }> {
  const { standIn } = stage;
  const full = (name: string): string => `${cast.namespace}/${name}`;
  const shown = await showRefusals(
    {
      workload,
      goodToken: inside.goodToken,
      trusted: full(cast.serviceAccount),
      other: full(cast.otherServiceAccount),
      audience: cast.audience,
      otherAudience: cast.otherAudience,
      deniedParameter: cast.deniedParameter.name,
      tokenFor: (who, audience) =>
        token(stage, who === "trusted" ? cast.serviceAccount : cast.otherServiceAccount, audience),
      ...(standIn === undefined
        ? {}
        : {
            expiredToken: () =>
              Promise.resolve(
                standIn.forgeToken({
                  namespace: cast.namespace,
                  name: cast.serviceAccount,
                  audiences: [cast.audience],
                  // The cluster signed it an hour and more ago; nothing about it is wrong but its age.
                  issuedAt: epochSeconds(stage.clock) - 7200,
                  expirationSeconds: 3600,
                }),
              ),
          }),
    },
    (refusal) => tell({ kind: "refusal", refusal }),
  );
  for (const notShown of shown.notShown) tell({ kind: "not-shown", notShown });
  return shown;
}

async function accepted(session: AwsSession, roleArn: string, jwt: string): Promise<boolean> {
  try {
    await assumeWithWebIdentity(session, { roleArn, sessionName: cast.sessionName, token: jwt });
    return true;
  } catch (error) {
    if (isAwsCode(error, "AccessDenied", "InvalidIdentityToken", "ExpiredTokenException")) return false;
    throw error;
  }
}

async function tellRotation(
  stage: Stage,
  session: AwsSession,
  roleArn: string,
  options: DemoOptions,
): Promise<StoryRotation | undefined> {
  const { standIn } = stage;
  if (standIn === undefined) {
    const notShown = { what: "a rotation of the signing key", why: "the keys are the cluster's own" };
    options.tell({ kind: "not-shown", notShown });
    return undefined;
  }
  options.tell({
    kind: "chapter",
    title: "The cluster's signing key is rotated, and nobody is refused on the way.",
  });
  const { keys } = standIn;
  const rotation = await showRotation(
    {
      clock: options.clock,
      keys: {
        create: () => keys.create(),
        promote: (kid) => keys.promote(kid),
        drop: (kid) => keys.drop(kid),
        signing: () => keys.list().find((key) => key.state === "signing")?.kid ?? "",
      },
      published: () => stage.publisher.refresh(),
      cacheMs: demoTimes.cache,
      mint: () => token(stage, cast.serviceAccount, cast.audience),
      accepted: (jwt) => accepted(session, roleArn, jwt),
      signal: options.signal,
    },
    (text) => options.tell({ kind: "step", text }),
  );
  const { tokensChecked, refused } = rotation;
  options.tell({
    kind: "step",
    text: `STS was asked ${tokensChecked} times meanwhile and refused ${refused}.`,
  });
  if (refused > 0 || tokensChecked === 0) {
    throw new PodtrustError(
      "demo-link-broken",
      `${refused} of ${tokensChecked} valid tokens were refused during the rotation`,
    );
  }
  return rotation;
}

async function tellAll(
  stage: Stage,
  session: AwsSession,
  options: DemoOptions,
): Promise<Omit<Story, "seconds">> {
  const { tell, signal, clock } = options;
  const telling = new Telling(options);
  tell({ kind: "opening", issuer: stage.issuer.url, standIns: standIns(stage) });
  tell({ kind: "chapter", title: "The chain, link by link" });
  await tellOutside(stage, telling);
  const side: AwsSide = { session, account: stage.sandbox.account, issuer: stage.issuer.url, signal };
  await putParameters(side);
  const roleArn = await tellTrust(side, stage, telling, options);
  const workload: Workload = {
    program: options.program,
    folder: stage.folder,
    endpoint: stage.sandbox.url,
    region: cast.region,
    roleArn,
    sessionName: cast.sessionName,
    signal,
  };
  const inside = await tellWorkload(stage, workload, telling, clock);
  tell({ kind: "chapter", title: "Everybody else is turned away." });
  const { refusals, notShown } = await tellRefusals(stage, workload, inside, tell);
  const rotation = await tellRotation(stage, session, roleArn, options);
  return {
    links: telling.links,
    identity: { arn: inside.arn },
    parameters: inside.parameters,
    refusals,
    ...(rotation === undefined ? {} : { rotation }),
    notShown:
      rotation === undefined
        ? [...notShown, { what: "a rotation of the signing key", why: "the keys are the cluster's own" }]
        : notShown,
  };
}

/**
 * Tells the whole story on this machine and gives it as data. Throws `demo-link-broken` with the link where it
 * broke, `demo-not-refused` when somebody was let in, or `interrupted`.
 */
export async function runDemo(options: DemoOptions): Promise<Story> {
  const start = options.clock.now();
  const stage = await setStage(options);
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
