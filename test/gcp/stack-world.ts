import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRecord, recordOf } from "../../src/core/base/index.ts";
import type { Host } from "../../src/cli/index.ts";
import { type StandInCluster, startStandInCluster } from "../../src/sandbox/index.ts";
import { type CliResult, podtrustHere } from "../support/cli.ts";
import { type GoogleModel, startGoogleModel } from "../support/google-model.ts";
import type { Shown } from "../support/stack-world.ts";
import { SwiftClock } from "../support/swift-clock.ts";
import { email, projectNumber } from "./google-world.ts";

/** A config of one project, with one service account; `more`: of the section, `head`: of the config. */
export const configWith = (more = "", accounts = "[shop/web]", head = ""): string => `
stack: prod
identity: 3f2a91bc
issuer: https://oidc.example.com
cluster: {kubeconfig: kubeconfig}
${head}
gcp:
  - project: shop-project
    projectNumber: "${projectNumber}"
    serviceAccounts:
      - email: ${email}
        serviceAccounts: ${accounts}
${more.replaceAll(/^/gmu, "    ")}
`;

/** A stand-in for Google, a cluster, a folder with a config of both, and the command line. */
export interface GoogleStackWorld {
  readonly google: GoogleModel;
  readonly folder: string;
  /** The variables of a shell with a person's login. */
  readonly env: Readonly<Record<string, string>>;
  readonly cluster: StandInCluster;
  /** Keys of the cluster, by kid, in order. */
  readonly kids: () => readonly string[];
  /** Keys that Google has, by kid, in order. */
  readonly uploaded: () => readonly string[];
  config(text: string): Promise<void>;
  podtrust(...args: readonly string[]): Promise<CliResult>;
  /** The same on another host. */
  podtrustOn(host: Partial<Host>, args: readonly string[]): Promise<CliResult>;
  json(...args: readonly string[]): Promise<Shown>;
  planned(...args: readonly string[]): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Starts it; `endpoint`: Google's IAM in place of the stand-in's. */
export async function googleStackWorld(endpoint?: string): Promise<GoogleStackWorld> {
  const google = await startGoogleModel();
  const cluster = await startStandInCluster({ issuer: "https://oidc.example.com" });
  const folder = await mkdtemp(join(tmpdir(), "podtrust-gcp-stack-"));
  google.iam.addAccount(email);
  await writeFile(join(folder, "kubeconfig"), cluster.kubeconfig());
  await writeFile(join(folder, "credentials.json"), JSON.stringify(google.credentials()));
  const config = (text: string): Promise<void> => writeFile(join(folder, "podtrust.yaml"), text);
  await config(configWith());
  const clock = new SwiftClock();
  const env = {
    GOOGLE_APPLICATION_CREDENTIALS: join(folder, "credentials.json"),
    CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM: endpoint ?? google.url,
  };
  const podtrustOn: GoogleStackWorld["podtrustOn"] = (host, args) =>
    podtrustHere(args, { cwd: folder, clock, env, ...host });
  const podtrust = (...args: readonly string[]): Promise<CliResult> => podtrustOn({}, args);
  const json = async (...args: readonly string[]): Promise<Shown> => {
    const { out, err } = await podtrust(...args, "--json");
    const value: unknown = JSON.parse(out);
    assert.ok(isRecord(value), err);
    return value as unknown as Shown;
  };
  return {
    google,
    folder,
    env,
    config,
    podtrust,
    podtrustOn,
    json,
    cluster,
    kids: () =>
      cluster.keys
        .list()
        .map(({ kid }) => kid)
        .sort(),
    uploaded() {
      const oidc = recordOf(google.iam.provider("prod", "prod")?.fields["oidc"]);
      const { keys } = JSON.parse(String(oidc["jwksJson"])) as { keys: { kid: string }[] };
      return keys.map(({ kid }) => kid).sort();
    },
    async planned(...args) {
      const { changes } = await json("plan", ...args);
      return changes
        .filter(({ kind }) => kind !== "none")
        .map(({ id, kind }) => `${kind} ${id.replace(`gcp/${projectNumber}/`, "")}`);
    },
    async close() {
      await cluster.close();
      await google.close();
      await rm(folder, { recursive: true });
    },
  };
}
