import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../../src/core/base/index.ts";
import { testAuthority } from "../support/certificates.ts";
import { podtrustHere } from "../support/cli.ts";
import { sandboxEnvironment, useEnvironment } from "../support/stack-world.ts";
import { until } from "../support/until.ts";

/** One of each kind that commands a terminal, hides, or turns text around, between words that can be found. */
const poison = `poison\u001B]0;title\u0007\u001B[2J\u009B31m\u007F\u202E\u2066\u200B\u{E0041}\r\b\u0000\uFEFFpoison`;
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
const issuer = "https://oidc.example.test";
const account = "111122223333";
// XML forbids the other controls, and a client's parser may refuse them before they are shown.
const xmlPoison = "poison\u009B31m\u007F\u202E\u200Bpoison";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const key = generateKeyPairSync("ec", { namedCurve: "P-256" });

/** A token whose every text was chosen by the holder of the signing key. */
function poisonedToken(): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, sub: poison, aud: [poison], iat: now, exp: now + 3600, [poison]: poison };
  const input = `${part({ alg: "ES256", kid: poison, typ: poison })}.${part(claims)}`;
  const signature = sign("sha256", Buffer.from(input), { key: key.privateKey, dsaEncoding: "ieee-p1363" });
  return `${input}.${signature.toString("base64url")}`;
}

const json =
  (value: object, status = 200): Answer =>
  (_request, response) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(value));
  };

/** What a lying cluster says on each path; anything else is refused in words of its own. */
const clusterSays: readonly (readonly [RegExp, Answer])[] = [
  [/^\/version/u, json({ major: "1", minor: "33", gitVersion: `v1.33${poison}`, platform: poison })],
  [/selfsubjectreviews/u, json({ status: { userInfo: { username: poison, groups: [poison] } } }, 201)],
  [
    /^\/\.well-known/u,
    json({
      issuer,
      jwks_uri: `${issuer}/openid/v1/jwks`,
      response_types_supported: ["id_token"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["ES256"],
    }),
  ],
  [
    /^\/openid\/v1\/jwks/u,
    json({ keys: [{ ...key.publicKey.export({ format: "jwk" }), kid: poison, alg: "ES256", use: "sig" }] }),
  ],
  [
    /\/token(?:$|\?)/u,
    (request, response) =>
      json(
        { status: { token: poisonedToken(), expirationTimestamp: new Date().toISOString() } },
        request.method === "POST" ? 201 : 405,
      )(request, response),
  ],
  [/\/pods(?:$|\?)/u, json({ items: [{ metadata: { name: poison, annotations: { [poison]: poison } } }] })],
];

const clusterRefuses = json({ kind: "Status", code: 403, reason: poison, message: poison }, 403);

const onCluster: Answer = (request, response) => {
  const answer = clusterSays.find(([path]) => path.test(request.url ?? ""))?.[1] ?? clusterRefuses;
  answer(request, response);
};

/** AWS as an attacker in between would answer: every call refused, in words of their choice. */
const onAws: Answer = (_request, response) => {
  response.writeHead(403, { "content-type": "text/xml", "x-amzn-requestid": "poison" });
  response.end(
    `<ErrorResponse><Error><Type>Sender</Type><Code>Poison</Code><Message>${xmlPoison}</Message></Error><RequestId>r</RequestId></ErrorResponse>`,
  );
};

/** A publisher's control socket of another user. */
const onControl: Answer = json({
  issuers: [
    {
      stack: poison,
      issuer: poison,
      discoveryUrl: poison,
      jwksUri: poison,
      cluster: poison,
      documents: { from: poison, confirmedAt: 0, changedAt: 0, jwksDigest: poison },
      failing: { reason: poison, message: poison, next: poison, since: 0, count: 1 },
      keys: [{ kid: poison, alg: poison, state: poison, firstSeen: 0, lastSeen: 0, promotableAt: 0 }],
      publication: {
        place: poison,
        pending: true,
        failing: { code: poison, message: poison, next: poison, since: 0, count: 1 },
        warnings: [poison],
      },
      warnings: [poison],
      unready: [poison],
    },
  ],
  stack: poison,
  changed: true,
  published: false,
  persisted: false,
  effectiveAt: 0,
});

async function listen(server: Server, at: number | string = 0): Promise<Server> {
  if (typeof at === "number") server.listen(at, "127.0.0.1");
  else server.listen(at);
  await once(server, "listening");
  return server;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

describe("on a terminal, what others say is shown and not sent:", () => {
  let folder = "";
  let env: Record<string, string> = {};
  const servers: Server[] = [];
  const inFolder = (name: string): string => join(folder, name);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-terminal-"));
    const authority = await testAuthority();
    const { certificate, key: tlsKey } = await authority.issue(["127.0.0.1"]);
    const cluster = await listen(createHttpsServer({ cert: certificate, key: tlsKey }, onCluster));
    const aws = await listen(createHttpServer(onAws));
    await mkdir(inFolder("state"), { mode: 0o700 });
    const control = await listen(createHttpServer(onControl), inFolder("state/publisher.sock"));
    servers.push(cluster, aws, control);
    env = {
      ...sandboxEnvironment(`http://127.0.0.1:${portOf(aws)}`, {
        accessKeyId: "AKIAIOSFODNN7EXAMPLE",
        secretAccessKey: "s",
      }),
      AWS_MAX_ATTEMPTS: "1",
      AWS_REGION: "eu-central-1",
      HOME: folder,
      TERM: "xterm",
      NO_COLOR: "1",
    };
    useEnvironment(env);
    const kubeconfig = (user: object): string =>
      // JSON is YAML.
      JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        "current-context": poison,
        contexts: [{ name: poison, context: { cluster: "c", user: "u" } }],
        clusters: [
          {
            name: "c",
            cluster: {
              server: `https://127.0.0.1:${portOf(cluster)}`,
              "certificate-authority-data": Buffer.from(authority.root).toString("base64"),
            },
          },
        ],
        users: [{ name: "u", user }],
      });
    const plugin = inFolder("plugin");
    await writeFile(plugin, `#!/bin/sh\nprintf '%s' "$POISON" >&2\nexit 1\n`);
    await chmod(plugin, 0o700);
    const exec = {
      apiVersion: "client.authentication.k8s.io/v1",
      command: plugin,
      interactiveMode: "Never",
      env: [{ name: "POISON", value: poison.replaceAll("\u0000", "") }],
    };
    await writeFile(inFolder("kubeconfig"), kubeconfig({ token: "t" }), { mode: 0o600 });
    await writeFile(inFolder("plugin.kubeconfig"), kubeconfig({ exec }), { mode: 0o600 });
    await writeFile(inFolder("token"), poisonedToken(), { mode: 0o600 });
    const config = {
      stack: "prod",
      issuer,
      cluster: { kubeconfig: "kubeconfig" },
      publisher: {
        source: { kubeconfig: "kubeconfig" },
        stateDir: "served",
        insecurePlainHttpBehindProxy: { listen: ["127.0.0.1:0"] },
      },
      aws: [{ account, region: "eu-central-1", roles: [{ name: "demo", serviceAccounts: ["a/b"] }] }],
    };
    const s3 = { region: "eu-central-1", bucket: "bucket" };
    const toBucket = { ...config, publisher: { source: { kubeconfig: "kubeconfig" }, s3 } };
    await writeFile(inFolder("podtrust.yaml"), JSON.stringify(config));
    await writeFile(inFolder("s3.yaml"), JSON.stringify(toBucket));
    await writeFile(
      inFolder("bad.yaml"),
      JSON.stringify({ stack: poison, [poison]: poison, issuer: poison }),
    );
    await writeFile(
      inFolder("trust.json"),
      JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: poison, Action: poison, Principal: "*" }],
      }),
    );
  });

  after(async () => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
    await rm(folder, { recursive: true, force: true });
  });

  /** Runs a command with standard output and standard error on one terminal; gives all that reached it. */
  async function onTerminal(args: readonly string[]): Promise<string> {
    let screen = "";
    const stream = { isTTY: true, columns: 80, write: (more: string) => (screen += more) };
    await podtrustHere(args, {
      cwd: folder,
      env,
      clock: systemClock,
      stdin: Object.assign(Readable.from(["y\n"]), { isTTY: true }),
      stdout: stream,
      stderr: stream,
    });
    return screen;
  }

  function check(screen: string): void {
    assert.match(screen, /poison/u, "what others said is on the screen");
    // oxlint-disable-next-line no-control-regex
    assert.doesNotMatch(screen.replaceAll(/\r\u001B\[K|[\n\t]/gu, ""), hidden);
  }

  const role = `arn:aws:iam::${account}:role/demo`;
  const cases: readonly (readonly [what: string, args: readonly string[]])[] = [
    ["a name in the arguments", [poison]],
    ["a value in the arguments", ["token", poison]],
    ["a config's keys and values", ["plan", "-f", "bad.yaml"]],
    ["a config's name", ["plan", "-f", `${poison.replaceAll("\u0000", "")}.yaml`]],
    ["a kubeconfig's contexts", ["token", "a/b", "--kubeconfig", "kubeconfig", "--context", "other"]],
    ["an exec plugin's complaint", ["token", "a/b", "--kubeconfig", "plugin.kubeconfig"]],
    ["the claims of a token", ["token", "a/b", "--kubeconfig", "kubeconfig"]],
    ["the same as JSON", ["token", "a/b", "--kubeconfig", "kubeconfig", "--json"]],
    ["the causes of an error", ["plan", "-f", "bad.yaml", "-v"]],
    ["AWS's refusals of a plan", ["plan"]],
    ["AWS's refusals as JSON", ["plan", "--json"]],
    ["AWS's refusals of an up", ["up", "--yes"]],
    ["AWS's refusals of a down", ["down"]],
    ["AWS's refusals of an import", ["import", "demo"]],
    ["cluster and AWS in status", ["status"]],
    ["cluster and AWS in status as JSON", ["status", "--json"]],
    ["cluster and AWS in test", ["test"]],
    ["the cluster in apply demo", ["apply", "demo", "--service-account", "a/b"]],
    ["the cluster in the removal of the demo", ["apply", "demo", "--service-account", "a/b", "--delete"]],
    ["a token and AWS in explain", ["explain", "--token", "token", "--role", role]],
    [
      "a token and a policy in explain",
      ["explain", "--token", "token", "--role", role, "--trust-policy", "trust.json"],
    ],
    ["a bucket's refusals in publish s3", ["publish", "s3", "-f", "s3.yaml"]],
    ["a publisher's keys in rotate status", ["rotate", "status", "--state", "state"]],
    ["a publisher's keys as JSON", ["rotate", "status", "--state", "state", "--json"]],
    ["a publisher's words in rotate distrust", ["rotate", "distrust", poison, "--state", "state"]],
    ["a ServiceAccount's name in manifests", ["manifests", "workload", poison]],
    ["the cluster in the demo", ["demo", "--kubeconfig", "kubeconfig"]],
    ["a name in sandbox", ["sandbox", "--account", poison]],
    ["a shell's name in completion", ["completion", poison]],
    ["a name in help", ["help", poison]],
    ["AWS's refusals of a job", ["job", "--path", `/${poison}`]],
  ];
  for (const [what, args] of cases) test(what, async () => check(await onTerminal(args)));

  test("kids, issuers and warnings in the log of serve", async () => {
    const ending = new AbortController();
    let screen = "";
    const stream = { isTTY: true, columns: 80, write: (more: string) => (screen += more) };
    const running = podtrustHere(["serve", "-v"], {
      cwd: folder,
      env,
      clock: systemClock,
      stdout: stream,
      stderr: stream,
      signal: ending.signal,
    });
    await until("the poison is on the screen", () => screen.includes("poison"));
    ending.abort();
    await running;
    check(screen);
  });

  test("callers and their actions in the log of sandbox", async () => {
    const ending = new AbortController();
    let screen = "";
    const stream = { isTTY: true, columns: 80, write: (more: string) => (screen += more) };
    const running = podtrustHere(["sandbox", "--port", "0", "--log"], {
      cwd: folder,
      env: { ...env, TMPDIR: folder },
      clock: systemClock,
      stdout: stream,
      stderr: stream,
      signal: ending.signal,
    });
    await until("the address is on the screen", () => screen.includes("http://127.0.0.1:"));
    const [url = ""] = /http:\/\/127\.0\.0\.1:\d+/u.exec(screen) ?? [];
    const body = new URLSearchParams({
      Action: "AssumeRoleWithWebIdentity",
      Version: "2011-06-15",
      RoleArn: `arn:aws:iam::${account}:role/${poison}`,
      RoleSessionName: poison,
      WebIdentityToken: poisonedToken(),
    });
    await (await fetch(url, { method: "POST", body, headers: { "user-agent": "poison\u009B31m" } })).text();
    ending.abort();
    await running;
    check(screen);
  });
});
