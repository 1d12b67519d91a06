import { mkdtemp, rm } from "node:fs/promises";
import { isIP } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { defined, mapped, parseDuration, PodtrustError, shellWord } from "../../core/base/index.ts";
import { isLoopback, parseConnectTo } from "../../core/http/index.ts";
import { parseIssuer } from "../../rules/oidc/index.ts";
import {
  clientEnvironment,
  clientExports,
  decisionLine,
  startSandbox,
  type IssuerCache,
  type Sandbox,
  type SandboxOptions,
} from "../index.ts";
import { bold, dim, rich, unbroken, untilEnded, untilInputEnds } from "../../core/terminal/index.ts";
import { readCaFile, type ActionContext } from "../../core/command-line/index.ts";
import { writeAdmins, type WrittenAdmin } from "./cloud-admins.ts";
import { writeControlToken } from "./control-token.ts";
import { startClouds, writeCloudEnvironment, type CloudOptions } from "./clouds.ts";
import { relyingPartiesOf, type RelyingPartyOptions } from "./relying-parties.ts";

/**
 * Makes V8 collect sooner, in a process that answers much and retains little: the young generation, which would grow
 * from one megabyte to 64, stays as small as the processor's cache, and the old one grows by half before a collection
 * instead of to four times the live data. Under load this measurably costs no processor time.
 */
function collectSooner(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--heap-growing-percent=50");
}

/** The command-line options. */
export interface TypedOptions extends CloudOptions, RelyingPartyOptions {
  readonly port: string;
  readonly listen: string;
  readonly connectTo?: readonly string[];
  readonly ca?: string;
  readonly account: string;
  readonly state?: string;
  readonly adminCredentials?: string;
  readonly controlToken?: string;
  readonly controlFromAnywhere?: boolean;
  readonly issuer: string;
  readonly propagation: string;
  readonly messageProfile: "legacy" | "2026";
  readonly issuerCache: IssuerCache;
  readonly iamRateLimit?: string;
  readonly log?: boolean;
  readonly endWithStdin?: boolean;
}

function portOf(option: string, text: string): number {
  const port = /^\d{1,5}$/u.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new PodtrustError("usage", `${option} ${text} is not a port`, {
    next: "Ports run from 0 (any) to 65535.",
  });
}

function propagationOf(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new PodtrustError("usage", `--propagation ${text} is not a time`, {
    next: "Give a duration, as 8s or 500ms; 0s makes everything visible at once.",
  });
}

function rateLimitOf(text: string): NonNullable<SandboxOptions["iamRateLimit"]> {
  const [, rate, burst] = /^(\d{1,6})(?::(\d{1,6}))?$/u.exec(text) ?? [];
  const limit = { perSecond: Number(rate), burst: Number(burst ?? rate) };
  if (limit.perSecond > 0 && limit.burst > 0) return limit;
  throw new PodtrustError("usage", `--iam-rate-limit ${text} is not a rate`, {
    next: "Give calls a second, as 20, or with what is taken at once after a rest, as 20:100.",
  });
}

function accountOf(text: string): string {
  if (/^\d{12}$/u.test(text)) return text;
  throw new PodtrustError("usage", `--account ${text} is not an AWS account's number`, {
    next: "Give twelve digits, as 111122223333.",
  });
}

/** An invalid address has something extra: most often the port. */
function listenOf(text: string): string {
  if (isIP(text) !== 0 || !/[:/[\]]/u.test(text)) return text;
  throw new PodtrustError("usage", `--listen ${text} is not an address`, {
    next: "Give an address or a host name alone; the port goes by --port.",
  });
}

function warnOfExposure(context: ActionContext, listen: string): void {
  if (isLoopback(listen)) return;
  context.progress.line(
    `warning: the sandbox listens on ${listen}, where others can reach it over plain HTTP. They can read its page ` +
      "and try tokens on it; credentials and parameters cross the network unencrypted.",
  );
}

/** The control API's token, set by the starter of a container: known to both sides before it runs. */
function controlTokenIn({ env }: ActionContext): { readonly controlToken?: string } {
  const { PODTRUST_CONTROL_TOKEN: controlToken = "" } = env;
  return controlToken === "" ? {} : { controlToken };
}

async function optionsOf(context: ActionContext, typed: TypedOptions): Promise<SandboxOptions> {
  const { log, state, ca, iamRateLimit, connectTo = [] } = typed;
  // With --json standard output holds the one object, and lines go where progress goes.
  const print = (line: string): void => (context.json ? context.progress : context.output).line(line);
  return {
    port: portOf("--port", typed.port),
    ...relyingPartiesOf(typed),
    frontPort: portOf("--front-port", typed.frontPort),
    listen: listenOf(typed.listen),
    account: accountOf(typed.account),
    propagationMs: propagationOf(typed.propagation),
    messageProfile: typed.messageProfile,
    issuerCache: typed.issuerCache,
    connectTo: connectTo.map(parseConnectTo),
    issuerUrl: parseIssuer(typed.issuer).url,
    controlFromAnywhere: typed.controlFromAnywhere === true,
    ...controlTokenIn(context),
    ...defined({ iamRateLimit: mapped(iamRateLimit, rateLimitOf) }),
    clock: context.clock,
    logger: context.logger(),
    ...defined({
      ca: await mapped(ca, (path) => readCaFile(context, path)),
      stateDir: mapped(state, (path) => context.path(path)),
    }),
    ...(log === true ? { onDecision: (decision) => print(decisionLine(decision)) } : {}),
  };
}

/** The address as a client on this machine uses it. */
function clientUrl(url: string): string {
  return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:");
}

function controlUrl(url: string): string {
  return `${url}/_podtrust/`;
}

interface Introduced {
  /** The command as typed: `podtrust sandbox`. */
  readonly command: string;
  readonly sandbox: Sandbox;
  readonly credentials: string;
  /** Whether other machines can reach it. */
  readonly isPublic: boolean;
  /** The file of the control API's token. */
  readonly controlToken: string;
  /** The file that points clients at the clouds, if they run. */
  readonly clouds: string | undefined;
  /** Of the stand-ins that run beside AWS. */
  readonly admins: readonly WrittenAdmin[];
}

function introduce(context: ActionContext, introduced: Introduced): void {
  const { sandbox, credentials, isPublic, controlToken, clouds } = introduced;
  const { output } = context;
  const url = clientUrl(sandbox.url);
  const client = { url, region: "us-east-1", credentials };
  output.line(
    rich`${bold("podtrust sandbox")}: a stand-in for IAM, STS and SSM Parameter Store, account ${sandbox.account}`,
  );
  output.line(rich`${url}  ${dim("(open it in a browser to see what is decided, and why)")}`);
  output.line();
  output.line("Point AWS clients at it:");
  for (const line of clientExports(client)) output.line(unbroken(`  ${line}`));
  output.line(unbroken("  aws sts get-caller-identity"));
  if (isPublic)
    output.line("Elsewhere, as outside of its container, take the address at which it is reached there.");
  output.line();
  output.line(
    "Control it (reset, seed, decisions, clock, tokens, issuer) from tests; its token is in the file:",
  );
  output.line(unbroken(`  ${controlUrl(url)}`));
  output.line(`  ${controlToken}`);
  output.line();
  if (clouds !== undefined) {
    output.line("Point clients of Hetzner Cloud and Cloudflare at their stand-ins (tokens are in the file):");
    output.line(unbroken(`  . ${shellWord(clouds)}`));
    output.line();
  }
  for (const one of introduced.admins) one.introduce(output, url, introduced.command);
  output.line(rich`Ready. ${dim("Ctrl-C ends it.")}`);
  output.result({
    url,
    account: sandbox.account,
    adminCredentials: credentials,
    controlUrl: controlUrl(url),
    controlTokenFile: controlToken,
    environment: clientEnvironment(client),
    ...defined({ cloudEnvironment: clouds, frontUrl: sandbox.front?.url }),
    ...Object.fromEntries(introduced.admins.flatMap(({ result }) => Object.entries(result))),
  });
}

/** The folder of a sandbox's files, and the command as typed. */
interface Invocation {
  readonly folder: string;
  readonly command: string;
}

/** Starts what was requested with its files in a folder, prints how to point clients at it, and waits for the end. */
async function serveFrom(
  context: ActionContext,
  typed: TypedOptions,
  { folder, command }: Invocation,
): Promise<void> {
  const options = await optionsOf(context, typed);
  const credentials =
    typed.adminCredentials === undefined ? join(folder, "credentials") : context.path(typed.adminCredentials);
  const tokenFile =
    typed.controlToken === undefined ? join(folder, "control-token") : context.path(typed.controlToken);
  const clouds = await startClouds(context, typed);
  try {
    const file = clouds === undefined ? undefined : join(folder, "clouds.env");
    if (clouds !== undefined && file !== undefined) await writeCloudEnvironment(file, clouds);
    const sandbox = await startSandbox({
      ...options,
      adminCredentials: credentials,
      frontFolder: folder,
      ...(clouds === undefined ? {} : { tables: () => clouds.tables() }),
    });
    try {
      await writeControlToken(tokenFile, sandbox.controlToken);
      const isPublic = !isLoopback(typed.listen);
      const admins = await writeAdmins(folder, sandbox);
      const files = { credentials, controlToken: tokenFile, clouds: file, admins };
      introduce(context, { sandbox, command, isPublic, ...files });
      const ends = [untilEnded(context.signal)];
      if (typed.endWithStdin === true) ends.push(untilInputEnds(context.stdin));
      await Promise.race(ends);
    } finally {
      await sandbox.close();
    }
  } finally {
    await clouds?.close();
  }
}

/** Runs the sandbox until a signal; first prints how to point clients at it. */
export async function runSandbox(
  context: ActionContext,
  typed: TypedOptions,
  command: string,
): Promise<void> {
  warnOfExposure(context, listenOf(typed.listen));
  collectSooner();
  const folder = await mkdtemp(join(tmpdir(), "podtrust-sandbox-"));
  try {
    await serveFrom(context, typed, { folder, command });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
