/**
 * Whatever JSON a caller gives in place of an option, it works, or what comes out is a SandboxError that is no defect of the
 * sandbox. Misspelt names are refused: they would be defaults that nobody asked for.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type StandInAzureOptions, startStandInAzure } from "../../src/sandbox/azure.ts";
import { type StandInGoogleOptions, startStandInGoogle } from "../../src/sandbox/gcp.ts";
import {
  type ClusterProcessOptions,
  type SandboxOptions,
  SandboxUsageError,
  type SandboxProcessOptions,
  startAuthority,
  startAuthorityProcess,
  startSandbox,
  startSandboxProcess,
  startStandInCloudflare,
  type StandInCaOptions,
  type StandInCloudflareOptions,
  startStandInClouds,
  type StandInCloudsOptions,
  startStandInCluster,
  startStandInClusterProcess,
  type StandInClusterOptions,
  startStandInHetzner,
  type StandInHetznerOptions,
} from "../../src/sandbox/index.ts";
import { runs } from "../support/runs.ts";
import { type Act, checkAll, errorOf } from "../support/wrong-values.ts";

const tries = { numRuns: runs(8) };
// A text would be looked up by DNS, or a file would be written at it.
const noText = (value: unknown): boolean => typeof value !== "string" || value === "" || value.includes("\0");
const placed = new Set(["listen", "stateDir", "adminCredentials", "frontFolder", "folder"]);
const issuer = "https://oidc.example.test";

/** Where a member stands: `gcp.port`, `zones.0.name`. */
function withMember(base: object, at: string, value: unknown): object {
  const [name = "", ...rest] = at.split(".");
  if (rest.length === 0) return { ...base, [name]: value };
  const inner: unknown = Reflect.get(base, name) ?? (rest[0] === "0" ? [] : {});
  const changed = withMember(inner as object, rest.join("."), value);
  return { ...base, [name]: rest[0] === "0" ? Object.values(changed) : changed };
}

interface Door {
  readonly name: string;
  readonly start: Act;
  readonly base: object;
  readonly members: readonly string[];
}

/** A door whose options have these members; the compiler asks for each. */
function door<Options extends object>(
  start: (options: Options) => unknown,
  base: Options,
  members: Record<keyof Options, readonly string[]>,
): Door {
  const names = Object.entries<readonly string[]>(members).flatMap(([name, inner]) => [
    name,
    ...inner.map((one) => `${name}.${one}`),
  ]);
  return { name: start.name, start: start as Act, base, members: names };
}

const none: readonly string[] = [];
const chance = ["rate", "seed", "kinds", "kinds.0"];
const route = ["0", "0.host", "0.port", "0.address", "0.toPort"];
const gcp = {
  port: none,
  project: none,
  projectNumber: none,
  delays: ["grant", "revoke", "upload"],
  unknowns: ["checkOrder", "issuerCache", "newKey", "operation"],
};
const azure = {
  tenant: none,
  subscription: none,
  resourceGroups: ["0"],
  cloud: none,
  propagationMs: none,
  newIssuerMs: none,
  issuerCacheMs: none,
  writeMs: none,
  resources: ["0"],
};
const innerOf = (members: Readonly<Record<string, readonly string[]>>): readonly string[] =>
  Object.entries(members).flatMap(([name, inner]) => [name, ...inner.map((one) => `${name}.${one}`)]);
const common = { clock: none, logger: none };
const foreign = { connectTo: route, ca: none };

const sandboxOf = {
  ...foreign,
  listen: none,
  port: none,
  account: none,
  stateDir: none,
  adminCredentials: none,
  propagationMs: none,
  messageProfile: none,
  issuerCache: none,
  iamRateLimit: ["perSecond", "burst"],
  issuerUrl: none,
  controlToken: none,
  controlFromAnywhere: none,
  gcp: innerOf(gcp),
  azure: innerOf(azure),
  frontPort: none,
  frontFolder: none,
};
const clusterOf = {
  issuer: none,
  jwksUri: none,
  port: none,
  algorithm: none,
  maxTokenSeconds: none,
  anonymousAuth: none,
};
const authorityOf = {
  connectTo: route,
  resolveTxt: none,
  port: none,
  foundAt: none,
  certificateSeconds: none,
  rejectNonceEvery: none,
  issuesLater: none,
  externalAccounts: ["kid"],
};

const doors: readonly Door[] = [
  door<SandboxOptions>(startSandbox, {}, { ...sandboxOf, ...common, tables: none, onDecision: none }),
  door<StandInClusterOptions>(
    startStandInCluster,
    { issuer, algorithm: "ES256" },
    { ...clusterOf, ...common },
  ),
  door<StandInCaOptions>(startAuthority, {}, { ...authorityOf, ...common }),
  door<StandInHetznerOptions>(
    startStandInHetzner,
    { zones: [{ name: "example.com" }], mischief: { rate: 0, seed: 1 } },
    {
      ...common,
      port: none,
      delays: ["action", "firewall", "release"],
      variants: ["readOnlyRefusal", "freeAssigneeType", "invalidInputDetails"],
      mischief: chance,
      lag: none,
      requestsPerHour: none,
      machines: none,
      zones: ["0", "0.name", "0.mode", "0.delegation"],
    },
  ),
  door<StandInCloudflareOptions>(
    startStandInCloudflare,
    { zones: [{ name: "example.com" }], mischief: { rate: 0, seed: 1 } },
    {
      ...common,
      port: none,
      tls: ["cert", "key"],
      zones: ["0", "0.name", "0.plan", "0.status", "0.paused", "0.type"],
      variants: ["validationErrors", "unknownZone", "emptyComment"],
      mischief: chance,
      lag: none,
      requestsPerFiveMinutes: none,
    },
  ),
  door<StandInCloudsOptions>(
    startStandInClouds,
    {},
    {
      ...common,
      zones: ["0"],
      mischief: none,
      lag: none,
      variants: ["hetzner.readOnlyRefusal"],
      machines: none,
    },
  ),
  door<StandInGoogleOptions>(
    startStandInGoogle,
    {},
    { ...gcp, ...common, ...foreign, listen: none, onDecision: none },
  ),
  door<StandInAzureOptions>(
    startStandInAzure,
    {},
    { ...azure, ...common, ...foreign, port: none, folder: none },
  ),
];

/** Doors of processes: what they refuse, they refuse before there is one. */
const processes: readonly Door[] = [
  door<SandboxProcessOptions>(startSandboxProcess, {}, sandboxOf),
  door<ClusterProcessOptions>(startStandInClusterProcess, { issuer }, clusterOf),
  door<Omit<StandInCaOptions, "clock" | "logger">>(startAuthorityProcess, {}, authorityOf),
];

describe("options that cannot be", () => {
  for (const { name, start, base, members } of doors)
    test(`${name} refuses them by a SandboxError that is not internal, or works`, async () => {
      await checkAll(name, start, tries);
      for (const at of members) {
        const last = at.split(".").at(-1) ?? "";
        const takes = placed.has(last) ? noText : () => true;
        await checkAll(`${name}: ${at}`, (value) => start(withMember(base, at, value)), tries, takes);
      }
    });

  for (const { name, start, base, members } of [...doors, ...processes])
    test(`${name} refuses no object, and a name that it does not have, and says the nearest`, async () => {
      for (const options of [null, "x", 1, []])
        await assert.rejects(async () => start(options), SandboxUsageError, JSON.stringify(options));
      const [longest = ""] = [...members]
        .filter((at) => !at.includes("."))
        .sort((a, b) => b.length - a.length);
      const misspelt = longest.slice(0, -1);
      const error = await errorOf(() => start({ ...base, [misspelt]: 1 }));
      assert.ok(error instanceof SandboxUsageError, String(error));
      assert.equal(error.message, `${name} has no ${misspelt}`);
      assert.equal(error.next, `Did you mean ${longest}?`);
    });

  test("a port that is none is the caller's mistake at every door", async () => {
    // Those of the clouds beside AWS are looked at in the sandbox's own process.
    const direct = processes.map((one) => ({
      ...one,
      members: one.members.filter((at) => !at.includes(".")),
    }));
    for (const { start, base, members } of [...doors, ...direct])
      for (const at of members.filter((one) => /^(?:\w+\.)?(?:frontP|p)ort$/u.test(one)))
        for (const port of [-1, 70_000, 0.5, "80"])
          await assert.rejects(async () => start(withMember(base, at, port)), {
            name: "SandboxUsageError",
            next: "See what it takes in docs/reference/sandbox-library.md, which is in the package.",
            message: /: (?:\w+\.)?(?:port|frontPort) is (?:.+, which is )?not a port/u,
          });
  });

  test("members of options that have some are refused where they are misspelt, too", async () => {
    const misspelt: readonly (readonly [() => unknown, RegExp])[] = [
      [() => startSandbox({ gcp: { projct: "x" } as never }), /^startSandbox: gcp has no projct$/u],
      [() => startSandbox({ azure: { tenent: "x" } as never }), /^startSandbox: azure has no tenent$/u],
      [
        () => startStandInHetzner({ variants: ["none"] as never }),
        /^startStandInHetzner: variants is not an object$/u,
      ],
      [
        () => startStandInHetzner({ delays: { firewal: 1 } as never }),
        /^startStandInHetzner: delays has no firewal$/u,
      ],
      [
        () => startStandInCloudflare({ zones: [{ name: "a.test", paln: "pro" }] as never }),
        /^startStandInCloudflare: zones\[0\] has no paln$/u,
      ],
    ];
    for (const [act, message] of misspelt)
      await assert.rejects(async () => act(), { name: "SandboxUsageError", message });
  });
});
