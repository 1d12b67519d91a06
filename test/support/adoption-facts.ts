import type {
  AccountTrust,
  AdoptionFacts,
  adoptionSteps,
  ServerFacts,
} from "../../src/rules/adoption/index.ts";

export const ours: string = "https://oidc.example.com";
export const jwksUri: string = `${ours}/openid/v1/jwks`;
export const old: string = "https://kubernetes.default.svc.cluster.local";

export const server = (name: string, more: Partial<ServerFacts> = {}): ServerFacts => ({
  name,
  issuers: [old],
  discovered: more.issuers?.[0] ?? old,
  kids: ["k1"],
  authentication: { kind: "none" },
  ...more,
});

export const pair = (more: Partial<ServerFacts> = {}): readonly ServerFacts[] => [
  server("a", more),
  server("b", more),
];

export const trusted: AccountTrust = { account: "111122223333", hasProvider: true, roles: [], isWhole: true };

export function facts(more: Partial<AdoptionFacts> = {}): AdoptionFacts {
  const servers = more.servers ?? pair();
  const names = servers.map(({ name }) => name);
  return {
    wanted: { issuer: ours, jwksUri },
    distribution: "kubeadm",
    servers,
    listed: names,
    formerIssuers: [],
    documents: {
      families: [
        { family: "IPv4", outcome: "seen" },
        { family: "IPv6", outcome: "absent" },
      ],
      kids: ["k1"],
    },
    accounts: [trusted],
    ...more,
  };
}

/** Steps as lines: `x accept a OLD NEW` for one that is done, `. wait` for one that is not. */
export const shown = (steps: ReturnType<typeof adoptionSteps>): readonly string[] =>
  steps.map((step) => {
    const what =
      "server" in step
        ? `${step.kind} ${step.server} ${step.flags?.issuers.join(" ") ?? ""}`.trim()
        : step.kind;
    return `${step.done ? "x" : "."} ${what}`;
  });
