import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { TestContext } from "node:test";
import { IAMClient } from "@aws-sdk/client-iam";
import { defined, systemClock } from "../../src/core/base/index.ts";
import { type Host } from "../../src/cli/index.ts";
import { type Sandbox, type SandboxOptions, startSandbox } from "../../src/sandbox/index.ts";
import { testAuthority } from "./certificates.ts";
import { type CliResult, podtrustHere } from "./cli.ts";
import { type IssuerServer, startIssuer } from "./issuer-server.ts";
import { account, ecKey, type TestKey } from "./sandbox.ts";
import { emptyFile } from "./nowhere.ts";

export const readOnly = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess";

/** A config with one account, in which one role is let to one ServiceAccount. */
export function configText(issuer: string, role = "", more = ""): string {
  return `
stack: prod
identity: 3f2a91bc
issuer: ${issuer}
${more}
aws:
  - account: "${account}"
    region: eu-central-1
    tags: {team: platform}
    roles:
      - name: demo
        serviceAccounts: [aws-test/demo]
        policies: [${readOnly}]
${role.replaceAll(/^/gmu, "        ")}
`;
}

/** A sandbox whose account is empty, an issuer that it reaches, a folder with a config, and the command line. */
export interface StackWorld {
  readonly folder: string;
  readonly sandbox: Sandbox;
  readonly issuer: IssuerServer;
  readonly key: TestKey;
  readonly iam: IAMClient;
  /** PEM of the root that vouches for the issuer. */
  readonly root: string;
  /** `--connect-to` and `--ca` with which the issuer is reached from the folder. */
  readonly route: readonly string[];
  /** Writes podtrust.yaml. */
  config(text: string): Promise<void>;
  /** Runs `podtrust ARGS` in the folder, with the route to the issuer. */
  podtrust(args: readonly string[], host?: Partial<Host>): Promise<CliResult>;
  /** The same with what it printed as JSON. */
  json(args: readonly string[]): Promise<{ readonly code: number | null; readonly result: Shown }>;
  /** Names of IAM's calls since the last time, without those that only read. */
  changes(): readonly string[];
}

/** The object of `--json`, as far as tests look at it. */
export interface Shown {
  readonly changes: readonly {
    readonly id: string;
    readonly kind: string;
    readonly reason?: string;
    readonly fields: readonly {
      readonly field: string;
      readonly before?: unknown;
      readonly after?: unknown;
    }[];
  }[];
  readonly refusals: readonly { readonly code: string; readonly message: string }[];
  readonly warnings: readonly string[];
  readonly done: readonly { readonly id: string; readonly kind: string }[];
  readonly failed: readonly { readonly id: string; readonly error: { readonly code: string } }[];
  readonly skipped: readonly { readonly id: string }[];
  readonly error?: { readonly code: string; readonly message: string };
}

const authority = await testAuthority();

/** The variables of a shell whose AWS clients go to a sandbox, with nothing of this machine's. */
export function sandboxEnvironment(
  url: string,
  keys: { accessKeyId: string; secretAccessKey: string; sessionToken?: string },
): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    ...defined({ AWS_SESSION_TOKEN: keys.sessionToken }),
    AWS_CONFIG_FILE: emptyFile,
    AWS_SHARED_CREDENTIALS_FILE: emptyFile,
    AWS_EC2_METADATA_DISABLED: "true",
  };
}

/** Sets the AWS SDK's variables of this process, and forgets the others of its own. */
export function useEnvironment(env: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) delete process.env[name];
  Object.assign(process.env, env);
}

/** A terminal on which somebody types. */
export function typed(text: string): Partial<Host> & { readonly said: { out: string; err: string } } {
  const said = { out: "", err: "" };
  return {
    said,
    stdin: Object.assign(Readable.from([text]), { isTTY: true }),
    stdout: { isTTY: true, write: (more) => (said.out += more) },
    stderr: { isTTY: true, write: (more) => (said.err += more) },
  };
}

/** Starts it all; ends with the test. The process's AWS variables point at the sandbox from then on. */
export async function stackWorld(t: TestContext, options: SandboxOptions = {}): Promise<StackWorld> {
  const issuer = await startIssuer(authority);
  const key = ecKey("first");
  issuer.publish([key.jwk]);
  const calls: string[] = [];
  const sandbox = await startSandbox({
    account,
    ca: authority.root,
    connectTo: issuer.connectTo,
    propagationMs: 0,
    onDecision({ action }) {
      if (!/^(?:\w+:)?(?:Get|List|Assume)/u.test(action)) calls.push(action);
    },
    ...options,
  });
  useEnvironment(sandboxEnvironment(sandbox.url, sandbox.admin));
  const iam = new IAMClient({ region: "eu-central-1" });
  const folder = await mkdtemp(join(tmpdir(), "podtrust-stack-"));
  await writeFile(join(folder, "root.pem"), authority.root);
  t.after(async () => {
    iam.destroy();
    await sandbox.close();
    await issuer.close();
    await rm(folder, { recursive: true });
  });
  const [rule] = issuer.connectTo;
  const route = ["--connect-to", `${rule?.host}:443:${rule?.address}:${rule?.toPort}`, "--ca", "root.pem"];
  const podtrust = (args: readonly string[], host: Partial<Host> = {}): Promise<CliResult> => {
    const more = args[0] === "manifests" ? [] : route;
    return podtrustHere([...args, ...more], { cwd: folder, clock: systemClock, ...host });
  };
  return {
    folder,
    sandbox,
    issuer,
    key,
    iam,
    root: authority.root,
    route,
    config: (text) => writeFile(join(folder, "podtrust.yaml"), text),
    podtrust,
    async json(args) {
      const { code, out } = await podtrust([...args, "--json"]);
      return { code, result: JSON.parse(out) as Shown };
    },
    changes: () => calls.splice(0),
  };
}
