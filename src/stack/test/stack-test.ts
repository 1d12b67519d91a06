import { errorText, mapLimit, PodtrustError } from "../../core/base/index.ts";
import { brokenOf, judgeIssuer, readIssuer } from "../../issuer/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { type AwsPart, type AwsPartContext, awsParts, roleArnOf } from "../parts/index.ts";
import { namesOf } from "../workload/target.ts";
import { type CaseReport, type IssuerDefect, reportOf, type TestReport, type CaseVerdict } from "./case.ts";
import { type Case, type CaseTools, casesOf, LeftOut } from "./cases.ts";
import { isFor } from "./refusal.ts";

export interface TestOptions extends AwsPartContext {
  readonly cluster: KubernetesApi;
  readonly signal: AbortSignal;
  /** Waits for a token to expire; else that case is reported as left out. */
  readonly waitExpiry?: boolean;
  /** NAMESPACE/NAME of a ServiceAccount that no role trusts; `default` beside the trusted one by default. */
  readonly other?: string;
  /** Only roles of these names. */
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly onCase?: (report: CaseReport) => void;
  readonly onWait?: (reason: string, deadline: number) => void;
}

interface Answer {
  readonly verdict: CaseVerdict;
  readonly got: string;
}

const tokenSeconds = 600;

class TestRun {
  readonly #options: TestOptions;
  readonly #parts: readonly AwsPart[];

  constructor(options: TestOptions) {
    this.#options = options;
    this.#parts = awsParts(options);
  }

  readonly #tools: CaseTools = {
    mint: async (serviceAccount, audience) => {
      const { cluster, signal } = this.#options;
      const [namespace, name] = namesOf(serviceAccount);
      const spec = { audiences: [audience], expirationSeconds: tokenSeconds };
      return (await cluster.requestToken(namespace, name, spec, { signal })).token;
    },
    exists: async (serviceAccount) => {
      const { cluster, signal } = this.#options;
      const [namespace, name] = namesOf(serviceAccount);
      return (await cluster.read({ kind: "ServiceAccount", namespace, name }, { signal })) !== undefined;
    },
    waitUntil: async (at, reason) => {
      const { clock, signal, onWait } = this.#options;
      const left = Math.max(0, at - clock.now());
      onWait?.(reason, clock.elapsed() + left);
      await clock.sleep(left, signal);
    },
  };

  async #ask(one: Case): Promise<Answer> {
    const { signal } = this.#options;
    const { account, role, refusal } = one;
    let token: string | undefined;
    try {
      token = await one.token(this.#tools);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof LeftOut) return { verdict: "left-out", got: error.message };
      return { verdict: "not-asked", got: `no token could be created: ${errorText(error)}` };
    }
    try {
      const part = this.#parts.find((candidate) => candidate.account === account);
      if (part === undefined) throw new TypeError(`${account.account} is not of this config`);
      const answer = await part.exchange(role, token, signal);
      if (answer.kind === "accepted") {
        return {
          verdict: refusal === undefined ? "passed" : "failed",
          got: `was authorized as ${answer.arn}`,
        };
      }
      const right = refusal !== undefined && isFor(refusal, answer);
      return { verdict: right ? "passed" : "failed", got: `${answer.code}: ${answer.message}` };
    } catch (error) {
      signal.throwIfAborted();
      return { verdict: "not-asked", got: `STS could not be asked: ${errorText(error)}` };
    }
  }

  async run(one: Case): Promise<CaseReport> {
    const { clock, onCase } = this.#options;
    const start = clock.elapsed();
    const { verdict, got } = await this.#ask(one);
    const report: CaseReport = {
      name: one.name,
      kind: one.refusal === undefined ? "positive" : "negative",
      role: `${one.account.account}/${one.role.name}`,
      verdict,
      expected:
        one.refusal === undefined
          ? `STS gives credentials for ${roleArnOf(one.account, one.role)}`
          : one.refusal.words,
      got,
      seconds: (clock.elapsed() - start) / 1000,
    };
    onCase?.(report);
    return report;
  }

  close(): void {
    for (const part of this.#parts) part.close();
  }
}

function wantedCases(options: TestOptions): readonly Case[] {
  const { config, only = [], skip = [], other, waitExpiry = false } = options;
  const known = config.aws.flatMap(({ roles }) => roles.map(({ name }) => name));
  const unknown = [...only, ...skip].find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new PodtrustError("usage", `the config has no role ${unknown}`, {
      next: `Its roles: ${known.join(", ") || "none"}.`,
    });
  }
  if (other !== undefined) namesOf(other);
  return config.aws.flatMap((account) =>
    account.roles
      .filter(({ name }) => (only.length === 0 || only.includes(name)) && !skip.includes(name))
      .flatMap((role) => casesOf({ issuer: config.issuer, account, role }, { other, waitExpiry })),
  );
}

/** Why AWS may know no key of the issuer, if a ServiceAccount that should get in did not. */
async function issuerFault(
  { config, route = {}, signal }: TestOptions,
  cases: readonly CaseReport[],
): Promise<IssuerDefect | undefined> {
  if (!cases.some(({ kind, verdict }) => kind === "positive" && verdict === "failed")) return undefined;
  const broken = brokenOf(judgeIssuer(await readIssuer(config.issuer, { route, signal })).findings);
  if (broken === undefined) return undefined;
  const { reason, seen, next } = broken;
  return { reason, seen, next };
}

/**
 * Makes real calls with real tokens: each ServiceAccount that a role names gets in; another one, another audience, no
 * token and an expired token do not, each for its own reason. Roles that only have patterns are not tried. If a
 * ServiceAccount that should get in does not, the issuer is read as AWS reads it. Throws `config-without-aws`, `usage`
 * and `interrupted`; the report has the results of the calls.
 */
export async function testStack(options: TestOptions): Promise<TestReport> {
  const { config } = options;
  if (config.aws.length === 0) {
    throw new PodtrustError("config-without-aws", `${config.file} names no AWS account`);
  }
  const cases = wantedCases(options);
  const run = new TestRun(options);
  try {
    const reports = new Map<Case, CaseReport>();
    const tried = async (one: Case): Promise<void> => void reports.set(one, await run.run(one));
    const quick = cases.filter(({ waits }) => waits !== true);
    // Cases that wait begin at once, so that all together take one token's life.
    const slow = cases.filter(({ waits }) => waits === true);
    await Promise.all([mapLimit(quick, tried), ...slow.map(tried)]);
    const inOrder = cases.flatMap((one) => reports.get(one) ?? []);
    const report = reportOf(config.stack, config.issuer, inOrder);
    const fault = await issuerFault(options, inOrder);
    return fault === undefined ? report : { ...report, issuerFault: fault };
  } finally {
    run.close();
  }
}
