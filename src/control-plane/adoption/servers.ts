import {
  type Clock,
  defined,
  errorText,
  parseDuration,
  recordOf,
  recordsOf,
  textOf,
  until,
  withNextStep,
} from "../../core/base/index.ts";
import { readYaml } from "../../core/yaml/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import type { AuthenticationFacts, ServerFacts, UnitIssuer } from "../../rules/adoption/index.ts";
import { disagreement } from "../../rules/distribution/index.ts";
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

/** What its unit gives it beside its files. The way back has to be open where that cannot be read. */
async function unitOf({ files }: ControlPlaneServer, signal: AbortSignal): Promise<UnitIssuer | undefined> {
  try {
    const flags = await files.commandLine(signal);
    if (flags === undefined) return undefined;
    const { issuers, jwksUri } = flags;
    return { kind: "read", issuers, ...defined({ jwksUri }) };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "unread", why: errorText(error) };
  }
}

interface ReadServer {
  readonly flags: ApiServerFlags;
  readonly facts: ServerFacts;
}

async function readOne(server: ControlPlaneServer, signal: AbortSignal): Promise<ReadServer> {
  const { api, files } = server;
  const look = await api.whatRuns(signal);
  // What will be started: a way back goes on with it, and a new change is refused where something else runs.
  const flags = look.starts;
  const notLookedAt = look.runs.kind === "seen" ? undefined : look.runs.why;
  const [{ issuer }, keys, authentication, startedAt, kept, unit] = await Promise.all([
    api.discovery(signal),
    api.keys(signal),
    readAuthentication(server, flags, signal),
    startOf(server, signal),
    files.kept(signal),
    unitOf(server, signal),
  ]);
  const seen = { discovered: issuer, kids: keys.map(({ kid }) => kid), authentication };
  const more = { startedAt, kept, unit, differs: disagreement(look, startedAt), notLookedAt };
  return { flags, facts: { ...factsOf(api.name, flags), ...seen, ...defined(more) } };
}

/** How one waits for servers that an interrupted run may have left restarting. */
export interface Agreeing {
  readonly clock: Clock;
  readonly onWait: (reason: string, deadline: number) => void;
}

/** Reads a server again while it does not run with what it will be started with, a minute at the most: who judges goes on then. */
async function readAgreed(
  server: ControlPlaneServer,
  { clock, onWait }: Agreeing,
  signal: AbortSignal,
): Promise<ReadServer> {
  let last: ReadServer | undefined;
  const late = new Error("it still differs");
  const look = async (): Promise<{ readonly is: ReadServer } | { readonly waitsFor: string }> => {
    last = await readNamed(server, signal);
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

async function readNamed(server: ControlPlaneServer, signal: AbortSignal): Promise<ReadServer> {
  try {
    return await readOne(server, signal);
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
