import { isManaged, type DistributionName, distributions, unitNote } from "../distribution/index.ts";
import { audiencesOf, missing, refusals as refusedTokens, union } from "./acceptance.ts";
import type { AdoptionFacts, ServerFacts } from "./facts.ts";

/** Why adoption is neither begun nor continued. */
export interface AdoptionRefusal {
  readonly reason:
    | "managed"
    | "no-servers"
    | "authentication-names-issuer"
    | "authentication-unread"
    | "audience-dropped"
    | "start-differs"
    | "server-unknown"
    | "flags-differ"
    | "keys-differ"
    | "talos-order";
  /** Which one it is about, where it is about one. */
  readonly server?: string;
  readonly message: string;
  readonly next: string;
}

type Rule = (facts: AdoptionFacts) => readonly AdoptionRefusal[];

const managed: Rule = ({ distribution }) => {
  if (distribution === undefined || !isManaged(distribution)) return [];
  const { title } = distributions[distribution];
  return [
    {
      reason: "managed",
      message: `${title} runs the API servers of this cluster and serves their issuer: only this provider can change it`,
      next: `Name the issuer of ${title} in the config, without publisher: podtrust then makes provider and roles for it.`,
    },
  ];
};

/** What the cluster says of its servers lifts nothing where podtrust would write files; where a person does, it is all there is. */
const noServers: Rule = (facts) => {
  const { servers } = facts;
  const isByFiles = mannerOf(facts) === "files";
  if (servers.some(({ saidBy }) => saidBy === undefined || !isByFiles)) return [];
  return [
    {
      reason: "no-servers",
      message: "no API server was read on its machine",
      next: "List the cluster's control plane nodes under cluster.servers.",
    },
  ];
};

/**
 * An API server does not start where a `jwt` authenticator has one of its own issuers. One that runs with the issuer
 * has started: its file blocks neither continuing nor undoing. Source: kubernetes/kubernetes,
 * ValidateAuthenticationConfiguration's disallowed issuers
 */
const authentication: Rule = ({ servers, wanted }) =>
  servers.flatMap(({ name, issuers, authentication: said }): readonly AdoptionRefusal[] => {
    if (issuers.includes(wanted.issuer)) return [];
    if (said.kind === "unread")
      return [
        {
          reason: "authentication-unread",
          server: name,
          message: `the AuthenticationConfiguration ${said.file} of ${name} could not be read: if it names ${wanted.issuer}, that API server would not start again`,
          next: `Read it on ${name}: no jwt authenticator may have the issuer's URL. List the node under cluster.servers, so that podtrust can.`,
        },
      ];
    if (said.kind === "none" || !said.issuers.includes(wanted.issuer)) return [];
    return [
      {
        reason: "authentication-names-issuer",
        server: name,
        message: `the AuthenticationConfiguration of ${name} has ${wanted.issuer} as an issuer of its own: with it among the cluster's issuers that API server would not start`,
        next: "Take that jwt authenticator out on every API server first. Users who sign in by it need another way until then.",
      },
    ];
  });

const audiences: Rule = ({ servers, wanted }) => {
  const { audiences: given } = wanted;
  if (given === undefined) return [];
  return servers.flatMap((server): readonly AdoptionRefusal[] => {
    const dropped = missing(audiencesOf(server), given);
    if (dropped.length === 0) return [];
    const why = server.audiences === undefined ? ", where unset it is the list of issuers" : "";
    return [
      {
        reason: "audience-dropped",
        server: server.name,
        message: `--api-audiences would drop ${dropped.join(", ")}, which ${server.name} accepts now${why}: its tokens would be refused`,
        next: `Leave the flag out, or give all of them: --api-audiences=${union([given, ...servers.map(audiencesOf)]).join(",")}.`,
      },
    ];
  });
};

/** What all files and the unit of a server of k3s or RKE2 make together, with the new issuer in them, is computed before any write. */
const start: Rule = ({ servers }) =>
  servers.flatMap(({ name, startRefusal: said }): readonly AdoptionRefusal[] => {
    if (said === undefined) return [];
    const { message, line } = said;
    const where =
      line === undefined ? `Look at its unit and config files` : `Take ${line.text} out of ${line.from}`;
    return [
      {
        reason: "start-differs",
        server: name,
        message: `${name}: ${message}`,
        next: `${where}, and out of the line that installs that server, whose next run writes its unit anew. Then run this again.`,
      },
    ];
  });

/** One that the cluster names and the list lacks stops whoever opens the servers, before anything is judged. */
const listing: Rule = ({ listed, servers }) => {
  const silent = missing(
    listed,
    servers.map(({ name }) => name),
  );
  return silent.map((server): AdoptionRefusal => ({
    reason: "server-unknown",
    server,
    message: `cluster.servers lists ${server}, and no API server was read there`,
    next: `Start the API server on ${server}, or take it off the list.`,
  }));
};

/** What a server answers and runs with has to be what it will be started with: else a restart does what nobody asked for. */
const flags: Rule = ({ servers }) =>
  servers.flatMap(({ name, issuers, discovered, differs }): readonly AdoptionRefusal[] => {
    if (differs !== undefined) {
      return [
        {
          reason: "flags-differ",
          server: name,
          message: `the API server on ${name} does not run with what it will be started with: ${differs}`,
          next: `Wait until the API server on ${name} has restarted, or restart it, and look again.`,
        },
      ];
    }
    if (discovered === undefined || discovered === issuers[0]) return [];
    return [
      {
        reason: "flags-differ",
        server: name,
        message: `the API server on ${name} says that its issuer is ${discovered}, and its flags say ${issuers[0] ?? "none"}`,
        next: `Wait until the API server on ${name} has restarted with its flags, and look again.`,
      },
    ];
  });

/** Servers with different keys refuse one another's tokens, whatever the issuer is. */
const keys: Rule = ({ servers }) => {
  const known = servers.filter((server): server is ServerFacts & { kids: readonly string[] } =>
    Array.isArray(server.kids),
  );
  const all = union(known.map(({ kids }) => kids));
  return known.flatMap(({ name, kids }): readonly AdoptionRefusal[] => {
    const lacking = missing(all, kids);
    if (lacking.length === 0) return [];
    return [
      {
        reason: "keys-differ",
        server: name,
        message: `the API server on ${name} does not have key ${lacking.join(", ")}, which another has: it may refuse the other's tokens`,
        next: "Give all API servers the same keys (--service-account-key-file) first.",
      },
    ];
  });
};

/** Source: https://github.com/siderolabs/talos/issues/13210 */
const talosOrder: Rule = ({ distribution, talos }) =>
  distribution === "talos" && talos === 13
    ? [
        {
          reason: "talos-order",
          message:
            "Talos 1.13 puts its own endpoint before any issuer that it is given: the new one never signs",
          next: "Upgrade Talos to 1.14 first.",
        },
      ]
    : [];

const rules: readonly Rule[] = [
  managed,
  noServers,
  authentication,
  audiences,
  start,
  listing,
  flags,
  keys,
  talosOrder,
];

/** Why a cluster may not be given the issuer as it stands; none where it may. */
export function adoptionRefusals(facts: AdoptionFacts): readonly AdoptionRefusal[] {
  const [first] = managed(facts);
  // Where nothing can be changed, no other rule matters.
  return first === undefined ? rules.flatMap((rule) => rule(facts)) : [first];
}

const isSigningAs =
  (issuer: string) =>
  ({ issuers }: ServerFacts): boolean =>
    issuers[0] === issuer;

/**
 * Why undo is neither begun nor continued. Rules that only concern the new issuer do not apply: different keys, since
 * who verifies what stays as it is, nor whether a distribution lets the new issuer sign, nor whether a server runs with what it
 * will be started with: the way back goes on with that. An AuthenticationConfiguration
 * still counts where a server signs as the new issuer, which the others have to accept until then.
 */
export function undoRefusals(facts: AdoptionFacts): readonly AdoptionRefusal[] {
  const [first] = managed(facts);
  if (first !== undefined) return [first];
  const concerned = [noServers, audiences, listing];
  const all = facts.servers.some(isSigningAs(facts.wanted.issuer))
    ? [authentication, ...concerned]
    : concerned;
  return all.flatMap((rule) => rule(facts));
}

/** How the flags of a distribution's API servers are changed. */
export type Manner =
  /** podtrust writes their files over SSH. */
  | "files"
  /** A person writes the lines that are printed, and podtrust reads every server back. */
  | "printed"
  /** As `printed`, but a server holds one issuer: tokens of the old one are refused from then on. */
  | "single"
  /** Their provider changes them, and serves the issuer. */
  | "managed";

const byFiles: readonly DistributionName[] = ["kubeadm", "k3s", "rke2"];

/** Source for what holds one value: the distributions' own handling of extra arguments (`rules/distribution/`). */
export function mannerOf({
  distribution,
  talos = 14,
}: Pick<AdoptionFacts, "distribution" | "talos">): Manner {
  if (distribution === undefined) return "printed";
  if (isManaged(distribution)) return "managed";
  if (byFiles.includes(distribution)) return "files";
  const isOldTalos = distribution === "talos" && talos < 14;
  return isOldTalos || distribution === "k0s" || distribution === "minikube" ? "single" : "printed";
}

/** What will happen anyway, and to which clients: shown before anything is done. */
export function adoptionWarnings(facts: AdoptionFacts): readonly string[] {
  const { servers, wanted } = facts;
  const isSingle = mannerOf(facts) === "single";
  const otherwise = servers.flatMap(({ name, issuers, discovered, differs }) => {
    const isOther = discovered !== undefined && discovered !== issuers[0];
    const why = differs ?? (isOther ? `it says that its issuer is ${discovered}` : undefined);
    return why === undefined ? [] : [`${name} does not run with what it will be started with: ${why}`];
  });
  const refused = refusedTokens(servers).map(
    ({ signer, by }) =>
      `${by.name} refuses the tokens that ${signer.name} makes now: the first step mends it`,
  );
  const units = servers.flatMap(({ name, unit }) => (unit === undefined ? [] : (unitNote(name, unit) ?? [])));
  return [
    ...units,
    ...otherwise,
    ...refused,
    ...(isSingle
      ? [
          `Here an API server holds one issuer. From its restart on it refuses every token for the API that does not name ${wanted.issuer}: start the pods that are named below anew. AWS keeps accepting tokens of both issuers.`,
        ]
      : []),
    ...(isSingle && servers.length > 1
      ? [
          "Until the last API server has restarted, those with the old issuer refuse tokens of the others. Restart all in one maintenance window.",
        ]
      : []),
  ];
}
