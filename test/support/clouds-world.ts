import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { azureStackWorld } from "../azure/stack-world.ts";
import { startStandInGoogle } from "../../src/sandbox/gcp.ts";
import { systemClock } from "../../src/core/base/index.ts";
import type { IssuerRoute } from "../../src/issuer/index.ts";
import { testAuthority } from "./certificates.ts";
import { chainYaml, demoAccount, startChainWorld } from "./chain-world.ts";
import { type CliResult, podtrustHere } from "./cli.ts";
import { type IssuerServer, startIssuer } from "./issuer-server.ts";
import { sandboxEnvironment, useEnvironment } from "./stack-world.ts";

/** The addresses of one vendor, by the variables that lead to them; none is a credential. */
type Addresses = Readonly<Record<string, string>>;

/** One stack at AWS, Google and Azure that `up` made, and the command line. */
export interface CloudsWorld {
  /** What podtrust alone reads: the vendors read the same documents elsewhere. */
  readonly issuer: IssuerServer;
  /** The way to it. */
  readonly route: IssuerRoute;
  /** The stand-in cluster's port on this machine. */
  readonly clusterPort: number;
  /** Runs `podtrust ARGS --json` on the config, with the way to the issuer, and the clouds' credentials or without them. */
  run(args: readonly string[], credentials: "given" | "none"): Promise<CliResult>;
  /** Writes the config again, with more behind it or a kubeconfig of another name. */
  config(changes: { readonly more?: string; readonly kubeconfig?: string }): Promise<void>;
  close(): Promise<void>;
}

export interface CloudsWorldOptions {
  /** The addresses under which podtrust is to reach a vendor, in place of its own. */
  readonly through?: (vendor: "aws" | "gcp" | "azure", addresses: Addresses) => Promise<Addresses>;
}

const authority = await testAuthority();
const overrides = ["IAM", "STS", "IAMCREDENTIALS"].map((api) => `CLOUDSDK_API_ENDPOINT_OVERRIDES_${api}`);

/** Starts it all, and runs `up`. The process's AWS variables are those of its last run. */
export async function cloudsWorld({
  through = (_vendor, addresses) => Promise.resolve(addresses),
}: CloudsWorldOptions = {}): Promise<CloudsWorld> {
  const chain = await startChainWorld(systemClock);
  const issuer = await startIssuer(authority);
  for (const [path, page] of chain.issuer.pages) issuer.pages.set(path, page);
  const google = await startStandInGoogle({ delays: { grant: 0, revoke: 0, upload: 0 } });
  google.seed({ serviceAccounts: [{ id: "shop-web" }] });
  const { connectTo } = chain.issuer;
  const azure = await azureStackWorld({ issuer: issuer.issuer, connectTo, ca: chain.route.ca ?? "" });
  const { folder } = chain;
  const parties = `gcp:
  - project: podtrust-sandbox
    projectNumber: "123456789012"
    keys: upload
    serviceAccounts:
      - {email: shop-web@podtrust-sandbox.iam.gserviceaccount.com, serviceAccounts: [${demoAccount}]}
azure:
  - tenant: ${azure.azure.tenant}
    subscription: ${azure.azure.subscription}
    resourceGroup: podtrust
    identities: [{name: web, serviceAccounts: [${demoAccount}]}]
`;
  const config: CloudsWorld["config"] = ({ more = "", kubeconfig = "kubeconfig" }) =>
    writeFile(chain.file, chainYaml(issuer.issuer, join(folder, kubeconfig)) + parties + more);
  await config({});
  const ofGoogle = Object.fromEntries(overrides.map((name) => [name, google.url]));
  const [atAws, atGoogle, atAzure] = await Promise.all([
    through("aws", { AWS_ENDPOINT_URL: chain.sandbox.url }),
    through("gcp", ofGoogle),
    through("azure", azure.relay.environment),
  ]);
  const login = JSON.stringify(google.adminFile).replaceAll(google.url, atGoogle[overrides[0] ?? ""] ?? "");
  await writeFile(join(folder, "google.json"), login);
  await writeFile(join(folder, "own-root.pem"), authority.root);
  const route = ["--connect-to", `${issuer.host}:443:127.0.0.1:${issuer.connectTo[0]?.toPort}`];

  const run: CloudsWorld["run"] = (args, credentials) => {
    const isGiven = credentials === "given";
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...nobody } = sandboxEnvironment(
      atAws["AWS_ENDPOINT_URL"] ?? "",
      chain.sandbox.admin,
    );
    useEnvironment({ ...nobody, ...(isGiven ? { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } : {}) });
    const given = { ...azure.env, GOOGLE_APPLICATION_CREDENTIALS: join(folder, "google.json") };
    return podtrustHere([...args, "--json", ...route, "--ca", "own-root.pem"], {
      cwd: folder,
      clock: systemClock,
      env: { HOME: folder, ...(isGiven ? given : {}), ...atGoogle, ...atAzure },
    });
  };
  const made = await run(["up", "--yes"], "given");
  if (made.code !== 0) throw new Error(`up ended with ${String(made.code)}: ${made.out}${made.err}`);
  return {
    issuer,
    route: { connectTo: issuer.connectTo, ca: authority.root },
    clusterPort: Number(new URL(chain.cluster.url).port),
    run,
    config,
    async close() {
      useEnvironment({});
      await azure.close();
      await google.close();
      await issuer.close();
      await chain.close();
    },
  };
}
