import { generateKeyPairSync } from "node:crypto";
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/core/base/index.ts";
import type { Host } from "../../src/cli/index.ts";
import { testAuthority } from "./certificates.ts";
import { type CliResult, podtrustHere } from "./cli.ts";
import { type IssuerServer, startIssuer } from "./issuer-server.ts";
import { type OpenBaoServerWorld, startOpenBao } from "./openbao-server.ts";
import { ecKey } from "./sandbox.ts";
import type { Shown } from "./stack-world.ts";

/** OpenBao's own server, an issuer that it reads, and a folder with a config of both. */
export interface OpenBaoWorld {
  readonly folder: string;
  readonly issuer: IssuerServer;
  /** PEM of the authority that vouches for it. */
  readonly issuerCa: string;
  readonly bao: OpenBaoServerWorld;
  /** The id of the config's mount. */
  readonly mountId: string;
  /** Writes podtrust.yaml with these roles; `more`: further sections. */
  config(roles: string, address?: string, more?: string): Promise<void>;
  /** What is typed, with the way to the issuer. */
  route(args: readonly string[]): readonly string[];
  /** The variables of a shell for the server, with this token; root's by default. */
  env(token?: string): Record<string, string>;
  podtrust(args: readonly string[], host?: Partial<Host>): Promise<CliResult>;
  /** The same where it has to succeed; gives what it said. */
  must(args: readonly string[], host?: Partial<Host>): Promise<string>;
  json(args: readonly string[]): Promise<{ readonly code: number | null; readonly result: Shown }>;
  /** What a plan would change. */
  planned(...args: string[]): Promise<readonly string[]>;
  /** What stands at the server, whoever made it. */
  standing(): Promise<readonly string[]>;
  /** Empties the server, and writes the config of both roles. */
  reset(): Promise<void>;
  /** Writes a role or the mount's config as it is, but for what is given. */
  change(path: string, body: object): Promise<void>;
  close(): Promise<void>;
}

export const webRole = "      - {name: web, serviceAccounts: [shop/web], policies: [web]}\n";
export const jobsRole = "      - {name: jobs, serviceAccounts: [shop/a, shop/b], policies: [web, jobs]}\n";

/** A public key that is nobody's. */
export const publicKey = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({
  type: "spki",
  format: "pem",
});

/** What somebody may change by hand, each of which lets in more or less than the config. */
export const drifts: readonly (readonly [what: string, path: string, body: object, allowing?: string])[] = [
  [
    "another issuer",
    "config",
    {
      jwks_url: "",
      oidc_discovery_url: "",
      bound_issuer: "https://other.example",
      jwt_validation_pubkeys: [publicKey],
    },
    "--allow-replace",
  ],
  ["a subject that lets in another", "role/web", { bound_subject: "system:serviceaccount:shop:other" }],
  ["no subject at all", "role/web", { bound_subject: "" }],
  [
    "one ServiceAccount more in a list",
    "role/jobs",
    { bound_claims: { sub: ["system:serviceaccount:shop:a", "system:serviceaccount:shop:b", "x"] } },
  ],
  ["a pattern in place of whole subjects", "role/jobs", { bound_claims_type: "glob" }],
  ["an audience more", "role/web", { bound_audiences: ["sts.amazonaws.com", "x"] }],
  ["a policy more", "role/web", { token_policies: ["web", "admin"] }],
  ["a token that lives for ever", "role/web", { token_period: 86_400 }],
  ["a longer life", "role/web", { token_ttl: 7200, token_max_ttl: 72_000 }],
  ["tokens that are taken after their end", "role/web", { expiration_leeway: 3600 }],
];

/** Starts it all. Needs `openbaoProgram`. */
export async function openbaoWorld(): Promise<OpenBaoWorld> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-openbao-stack-"));
  const authority = await testAuthority();
  await writeFile(join(folder, "root.pem"), authority.root);
  const issuer = await startIssuer(authority);
  issuer.publish([ecKey("first").jwk]);
  const bao = await startOpenBao(authority, issuer);
  for (const name of ["web", "jobs"]) {
    const policy = `path "secret/${name}" { capabilities = ["read"] }`;
    await bao.admin("PUT", `sys/policies/acl/${name}`, { policy });
  }
  const config: OpenBaoWorld["config"] = (roles, address = bao.address, more = "") =>
    writeFile(
      join(folder, "podtrust.yaml"),
      `stack: prod
identity: 3f2a91bc
issuer: ${issuer.issuer}
${more}openbao:
  - address: ${address}
    caFile: root.pem
    mount: podtrust
    roles:
${roles}`,
    );
  const route = (args: readonly string[]): readonly string[] => {
    const [rule] = issuer.connectTo;
    if (args[0] === "manifests") return args;
    return [...args, "--connect-to", `${rule?.host}:443:127.0.0.1:${rule?.toPort}`, "--ca", "root.pem"];
  };
  const env = (token = bao.rootToken): Record<string, string> => ({
    BAO_ADDR: bao.address,
    BAO_TOKEN: token,
  });
  const podtrust: OpenBaoWorld["podtrust"] = (args, host = {}) =>
    podtrustHere(route(args), { cwd: folder, clock: systemClock, env: env(), ...host });
  const json: OpenBaoWorld["json"] = async (args) => {
    const { code, out } = await podtrust([...args, "--json"]);
    return { code, result: JSON.parse(out) as Shown };
  };
  return {
    folder,
    issuer,
    issuerCa: authority.root,
    bao,
    mountId: `openbao/${new URL(bao.address).host}/auth/podtrust`,
    config,
    route,
    env,
    podtrust,
    json,
    async must(args, host = {}) {
      const { code, out, err } = await podtrust(args, host);
      assert.equal(code, 0, `${args.join(" ")}\n${out}${err}`);
      return out + err;
    },
    async planned(...args) {
      const { result } = await json(["plan", ...args]);
      return result.changes.filter(({ kind }) => kind !== "none").map(({ id, kind }) => `${kind} ${id}`);
    },
    async standing() {
      const { data } = await bao.admin("GET", "sys/auth");
      const mounts = Object.keys(data).filter((one) => one !== "token/");
      const roles = await Promise.all(
        mounts.map(async (mount) => {
          const found = await bao.admin("GET", `auth/${mount}role?list=true`);
          return ((found.data["keys"] ?? []) as readonly string[]).map((name) => `${mount}${name}`);
        }),
      );
      return [...mounts, ...roles.flat()].toSorted();
    },
    async reset() {
      await bao.admin("DELETE", "sys/auth/podtrust");
      bao.calls.splice(0);
      await config(webRole + jobsRole);
    },
    async change(path, body) {
      const { data } = await bao.admin("GET", `auth/podtrust/${path}`);
      const kept = Object.entries(data).filter(([, value]) => value !== null);
      const written = await bao.admin("POST", `auth/podtrust/${path}`, {
        ...Object.fromEntries(kept),
        ...body,
      });
      assert.ok(written.status < 300, `${path}: ${written.errors.join()}`);
    },
    async close() {
      await bao.close();
      await issuer.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
