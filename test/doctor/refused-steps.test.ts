/** What `podtrust up` refuses, and that no cause sends to it before that is settled. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { TagRoleCommand, UntagOpenIDConnectProviderCommand, UntagRoleCommand } from "@aws-sdk/client-iam";
import { type ErrorCode, systemClock } from "../../src/core/base/index.ts";
import { type ChainFacts, judgeChain } from "../../src/doctor/chain/index.ts";
import type { StatusFinding } from "../../src/doctor/judge/index.ts";
import { openStack } from "../../src/stack/index.ts";
import { chainYaml, demoRole } from "../support/chain-world.ts";
import { account } from "../support/sandbox.ts";
import { providerFaults, type StackFault, trustFaults } from "./chain/aws-faults.ts";
import { recordedFaults } from "./chain/recorded.ts";
import { newStack, type StackWorld } from "./chain/world.ts";

const TagKeys = ["podtrust:stack", "podtrust:format", "podtrust:identity"];

const foreignRole: StackFault = async ({ iam }) => {
  await iam.send(new UntagRoleCommand({ RoleName: demoRole, TagKeys }));
};

const foreignProvider: StackFault = async ({ iam, chain }) => {
  const OpenIDConnectProviderArn = `arn:aws:iam::${account}:oidc-provider/${new URL(chain.issuer.issuer).host}`;
  await iam.send(new UntagOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, TagKeys }));
};

/** The tags of a podtrust that is not written yet. */
const newerRole: StackFault = async ({ iam }) => {
  const Tags = [{ Key: "podtrust:format", Value: "99" }];
  await iam.send(new TagRoleCommand({ RoleName: demoRole, Tags }));
};

/** The same world under another config. */
const withConfig =
  (change: (yaml: string) => string): StackFault =>
  async ({ chain }) => {
    const yaml = chainYaml(chain.issuer.issuer, `${chain.folder}/kubeconfig`);
    return { config: await chain.configOf(change(yaml)) };
  };

const withPath = withConfig((yaml) => `${yaml}        path: /team/\n`);
const otherIssuer = withConfig((yaml) =>
  yaml.replace(/^issuer: .*$/mu, "issuer: https://other.example.test"),
);

/** A situation in which `up` refuses, and the faults that are found in it. */
const situations: readonly (readonly [string, StackFault, ErrorCode, readonly StackFault[]])[] = [
  ["a role that is somebody else's", foreignRole, "plan-name-taken", Object.values(trustFaults)],
  ["a role of a newer podtrust", newerRole, "plan-name-taken", [trustFaults.TrustSubjectCase]],
  [
    "a provider that is somebody else's",
    foreignProvider,
    "plan-name-taken",
    [providerFaults.ClientIdTypo, trustFaults.TrustAudienceDiffers],
  ],
  ["a role under another path", withPath, "aws-role-path", [providerFaults.ClientIdTypo]],
  ["a cluster that signs for another issuer", otherIssuer, "issuer-mismatch", [async () => {}]],
];

type Options = Parameters<StackWorld["gather"]>[0];

/** What `up` refuses of a world, whether `import` would take over what is not its own, and what doctor says. */
async function seenIn(world: StackWorld, options: Options = {}) {
  const { config, route, open } = world.chain;
  const { signal } = new AbortController();
  const opened = { config, env: {}, clock: systemClock, signal, route, open, ...options };
  const stack = await openStack(opened);
  try {
    const refused = (await stack.plan()).plan.refusals.map(({ code }) => code);
    const { refusals } = (await stack.plan({ adopt: true })).plan;
    const { findings } = judgeChain(await world.gather(options));
    return { refused, isTakenOver: !refusals.some(({ code }) => code === "plan-name-taken"), findings };
  } finally {
    stack.close();
  }
}

describe("where podtrust up refuses", () => {
  for (const [name, situation, code, faults] of situations)
    test(`for ${name}, each cause that it would mend names first what it refuses for`, async () => {
      let named = 0;
      for (const fault of faults) {
        await using world = await newStack();
        const broken = (await fault(world)) ?? {};
        const options = { ...broken, ...(await situation(world)) };
        const { refused, isTakenOver, findings } = await seenIn(world, options);
        assert.ok(refused.includes(code), refused.join(", "));
        const sent = findings.filter(({ next }) => /\bpodtrust up\b/u.test(next));
        for (const { next } of sent) assert.match(next, /Before that podtrust up changes nothing\./u);
        if (!isTakenOver) for (const { next } of findings) assert.doesNotMatch(next, /podtrust import/u);
        named += sent.length;
      }
      assert.ok(named > 0, "no cause sends to podtrust up here");
    });

  /** What `status` says where `up` refuses, as it stands in facts. */
  const blockers: readonly StatusFinding[] = [
    { link: "cluster", reason: "IssuerMismatch", outcome: "broken" },
    { link: "provider", reason: "NotOwned", outcome: "warning" },
    { link: "provider", reason: "CredentialsMissing", outcome: "unseen" },
    { link: "provider", reason: "AccountMismatch", outcome: "unseen" },
    { link: "trust", reason: "ClosedAfterTheft", outcome: "broken" },
    { link: "trust", reason: "RolePathDiffers", outcome: "broken" },
    { link: "trust", reason: "TrustPolicyNotKept", outcome: "broken" },
  ].map((one) => ({ ...one, seen: "seen", next: "Do that." }) as StatusFinding);

  for (const blocker of blockers)
    test(`by ${blocker.reason}, no cause of the whole table sends to it before that is settled`, () => {
      let sent = 0;
      for (const { facts } of recordedFaults()) {
        const blocked: ChainFacts = { ...facts, status: [...facts.status, blocker] };
        for (const { next, reason } of judgeChain(blocked).findings)
          if (/\bpodtrust up\b/u.test(next)) {
            sent += 1;
            assert.match(next, /. Before that podtrust up changes nothing\. Then: ./u, reason);
          }
      }
      assert.ok(sent > 10, `${sent} causes`);
    });
});
