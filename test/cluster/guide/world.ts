import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConnectTo } from "../../../src/core/http/index.ts";
import { type CliResult, podtrustChild } from "../../support/cli.ts";
import { type Cluster, freePorts, type Pebble, podtrustImage } from "../harness/index.ts";
import type { AwsAccount, LiveTokens } from "../story/aws-account.ts";
import type { Serving } from "../story/podtrust.ts";
import { until } from "../../support/until.ts";

export const serviceAccount = "default/demo-service-account";
export const region = "eu-central-1";
export const accountId = "111122223333";
export const roleName = "k3s-demo-app";
export const sessionName = "k3s-cluster";
export const parameter = "/demo/greeting";
/** For how long a relying party may go on without asking, as the config says. */
export const cacheSeconds = 2;

/** What the steps make one after the other. */
interface Parts {
  cluster: Cluster;
  pebble: Pebble;
  serving: Serving;
  sandboxUrl: string;
  /** The same for pods. */
  podSandboxUrl: string;
  credentials: string;
  account: AwsAccount;
  live: LiveTokens;
  demoLog: string;
}

async function portsOf(): Promise<Guide["ports"]> {
  const [http = 0, https = 0, admin = 0] = await freePorts(3);
  return { http, https, admin };
}

/** The one world in which the steps happen, and how each of them types a command. */
export class Guide {
  readonly host = `${randomUUID()}.cluster.example`;
  readonly issuer = `https://${this.host}`;
  readonly folder: string = mkdtempSync(join(tmpdir(), "podtrust-guide-"));
  readonly closing = new AsyncDisposableStack();
  readonly ports: { readonly http: number; readonly https: number; readonly admin: number };
  readonly #parts: Partial<Parts> = {};

  constructor(ports: Guide["ports"]) {
    this.ports = ports;
    this.closing.defer(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  static async open(): Promise<Guide> {
    return new Guide(await portsOf());
  }

  /** What an earlier step made. */
  the<Name extends keyof Parts>(name: Name): Parts[Name] {
    const part = this.#parts[name];
    if (part === undefined) throw new Error(`no step before this one made ${name}`);
    return part;
  }

  set<Name extends keyof Parts>(name: Name, part: Parts[Name]): void {
    this.#parts[name] = part;
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, text: string): string {
    writeFileSync(this.file(name), text, { mode: 0o600 });
    return this.file(name);
  }

  /** Where the issuer's name leads, in place of public DNS. */
  get connectTo(): readonly ConnectTo[] {
    return [{ host: this.host, port: 443, address: "127.0.0.1", toPort: this.ports.https }];
  }

  /** The flags by which a command finds the issuer, and the sandbox too: curl's --connect-to and a private root. */
  get route(): readonly string[] {
    return ["--connect-to", `${this.host}:443:127.0.0.1:${this.ports.https}`, "--ca", "pebble-root.pem"];
  }

  /** The variables that lead any AWS client to the sandbox, as its administrator. */
  get awsEnvironment(): Readonly<Record<string, string>> {
    return { AWS_ENDPOINT_URL: this.the("sandboxUrl"), AWS_SHARED_CREDENTIALS_FILE: this.the("credentials") };
  }

  /** Runs `podtrust …` in the folder of the config, and fails with its words unless it ends as expected. */
  async podtrust(args: readonly string[], expected = 0): Promise<CliResult> {
    const env = this.#parts.sandboxUrl === undefined ? {} : this.awsEnvironment;
    const result = await podtrustChild(args, { cwd: this.folder, env });
    if (result.code === expected) return result;
    const line = `podtrust ${args.join(" ")}`;
    throw new Error(`${line} ended with ${result.code}, not ${expected}:\n${result.out}${result.err}`);
  }

  /** The options of the demo here: no registry to pull the AWS CLI's image from, and a sandbox for AWS. */
  get demoOptions(): readonly string[] {
    return ["--image", podtrustImage, "--aws-endpoint", this.the("podSandboxUrl"), "--path", "/demo"];
  }

  /** A token of the demo's ServiceAccount. */
  async mint(): Promise<string> {
    return (await this.podtrust(["token", serviceAccount, "-f", "podtrust.yaml", "--raw"])).out.trim();
  }

  /** A fresh token for the publisher into the file that it reads, as the guide's `kubectl create token`. */
  async renewPublisherToken(): Promise<void> {
    const args = ["create", "token", "-n", "podtrust", "podtrust-publisher", "--duration=24h"];
    this.write("token", await this.the("cluster").kubectl(args));
  }

  async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    await until(what, holds, { everyMs: 200, detail: () => this.#parts.serving?.log() ?? "" });
  }
}
