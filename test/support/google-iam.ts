import { type JsonRecord, recordOf, textOf } from "../../src/core/base/index.ts";
import { type GoogleAnswer, refused } from "./google-answer.ts";

interface Thing {
  readonly name: string;
  readonly fields: Record<string, unknown>;
  state: "ACTIVE" | "DELETED";
  /** Of a pool. */
  readonly providers: Map<string, Thing>;
}

const ok = (body: object): GoogleAnswer => ({ status: 200, body });
const absent = refused(404, "NOT_FOUND", "Requested entity was not found.");
const exists = refused(409, "ALREADY_EXISTS", "Requested entity already exists");
const wrongState = refused(400, "FAILED_PRECONDITION", "The resource is in the wrong state.");

const shown = ({ name, fields, state }: Thing): object => ({
  ...fields,
  name,
  state,
  ...(state === "DELETED" ? { expireTime: "2026-12-29T00:00:00Z" } : {}),
});

/** Sets what a mask names, `oidc.jwksJson` inside its parent. */
function setMasked(fields: Record<string, unknown>, mask: string, body: JsonRecord): void {
  for (const path of mask.split(",")) {
    const [first = "", second] = path.split(".");
    if (second === undefined) fields[first] = body[first];
    else fields[first] = { ...recordOf(fields[first]), [second]: recordOf(body[first])[second] };
  }
}

const pattern =
  /^\/v1\/projects\/([^/]+)\/locations\/global\/workloadIdentityPools(?:\/([^/:]+))?(?:\/providers(?:\/([^/:]+))?)?(?:\/operations\/([^/:]+))?(?::(\w+))?$/u;

/** Pools, providers and the policies of service accounts: deleted things keep their ids, and each change is an operation. */
export class GoogleIam {
  readonly pools = new Map<string, Thing>();
  /** Policies by e-mail; an account without one is not there. */
  readonly policies = new Map<string, JsonRecord>();
  /** Permissions that the caller has; all without it. */
  permissions: ReadonlySet<string> | undefined;
  /** How often an operation is looked at before it has ended. */
  looks = 1;
  /** Called after a policy was read, as if somebody else wrote it then. */
  onPolicyRead = (_email: string): void => {};
  readonly #operations = new Map<string, number>();
  #count = 0;

  /** A service account without a member. */
  addAccount(email: string, bindings: readonly object[] = []): void {
    this.policies.set(email, { version: 1, etag: this.#etag(), bindings });
  }

  /** Writes a policy past podtrust. */
  setPolicy(email: string, policy: JsonRecord): void {
    this.policies.set(email, { ...policy, etag: this.#etag() });
  }

  pool(id: string): Thing | undefined {
    return this.pools.get(id);
  }

  provider(pool: string, id: string): Thing | undefined {
    return this.pools.get(pool)?.providers.get(id);
  }

  /** Puts a pool there past podtrust. */
  addPool(id: string, fields: Record<string, unknown>, state: Thing["state"] = "ACTIVE"): Thing {
    const name = `projects/123456789012/locations/global/workloadIdentityPools/${id}`;
    const pool: Thing = { name, fields, state, providers: new Map() };
    this.pools.set(id, pool);
    return pool;
  }

  #etag(): string {
    this.#count += 1;
    return `etag-${this.#count}`;
  }

  #lacks(permission: string): GoogleAnswer | undefined {
    if (this.permissions?.has(permission) !== false) return undefined;
    return refused(
      403,
      "PERMISSION_DENIED",
      `Permission '${permission}' denied on resource (or it may not exist).`,
    );
  }

  #operation(name: string): GoogleAnswer {
    this.#count += 1;
    const id = `op-${this.#count}`;
    this.#operations.set(id, this.looks);
    return ok({ name: `${name}/operations/${id}` });
  }

  #look(id: string): GoogleAnswer {
    const left = this.#operations.get(id);
    if (left === undefined) return absent;
    this.#operations.set(id, left - 1);
    // Without `response`, as it was seen.
    return ok(left > 0 ? { name: id } : { name: id, done: true });
  }

  answer(method: string, url: URL, body: JsonRecord): GoogleAnswer {
    const policy = /^\/v1\/projects\/-\/serviceAccounts\/([^/:]+):(getIamPolicy|setIamPolicy)$/u.exec(
      url.pathname,
    );
    if (policy !== null) return this.#policy(decodeURIComponent(policy[1] ?? ""), policy[2] ?? "", url, body);
    if (/^\/v1\/projects\/\d+\/serviceAccounts$/u.test(url.pathname))
      return (
        this.#lacks("iam.serviceAccounts.list") ??
        ok({ accounts: [...this.policies.keys()].map((email) => ({ email })) })
      );
    const found = pattern.exec(url.pathname);
    if (found === null) return absent;
    const [, project = "", pool, provider, operation, verb] = found;
    // A project's id in place of its number names another project here: podtrust is to use the number.
    if (!/^\d+$/u.test(project)) return refused(400, "INVALID_ARGUMENT", `not a number: ${project}`);
    if (operation !== undefined) return this.#look(operation);
    const isProvider = url.pathname.includes("/providers");
    const kind = isProvider ? "workloadIdentityPoolProviders" : "workloadIdentityPools";
    const things = isProvider ? this.pools.get(pool ?? "")?.providers : this.pools;
    if (things === undefined) return absent;
    const id = isProvider ? provider : pool;
    const holder = url.pathname.replace(/^\/v1\//u, "").replace(/:\w+$/u, "");
    if (id === undefined) return this.#collection(method, { kind, things, holder, url, body });
    return this.#one(method, {
      kind,
      thing: things.get(id),
      verb,
      mask: url.searchParams.get("updateMask"),
      body,
    });
  }

  #collection(
    method: string,
    asked: { kind: string; things: Map<string, Thing>; holder: string; url: URL; body: JsonRecord },
  ): GoogleAnswer {
    const { kind, things, holder, url, body } = asked;
    if (method === "GET") {
      const all = [...things.values()].filter(
        ({ state }) => state === "ACTIVE" || url.searchParams.get("showDeleted") === "true",
      );
      // A page for each, so that whoever lists has to follow.
      const at = Number(url.searchParams.get("pageToken") ?? "0");
      const next = at + 1 < all.length ? { nextPageToken: String(at + 1) } : {};
      return this.#lacks(`iam.${kind}.list`) ?? ok({ [kind]: all.slice(at, at + 1).map(shown), ...next });
    }
    const id = url.searchParams.get(
      kind === "workloadIdentityPools" ? "workloadIdentityPoolId" : "workloadIdentityPoolProviderId",
    );
    const denied = this.#lacks(`iam.${kind}.create`);
    if (denied !== undefined) return denied;
    if (id === null || !/^[a-z0-9-]{4,32}$/u.test(id)) return refused(400, "INVALID_ARGUMENT", "bad id");
    if (things.has(id)) return exists;
    const name = `${holder}/${id}`;
    things.set(id, { name, fields: { ...body }, state: "ACTIVE", providers: new Map() });
    return this.#operation(name);
  }

  #one(
    method: string,
    asked: {
      kind: string;
      thing: Thing | undefined;
      verb: string | undefined;
      mask: string | null;
      body: JsonRecord;
    },
  ): GoogleAnswer {
    const { kind, thing, verb, mask, body } = asked;
    const right = verb ?? { GET: "get", PATCH: "update", DELETE: "delete" }[method] ?? "";
    const denied = this.#lacks(`iam.${kind}.${right}`);
    if (denied !== undefined) return denied;
    if (thing === undefined) return absent;
    if (method === "GET") return ok(shown(thing));
    if (verb === "undelete") {
      if (thing.state === "ACTIVE") return wrongState;
      thing.state = "ACTIVE";
    } else {
      if (thing.state === "DELETED") return wrongState;
      if (method === "DELETE") thing.state = "DELETED";
      else setMasked(thing.fields, mask ?? "", body);
    }
    return this.#operation(thing.name);
  }

  #policy(email: string, verb: string, url: URL, body: JsonRecord): GoogleAnswer {
    const denied = this.#lacks(`iam.serviceAccounts.${verb}`);
    if (denied !== undefined) return denied;
    const policy = this.policies.get(email);
    if (policy === undefined) return refused(404, "NOT_FOUND", `Unknown service account ${email}`);
    if (verb === "getIamPolicy") {
      if (url.searchParams.get("options.requestedPolicyVersion") !== "3")
        return refused(400, "INVALID_ARGUMENT", "conditions would be lost");
      this.onPolicyRead(email);
      return ok(policy);
    }
    const wanted = recordOf(body["policy"]);
    if (textOf(wanted["etag"]) !== textOf(this.policies.get(email)?.["etag"]))
      return refused(409, "ABORTED", "There were concurrent policy changes.");
    this.setPolicy(email, wanted);
    return ok(this.policies.get(email) ?? {});
  }
}
