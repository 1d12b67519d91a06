/**
 * The first session with a cluster of one's own, on a terminal of 80 columns: real Kubernetes, real pod, and the sandbox
 * in place of AWS. What is shown stands in docs/tutorial/first-session.md; PODTRUST_WRITE_SESSION=yes writes it anew.
 */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { openAws, putParameter } from "../../src/providers/aws/index.ts";
import { shellWord } from "../../src/core/base/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { podtrustScript } from "../support/cli.ts";
import { assertFits, screenLines } from "../support/narrow.ts";
import { onTerminal } from "../support/pty.ts";
import { type Cluster, podsLeftOut, podtrustImage } from "./harness/index.ts";
import { type ClusterWithAws, startClusterWithAws } from "./pods/cluster-with-aws.ts";
import type { PublishedIssuer } from "./pods/published-issuer.ts";

const host = "oidc.example.com";
const issuer = `https://${host}`;
const page = "docs/tutorial/first-session.md";
const commands = [
  "podtrust init --yes --stack prod --publisher none --service-account default/demo-service-account",
  "podtrust plan",
  "podtrust up --yes",
  "podtrust apply demo --path /demo",
  "podtrust status",
];

/** What is another in each run: random, or a time. A line may end within it. */
const varying: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{40}\b/gu, "8f43288ad272f3103b6fb1428485ea3014c0bcfe"],
  // A key ID, being base64url, may begin and end with a hyphen.
  [
    /(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Z])[\w-]{43}(?![\w-])/gu,
    "hNRpgBiHkmT4H0ACzJKdgW1Ne0S7hfPYnrNwZvm4TXk",
  ],
  [/\b(in|for)(\s+)\d+(\s+)(?:second|minute|hour|day)s?\b/gu, "$1$259$3minutes"],
  [/\b(made|read|asked|minted|listed|answered|fetched)(\s+)(?:now|\d+\s+seconds?\s+ago)/gu, "$1$2now"],
  [/\b\d+(?:\.\d+)? ms\b/gu, "8 ms"],
  [/127\.0\.0\.1:\d+/gu, "127.0.0.1:6443"],
  [/\buntil(\s+)\d{4}-\d\d-\d\d\b/gu, "until$12026-11-27"],
  [/demo-app-[a-z0-9]{5}\b/gu, "demo-app-x7k2p"],
  [/(tags\.podtrust:identity\s+)"?[0-9a-f]{8}"?/gu, "$13f2a91bc"],
];

/** Times that are longer by a digit end a line elsewhere. */
const flowing = (text: string): string => text.replaceAll(/\s+/gu, " ");

describe("the first session", { skip: podsLeftOut() }, () => {
  let world: ClusterWithAws;
  let folder: string;
  let cluster: Cluster;
  let published: PublishedIssuer;
  let sandbox: Sandbox;

  before(async () => {
    world = await startClusterWithAws(issuer, { podAddresses: "their own" });
    ({ folder, cluster, published, sandbox } = world);
    const session = openAws({
      region: "eu-central-1",
      endpoint: sandbox.url,
      credentials: sandbox.admin,
    });
    await putParameter(session, { name: "/demo/greeting", value: "hello" });
    session.close();
    const podEndpoint = await world.podEndpoint();
    mkdirSync(join(folder, "bin"));
    mkdirSync(join(folder, "work"));
    writeFileSync(join(folder, "root.pem"), published.ca);
    // What stands in for public DNS, public roots and AWS is no part of what somebody types.
    const route = `--connect-to ${host}:443:127.0.0.1:${published.connectTo[0]?.toPort} --ca ${shellWord(join(folder, "root.pem"))}`;
    const demo = `--image ${podtrustImage} --aws-endpoint ${podEndpoint}`;
    const script = [
      "#!/bin/sh",
      `run() {\n${podtrustScript}\n}`,
      'case "$1" in',
      '  init) run "$@" ;;',
      `  apply) run "$@" ${route} ${demo} ;;`,
      `  *) run "$@" ${route} ;;`,
      "esac",
    ];
    writeFileSync(join(folder, "bin", "podtrust"), `${script.join("\n")}\n`);
    chmodSync(join(folder, "bin", "podtrust"), 0o755);
  });

  after(async () => {
    await world?.stop();
  });

  async function shown(line: string): Promise<string> {
    const { code, text } = await onTerminal(line, {
      columns: 80,
      cwd: join(folder, "work"),
      bin: join(folder, "bin"),
      env: {
        KUBECONFIG: cluster.adminKubeconfig,
        AWS_ENDPOINT_URL: sandbox.url,
        AWS_ACCESS_KEY_ID: sandbox.admin.accessKeyId,
        AWS_SECRET_ACCESS_KEY: sandbox.admin.secretAccessKey,
        AWS_REGION: "eu-central-1",
        AWS_EC2_METADATA_DISABLED: "true",
        NODE_NO_WARNINGS: "1",
      },
    });
    assert.equal(code, 0, `${line}\n${text}`);
    assertFits(text, 80);
    const said = screenLines(text).join("\n").replaceAll(folder, "/home/you").trimEnd();
    return varying.reduce((now, [form, usual]) => now.replaceAll(form, usual), said);
  }

  test("from init to status is what its page of the guide shows", async () => {
    const reported: string[] = [];
    for (const line of commands) reported.push(`$ ${line}\n${await shown(line)}`);
    const session = `\`\`\`console\n${reported.join("\n\n")}\n\`\`\``;
    const text = readFileSync(page, "utf8");
    const [standing = ""] = /```console\n[^]*?\n```/u.exec(text) ?? [];
    if (process.env["PODTRUST_WRITE_SESSION"] === "yes")
      writeFileSync(
        page,
        text.replace(standing, () => session),
      );
    else assert.equal(flowing(session), flowing(standing));
  });
});
