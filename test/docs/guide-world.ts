import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { GetRoleCommand, IAMClient, ListRolesCommand } from "@aws-sdk/client-iam";
import { parse } from "yaml";
import { systemClock } from "../../src/core/base/index.ts";
import { openKubernetes } from "../../src/providers/kubernetes/index.ts";
import {
  startSandbox,
  startStandInCloudflare,
  startStandInCluster,
  startStandInHetzner,
} from "../../src/sandbox/index.ts";
import { testAuthority } from "../support/certificates.ts";
import { type CliResult, podtrustHere } from "../support/cli.ts";
import { startIssuer } from "../support/issuer-server.ts";
import { account } from "../support/sandbox.ts";
import { startGoogleModel } from "../support/google-model.ts";
import { startStrictRoute53 } from "../support/strict-route53.ts";
import { sandboxEnvironment, typed, useEnvironment } from "../support/stack-world.ts";
import { type ShellCommand, understand } from "./pages.ts";
import { freePort } from "../support/free-port.ts";
import { until } from "../support/until.ts";

/** The name that all pages use. */
const host = "oidc.example.com";

/**
 * What a reader of the pages has: a cluster (the stand-in), an account (the sandbox), zones at Cloudflare and Route 53
 * (stand-ins), an issuer's name that leads to
 * this machine, a shell in an empty folder, and a `y` for every question.
 */
export interface GuideWorld {
  /** Writes the page's config. */
  config(text: string): Promise<void>;
  /** Runs one command of a page as its reader would; undefined where it is another program that changes nothing. */
  run(command: ShellCommand): Promise<CliResult | undefined>;
  /** Names of the account's roles. */
  roles(): Promise<readonly string[]>;
}

const authority = await testAuthority();

/** `hasRotated`: whether the cluster has an older key beside the one that signs, which is KID. */
export async function guideWorld(t: TestContext, { hasRotated = true } = {}): Promise<GuideWorld> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-guide-"));
  const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);
  const port = await freePort();
  const cluster = await startStandInCluster({ issuer: `https://${host}` });
  // The first key was rotated away, for those who distrust one.
  const oldKid = cluster.keys.list()[0]?.kid ?? "";
  if (hasRotated) cluster.keys.promote((await cluster.keys.create()).kid);
  const connectTo = [{ host, port: 443, address: "127.0.0.1", toPort: port }];
  const sandbox = await startSandbox({ account, ca: authority.root, connectTo, propagationMs: 0 });
  const delays = { action: 20, firewall: 20, release: 20 };
  const hetzner = await startStandInHetzner({ mischief: "off", delays });
  const google = await startGoogleModel();
  google.iam.addAccount("shop-web@my-project.iam.gserviceaccount.com");
  const iam = new IAMClient({ region: "eu-central-1", endpoint: sandbox.url, credentials: sandbox.admin });
  const cloudflare = await startStandInCloudflare({ mischief: "off" });
  const route53 = await startStrictRoute53();
  // The services that say who asks them, where a config names nobody who may log in to its machine.
  const callerServices = ["checkip.amazonaws.com", "ipv6.icanhazip.com"];
  const caller = await startIssuer(authority, { certificateNames: callerServices });
  caller.pages.set("/", { body: "198.51.100.7\n" });
  const rules = [
    `${host}:443:127.0.0.1:${port}`,
    ...callerServices.map((name) => `${name}:443:127.0.0.1:${caller.connectTo[0]?.toPort}`),
  ];
  let ownSandbox = "";
  const ending = new AbortController();
  const lastingOnes: Promise<CliResult>[] = [];
  t.after(async () => {
    ending.abort();
    await Promise.all(lastingOnes);
    iam.destroy();
    await sandbox.close();
    await cloudflare.close();
    await route53.close();
    await hetzner.close();
    await google.close();
    await caller.close();
    await cluster.close();
    await rm(folder, { recursive: true });
  });

  const tls = await authority.issue([host]);
  await mkdir(join(folder, ".kube"));
  await write(".kube/config", cluster.kubeconfig());
  await write("publisher.kubeconfig", cluster.kubeconfig("publisher"));
  await write("tls.crt", tls.certificate);
  await write("tls.key", tls.key);
  await write("google.json", JSON.stringify(google.credentials()));
  await write("hetzner.token", hetzner.tokens.readWrite);
  for (const name of ["root.pem", "private-root.pem"]) await write(name, authority.root);
  for (const namespace of ["default", "aws-test", "shop"]) {
    for (const name of ["default", "demo-service-account", "web"]) cluster.addServiceAccount(namespace, name);
  }
  const api = await openKubernetes({ kubeconfig: join(folder, ".kube/config") }, { clock: systemClock });
  const env: Record<string, string> = {
    HOME: folder,
    PWD: folder,
    XDG_STATE_HOME: join(folder, "state"),
    HCLOUD_ENDPOINT: hetzner.url,
    HCLOUD_TOKEN: hetzner.tokens.readWrite,
    ...sandboxEnvironment(sandbox.url, sandbox.admin),
    AWS_ENDPOINT_URL_ROUTE_53: route53.url,
    CLOUDFLARE_BASE_URL: cloudflare.url,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM: google.url,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_STS: google.url,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS: google.url,
    GOOGLE_APPLICATION_CREDENTIALS: join(folder, "google.json"),
  };

  /** The page's config with what a test cannot have: port 443, a public CA, and the publisher's token in /etc. */
  async function servedConfig(): Promise<void> {
    const { stack, issuer } = parse(await readFile(join(folder, "podtrust.yaml"), "utf8")) as {
      stack: string;
      issuer: string;
    };
    const https = { listen: [`127.0.0.1:${port}`], certificateFile: "tls.crt", keyFile: "tls.key" };
    const source = { kubeconfig: "publisher.kubeconfig" };
    const publisher = { source, https, admin: "127.0.0.1:0", pollInterval: "1s", cacheControl: "max-age=1" };
    await write("served.yaml", JSON.stringify({ stack, issuer, publisher }));
  }

  async function stay(args: readonly string[], there: RegExp): Promise<CliResult> {
    let said = "";
    const stream = { write: (text: string) => (said += text) };
    const shared = { cwd: folder, env, clock: systemClock, signal: ending.signal };
    const running = podtrustHere(args, { ...shared, stdout: stream, stderr: stream });
    lastingOnes.push(running);
    let ended = false;
    void running.finally(() => (ended = true)).catch(() => {});
    await until(`podtrust ${args.join(" ")} says ${String(there)}`, () => {
      if (ended && !there.test(said)) throw new Error(`podtrust ${args.join(" ")} ended:\n${said}`);
      return there.test(said);
    });
    return { code: 0, out: said, err: "" };
  }

  async function serve(): Promise<CliResult> {
    await servedConfig();
    const root = process.getuid?.() === 0 ? ["--insecure-run-as-root"] : [];
    return stay(["serve", "-f", "served.yaml", ...root], /every stack is published/u);
  }

  async function startOwnSandbox(args: readonly string[]): Promise<CliResult> {
    const result = await stay([...args, "--port", "0", "--front-port", "0"], /Ctrl-C ends it/u);
    ownSandbox = /AWS_ENDPOINT_URL=(\S+)/u.exec(result.out)?.[1] ?? "";
    return result;
  }

  async function podtrust(args: readonly string[], quiet: boolean): Promise<CliResult> {
    const { name, options } = await understand(args);
    if (name === "serve") return serve();
    if (name === "sandbox") return startOwnSandbox(args);
    const own = name === "sandbox env" ? ["--url", ownSandbox] : [];
    // A bundle is judged without asking anybody.
    const asks = !args.includes("--offline");
    const route =
      asks && options.includes("--connect-to") ? rules.flatMap((rule) => ["--connect-to", rule]) : [];
    const ca = asks && options.includes("--ca") && !args.includes("--ca") ? ["--ca", "root.pem"] : [];
    useEnvironment(Object.fromEntries(Object.entries(env).filter(([key]) => key.startsWith("AWS_"))));
    const shared = { cwd: folder, env, clock: systemClock, signal: ending.signal };
    const all = [...args, ...own, ...route, ...ca];
    if (quiet) return podtrustHere(all, shared);
    const { said, ...screen } = typed("y\n");
    const { code } = await podtrustHere(all, { ...shared, ...screen });
    return { code, ...said };
  }

  /** What the other programs of the pages would give a podtrust that comes after them. */
  const others: readonly (readonly [RegExp, (words: readonly string[]) => Promise<string>])[] = [
    [
      /^kubectl create token /u,
      async () =>
        (await api.requestToken("default", "default", { audiences: [host], expirationSeconds: 3600 })).token,
    ],
    [/^kubectl get configmap kube-root-ca\.crt /u, () => Promise.resolve(cluster.ca)],
    // Behind kubectl config view, which gives it the same.
    [/^base64 -d$/u, () => Promise.resolve(cluster.ca)],
    [/^kubectl get --raw /u, async (words) => (await api.get(words.at(-1) ?? "")).body.toString("utf8")],
    [
      /^aws iam get-role /u,
      async (words) => {
        const { Role } = await iam.send(
          new GetRoleCommand({ RoleName: words[words.indexOf("--role-name") + 1] }),
        );
        return decodeURIComponent(Role?.AssumeRolePolicyDocument ?? "");
      },
    ],
  ];

  async function other({ words, into }: ShellCommand): Promise<undefined> {
    const line = words.join(" ");
    const [, give] = others.find(([pattern]) => pattern.test(line)) ?? [];
    if (into !== undefined) await write(into, (await give?.(words)) ?? "");
  }

  async function exportAll(words: readonly string[]): Promise<void> {
    for (const word of words) {
      const [name = "", said = ""] = word.split("=");
      const file = /^\$\(cat (\S+)\)$/u.exec(said)?.[1];
      const value = file === undefined ? said : await readFile(join(folder, file), "utf8");
      if (name === "CLOUDFLARE_API_TOKEN") env[name] = cloudflare.tokens.edit;
      else if (name === "HCLOUD_TOKEN") env[name] = hetzner.tokens.readWrite;
      else env[name] = name.startsWith("AWS_ENDPOINT_URL") ? ownSandbox : value.replace("$PWD", folder);
    }
  }

  return {
    async roles() {
      const { Roles = [] } = await iam.send(new ListRolesCommand({}));
      return Roles.map(({ RoleName = "" }) => RoleName);
    },
    config: (text) => write("podtrust.yaml", text),
    async run(command) {
      const [program = "", ...args] = command.words;
      if (program === "export") await exportAll(args);
      if (program !== "podtrust") return other(command);
      const words = args.map((word) => (word === "KID" ? oldKid : word));
      const result = await podtrust(words, command.into !== undefined || command.end === "|");
      if (command.into !== undefined) await write(command.into, result.out);
      return result;
    },
  };
}
