import {
  type Clock,
  defined,
  parseDuration,
  recordOf,
  recordsOf,
  textOf,
  until,
  withNextStep,
} from "../../core/base/index.ts";
import { readYaml } from "../../core/yaml/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import type { AuthenticationFacts, NewIssuer, ServerFacts } from "../../rules/adoption/index.ts";
import { disagreement, type StartRefusal, type WhatRuns } from "../../rules/distribution/index.ts";
import { type ApiServerFlags, isSilence, restartMs, type ControlPlaneServer } from "../servers/index.ts";
import { saidByCluster } from "./mirrored.ts";

/** The running API servers of a cluster, and what could not be read of them. */
export interface ObservedServers {
  readonly servers: readonly ServerFacts[];
  readonly unseen: readonly string[];
  /** Any of them extends the kubelet's own tokens to a year, which is the default. */
  readonly isExtended: boolean;
  /** The longest `--service-account-max-token-expiration`, in milliseconds; undefined where any server has none. */
  readonly maxTokenMs: number | undefined;
}

function authenticationOf({ authenticationConfig: file }: ApiServerFlags): AuthenticationFacts {
  return file === undefined ? { kind: "none" } : { kind: "unread", file };
}

function factsOf(name: string, flags: ApiServerFlags): ServerFacts {
  const { issuers, audiences, jwksUri } = flags;
  return { name, issuers, authentication: authenticationOf(flags), ...defined({ audiences, jwksUri }) };
}

/** What the flags say of how long tokens live. */
function livesOf(all: readonly ApiServerFlags[]): Pick<ObservedServers, "isExtended" | "maxTokenMs"> {
  const lives = all.map(({ maxTokenExpiration = "" }) => parseDuration(maxTokenExpiration) ?? 0);
  const known = lives.filter((one) => one > 0);
  const isBounded = all.length > 0 && known.length === all.length;
  return {
    isExtended: all.some(({ extendTokenExpiration = true }) => extendTokenExpiration),
    maxTokenMs: isBounded ? Math.max(...known) : undefined,
  };
}

// A file of this kind is a few kilobytes.
const yamlBounds = { bytes: 1024 * 1024, depth: 40, tokens: 200_000 };

/** The parts of an AuthenticationConfiguration that adoption needs; also whether it cannot be read. */
async function readAuthentication(
  { api }: ControlPlaneServer,
  flags: ApiServerFlags,
  signal: AbortSignal,
): Promise<AuthenticationFacts> {
  const { authenticationConfig: file } = flags;
  if (file === undefined) return { kind: "none" };
  try {
    const text = await api.readFile(file, signal);
    const read = text === undefined ? undefined : readYaml(text, yamlBounds);
    if (read === undefined || "problems" in read) return { kind: "unread", file };
    const issuers = recordsOf(recordOf(read.value)["jwt"]).map(
      ({ issuer }) => textOf(recordOf(issuer)["url"]) ?? "",
    );
    return { kind: "read", issuers };
  } catch {
    signal.throwIfAborted();
    return { kind: "unread", file };
  }
}

/** Where its metrics may not be read, nothing says so: then what it signs as may have changed until now. */
async function startOf({ api }: ControlPlaneServer, signal: AbortSignal): Promise<number | undefined> {
  try {
    return await api.startedAt(signal);
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** The same error by the server's name, with the way out where podtrust's own last change is why it does not answer. */
function ofServer(name: string, error: unknown): unknown {
  if (!isSilence(error)) return error;
  return withNextStep(
    error,
    `${error.next} If it does not start since podtrust changed its files: podtrust adopt undo.`,
    `API server ${name}: ${error.message}`,
  );
}

/** What the new issuer in its files would have it start with is judged before anything is written. */
async function startRefusalOf(
  { files }: ControlPlaneServer,
  { issuers, audiences = issuers }: ApiServerFlags,
  wanted: NewIssuer | undefined,
  signal: AbortSignal,
): Promise<StartRefusal | undefined> {
  if (wanted === undefined) return undefined;
  const all = [...new Set([...issuers, wanted.issuer])];
  const change = { issuers: all, audiences: wanted.audiences ?? audiences, jwksUri: wanted.jwksUri };
  const start = await files.startAfter(change, signal);
  return start !== undefined && "refusal" in start ? start : undefined;
}

/** What runs otherwise than it will be started. Flags that its unit has beside its files are moved by the next change: they are no reason to wait. */
function differenceOf(look: WhatRuns, startedAt: number | undefined): string | undefined {
  const { starts, runs, unit } = look;
  if (unit?.isBeside !== true || unit.given.length === 0 || runs.kind !== "seen")
    return disagreement(look, startedAt);
  const { issuers, audiences, jwksUri } = runs.flags;
  const { audiences: _, jwksUri: __, ...others } = starts;
  return disagreement(
    { starts: { ...others, issuers, ...defined({ audiences, jwksUri }) }, runs },
    startedAt,
  );
}

interface ReadServer {
  readonly flags: ApiServerFlags;
  readonly facts: ServerFacts;
}

async function readOne(
  server: ControlPlaneServer,
  wanted: NewIssuer | undefined,
  signal: AbortSignal,
): Promise<ReadServer> {
  const { api, files } = server;
  const look = await api.whatRuns(signal);
  // What will be started: a way back goes on with it, and a new change is refused where something else runs.
  const flags = look.starts;
  const notLookedAt = look.runs.kind === "seen" ? undefined : look.runs.why;
  const [{ issuer }, keys, authentication, startedAt, kept, startRefusal] = await Promise.all([
    api.discovery(signal),
    api.keys(signal),
    readAuthentication(server, flags, signal),
    startOf(server, signal),
    files.kept(signal),
    startRefusalOf(server, flags, wanted, signal),
  ]);
  const seen = { discovered: issuer, kids: keys.map(({ kid }) => kid), authentication };
  const differs = differenceOf(look, startedAt);
  const more = { startedAt, kept, unit: look.unit, startRefusal, differs, notLookedAt };
  return { flags, facts: { ...factsOf(api.name, flags), ...seen, ...defined(more) } };
}

/** How one waits for servers that an interrupted run may have left restarting. */
export interface Agreeing {
  readonly clock: Clock;
  readonly onWait: (reason: string, deadline: number) => void;
  /** The issuer that each start is judged with; absent on the way back. */
  readonly wanted?: NewIssuer;
}

/** Reads a server again while it does not run with what it will be started with, a minute at the most: who judges goes on then. */
async function readAgreed(
  server: ControlPlaneServer,
  { clock, onWait, wanted }: Agreeing,
  signal: AbortSignal,
): Promise<ReadServer> {
  let last: ReadServer | undefined;
  const late = new Error("it still differs");
  const look = async (): Promise<{ readonly is: ReadServer } | { readonly waitsFor: string }> => {
    last = await readNamed(server, wanted, signal);
    const { name, differs } = last.facts;
    return differs === undefined ? { is: last } : { waitsFor: `${name}: ${differs}` };
  };
  const waited = until({
    clock,
    withinMs: restartMs,
    delays: [1000],
    signal,
    look,
    onWait,
    late: () => late,
  });
  return waited.catch((error: unknown) => {
    if (error === late && last !== undefined) return last;
    throw error;
  });
}

async function readNamed(
  server: ControlPlaneServer,
  wanted: NewIssuer | undefined,
  signal: AbortSignal,
): Promise<ReadServer> {
  try {
    return await readOne(server, wanted, signal);
  } catch (error) {
    throw ofServer(server.api.name, error);
  }
}

/** What only each server itself knows, beyond the static pods' flags. */
const notAsked =
  "each server's discovery document and keys at its own address: list the control plane nodes under cluster.servers";

/**
 * Reads the API servers: each at its own address and by its machine, where the config lists them, else what the cluster says of
 * them. `agreeing`: a server that restarts is waited for. Throws `cluster-*`, `ssh-*` and `server-*`.
 */
export async function readServers(
  api: KubernetesApi,
  listed: readonly ControlPlaneServer[],
  signal: AbortSignal,
  agreeing: Agreeing,
): Promise<ObservedServers> {
  if (listed.length > 0) {
    const read = await Promise.all(listed.map((server) => readAgreed(server, agreeing, signal)));
    return {
      servers: read.map(({ facts }) => facts),
      unseen: [],
      ...livesOf(read.map(({ flags }) => flags)),
    };
  }
  const mirrored = await saidByCluster(api, signal);
  return {
    servers: mirrored.map(({ node, flags, startedAt }) => ({
      ...factsOf(node, flags),
      ...defined({ startedAt }),
      saidBy: "cluster",
    })),
    unseen: [notAsked],
    ...livesOf(mirrored.map(({ flags }) => flags)),
  };
}
