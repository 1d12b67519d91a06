import { createHash } from "node:crypto";
import { PodtrustError, retry, textOf } from "../../core/base/index.ts";
import {
  type Difference,
  type FieldChange,
  lacksIdentity,
  type Observed,
  type Owner,
  ownershipComment,
  ownerText,
  type Resource,
  type Work,
  type NamedResource,
  type StackOwner,
} from "../../rules/plan/index.ts";
import type { OpenBaoApi } from "./api.ts";
import { invalidAnswer, openbaoError, OpenBaoRefusal } from "./failure.ts";
import { changedFields, type Fields, written } from "./fields.ts";

/** An auth method in the server's list. */
interface Mounted {
  /** A new one each time that a method is mounted. */
  readonly accessor: string;
  /** `jwt` */
  readonly type: string;
  readonly description: string;
}

/** An auth method as it is mounted, with its config. */
export interface MountState extends Mounted {
  /** Undefined: none was written yet. */
  readonly config: Fields | undefined;
}

/** Where a mount is. */
export interface MountRef extends StackOwner {
  /** Host and port of the server. */
  readonly server: string;
  /** Its path, without `auth/`. */
  readonly mount: string;
}

/** The desired mount. */
export interface MountSpec extends MountRef {
  /** The issuer, as its tokens carry it. */
  readonly issuer: string;
  /** PEM of the issuer's certificate authority, where that is not a public one. */
  readonly issuerCa?: string;
  /** Milliseconds in which the issuer may begin to answer: it is made in the same run. 0 by default. */
  readonly issuerWithin?: number;
  readonly dependsOn?: readonly string[];
}

/** The names of a mount in plans and selections. */
export function mountNames({ server, mount }: Pick<MountRef, "server" | "mount">): NamedResource {
  const place = `openbao/${server}`;
  const short = `auth/${mount}`;
  return {
    id: `${place}/${short}`,
    kind: "auth-method",
    names: [mount, short, place],
    link: "provider",
  };
}

/** The owner of a mount: in its description, where it is of our type. */
function mountOwner({ type, description }: Mounted, stack: StackOwner): Owner {
  if (type !== "jwt") return { kind: "untagged", looksLike: `an unknown owner who mounted the type ${type}` };
  return ownershipComment.ownerOf(description, stack);
}

/** A mount as a plan sees it. */
export function observedMount(state: MountState | undefined, stack: StackOwner): Observed<MountState> {
  return state === undefined ? { exists: false } : { exists: true, state, owner: mountOwner(state, stack) };
}

/** What is mounted at a path, without its config; undefined for nothing. Throws `openbao-*`. */
export async function findMount(
  api: OpenBaoApi,
  mount: string,
  signal: AbortSignal,
): Promise<Mounted | undefined> {
  const what = `reading the auth method ${mount}`;
  // It reads this mount alone, and needs no sudo. Of a path with nothing on it the server says 400.
  const found = await api.read(["sys", "mounts", "auth", mount], what, signal, { absent: 400 });
  if (found === undefined) return undefined;
  const { accessor, type, description } = found;
  if (typeof accessor !== "string" || typeof type !== "string")
    throw invalidAnswer(what, "an auth method lacks accessor or type");
  return { accessor, type, description: textOf(description) ?? "" };
}

/** The same with its config, where it is one that may be ours: of others only the list is read. */
export async function readMount(
  api: OpenBaoApi,
  ref: MountRef,
  signal: AbortSignal,
): Promise<MountState | undefined> {
  const { mount } = ref;
  const found = await findMount(api, mount, signal);
  if (found === undefined) return undefined;
  const isOurs = mountOwner(found, ref).kind === "ours";
  const path = ["auth", mount, "config"];
  return {
    ...found,
    config: isOurs ? await api.read(path, `reading the config of auth/${mount}`, signal) : undefined,
  };
}

/**
 * The fields that decide which issuer's tokens are verified, and by which keys. The keys are fetched by discovery, so
 * that the document's issuer is compared as well. `bound_issuer` is set as well: without it an iss with one more slash
 * is accepted.
 */
export function mountFields({ issuer, issuerCa = "" }: MountSpec): Fields {
  return {
    bound_issuer: issuer,
    oidc_discovery_url: issuer,
    oidc_discovery_ca_pem: issuerCa,
    oidc_client_id: "",
    default_role: "",
    jwks_url: "",
    jwks_ca_pem: "",
    jwt_validation_pubkeys: [],
    jwt_supported_algs: [],
    override_allowed_server_names: [],
    provider_config: {},
  };
}

// A certificate is not readable.
function shown({ field, before, after }: FieldChange): FieldChange {
  if (!field.endsWith("_ca_pem")) return { field, before, after };
  const digest = (value: unknown): unknown =>
    typeof value === "string" ? `sha256:${createHash("sha256").update(value).digest("hex")}` : value;
  return { field, before: digest(before), after: digest(after) };
}

/** Refuses a mount that is not ours, even for a takeover: nothing of others is changed. */
function refusalOf({ mount, server }: MountRef, owner: Owner): PodtrustError | undefined {
  if (owner.kind === "ours") return undefined;
  const sentence = `auth/${mount} at ${server} belongs to ${ownerText(owner)}`;
  return new PodtrustError("openbao-mount-other", sentence, { detail: { mount } });
}

async function enable(api: OpenBaoApi, spec: MountSpec, signal: AbortSignal): Promise<void> {
  const what = `mounting auth/${spec.mount}`;
  const body = { type: "jwt", description: ownershipComment.of(spec) };
  try {
    await api.send({ method: "POST", path: ["sys", "auth", spec.mount], body, what }, signal);
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    // Another run, or this one with a lost answer, may have been first.
    const found = await findMount(api, spec.mount, signal);
    if (found === undefined) throw openbaoError(thrown, what);
    const refusal = refusalOf(spec, mountOwner(found, spec));
    if (refusal !== undefined) throw refusal;
  }
}

/**
 * Writes our mark on a mount that has it without an identity. This path takes no sudo, and tunes as `sys/auth/PATH/tune` does
 * (OpenBao API, "/sys/auth", "Tune auth method").
 */
async function mark(api: OpenBaoApi, spec: MountSpec, signal: AbortSignal): Promise<void> {
  const what = `marking auth/${spec.mount}`;
  const path = ["sys", "mounts", "auth", spec.mount, "tune"];
  await api.call({ method: "POST", path, body: { description: ownershipComment.of(spec) }, what }, signal);
}

/** Writes the config whole. The server fetches the issuer's documents first, and refuses what it cannot read. */
async function configure(api: OpenBaoApi, spec: MountSpec, work: Work): Promise<void> {
  const { signal } = work;
  const what = `writing the config of auth/${spec.mount}`;
  const call = {
    method: "POST",
    path: ["auth", spec.mount, "config"],
    body: written(mountFields(spec)),
    what,
  } as const;
  try {
    await retry(() => api.send(call, signal), {
      schedule: {
        name: "the issuer is made in the same run, and OpenBao cannot read it yet",
        delays: [3000],
        giveUpAfter: spec.issuerWithin ?? 0,
      },
      clock: api.clock,
      signal,
      retryable: (error) => error instanceof OpenBaoRefusal && error.status === 400,
      onRetry: (error, deadline) => work.waiting(error instanceof Error ? error.message : "", deadline),
    });
  } catch (thrown) {
    throw openbaoError(thrown, what);
  }
}

/** The JWT auth method of an issuer, as a plan's resource. It gives its accessor to its roles, where it is ours. */
export function mountResource(api: OpenBaoApi, spec: MountSpec): Resource<MountState> {
  const desired = mountFields(spec);
  return {
    ...mountNames(spec),
    dependsOn: spec.dependsOn ?? [],
    ifTaken: `Choose another mount in the config: podtrust changes no auth method of others. If its description was lost, write it again: bao auth tune -description="${ownershipComment.of(spec)}" ${spec.mount}/`,
    fingerprint: (state) => state,
    issuers: ({ config }) => [textOf(config?.["bound_issuer"]) ?? ""].filter((one) => one !== ""),
    outputs: (state) => (mountOwner(state, spec).kind === "ours" ? { accessor: state.accessor } : {}),
    read: async (signal) => observedMount(await readMount(api, spec, signal), spec),
    diff(observed): Difference {
      if (!observed.exists)
        return {
          kind: "create",
          fields: [
            { field: "type", before: undefined, after: "jwt" },
            ...changedFields(desired, {}).map(shown),
          ],
        };
      const { state, owner } = observed;
      const refusal = refusalOf(spec, owner);
      if (refusal !== undefined) return { kind: "none", fields: [], refusal };
      const after = ownershipComment.of(spec);
      const fields = [
        ...(lacksIdentity(owner) ? [{ field: "description", before: state.description, after }] : []),
        ...changedFields(desired, state.config ?? {}).map(shown),
      ];
      return { kind: fields.length === 0 ? "none" : "update", fields };
    },
    async apply({ observed }, work) {
      if (!observed.exists) await enable(api, spec, work.signal);
      else if (lacksIdentity(observed.owner)) await mark(api, spec, work.signal);
      await configure(api, spec, work);
    },
    async delete(_observed, { signal }) {
      const what = `unmounting auth/${spec.mount}`;
      await api.call({ method: "DELETE", path: ["sys", "auth", spec.mount], what }, signal);
    },
  };
}
